#include "crypto/certificate.h"

#include "base/encoding.h"
#include "base/status.h"
#include "tests/catch.h"

namespace mutual::crypto {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);
const Validity kYear{kNow - absl::Hours(1), kNow + absl::Hours(24 * 365)};

CertificateAuthority MakeAuthority() { return *CertificateAuthority::Create("fed.example", kYear); }

std::string Issue(const CertificateAuthority& authority) {
  const Secret key = GenerateTlsKey();
  const auto request = MakeCertificateRequest(key, {"someone-else", "admin", "x"});
  return *authority.IssueClient(*request, {"north", "node", "fed.example"}, kYear);
}

}  // namespace

TEST_CASE("An issued certificate says who, and verifies until it expires", "[crypto]") {
  const CertificateAuthority authority = MakeAuthority();
  const std::string certificate = Issue(authority);
  const auto info = InspectCertificate(certificate);
  REQUIRE_OK(info);
  // The request's own claims are ignored.
  REQUIRE(info->subject == Subject{"north", "node", "fed.example"});
  REQUIRE_OK(VerifyIssuedBy(certificate, authority.certificate_pem(), kNow));
  REQUIRE(ErrorCode(VerifyIssuedBy(certificate, authority.certificate_pem(),
                                   kYear.until + absl::Seconds(1))) == "CERTIFICATE_EXPIRED");
  REQUIRE(ErrorCode(VerifyIssuedBy(certificate, authority.certificate_pem(),
                                   kYear.from - absl::Seconds(1))) ==
          "CERTIFICATE_NOT_YET_VALID");
}

TEST_CASE("A certificate of another authority, the authority's own, and none are unknown",
          "[crypto]") {
  const CertificateAuthority ours = MakeAuthority(), theirs = MakeAuthority();
  REQUIRE(ErrorCode(VerifyIssuedBy(Issue(theirs), ours.certificate_pem(), kNow)) ==
          "CERTIFICATE_UNKNOWN");
  REQUIRE(ErrorCode(VerifyIssuedBy(ours.certificate_pem(), ours.certificate_pem(), kNow)) ==
          "CERTIFICATE_UNKNOWN");
  REQUIRE(ErrorCode(VerifyIssuedBy("nonsense", ours.certificate_pem(), kNow)) ==
          "CERTIFICATE_UNKNOWN");
}

TEST_CASE("A request that its key did not sign is refused", "[crypto]") {
  const CertificateAuthority authority = MakeAuthority();
  std::string request = *MakeCertificateRequest(GenerateTlsKey(), {"north", "node", ""});
  const size_t middle = request.find("\n-----END") - 12;
  request[middle] = request[middle] == 'A' ? 'B' : 'A';
  REQUIRE_FALSE(authority.IssueClient(request, {"north", "node", "f"}, kYear).ok());
  REQUIRE_FALSE(authority.IssueClient("nonsense", {"north", "node", "f"}, kYear).ok());
}

TEST_CASE("An authority reloads from its files, and not with another's key", "[crypto]") {
  const CertificateAuthority authority = MakeAuthority(), other = MakeAuthority();
  REQUIRE_OK(CertificateAuthority::Load(authority.certificate_pem(), authority.key_pem()));
  REQUIRE_FALSE(CertificateAuthority::Load(authority.certificate_pem(), other.key_pem()).ok());
}

TEST_CASE("A server that cannot be reached is named with the next step", "[crypto]") {
  const auto refused = FetchPeerCertificates("127.0.0.1:1", absl::Seconds(1));
  REQUIRE(ErrorCode(refused.status()) == "COORDINATOR_UNREACHABLE");
  REQUIRE_THAT(std::string(refused.status().message()), ContainsSubstring("127.0.0.1:1"));
  REQUIRE_FALSE(FetchPeerCertificates("nonsense", absl::Seconds(1)).ok());
}

}  // namespace mutual::crypto
