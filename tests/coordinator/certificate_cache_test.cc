#include "coordinator/service/certificate_cache.h"

#include "base/status.h"
#include "tests/catch.h"

namespace mutual::coordinator {
namespace {

const crypto::Validity kValid{absl::FromUnixSeconds(1000), absl::FromUnixSeconds(2000)};

crypto::CertificateAuthority Authority() {
  return *crypto::CertificateAuthority::Create(
      "fed.example", {absl::FromUnixSeconds(1), absl::FromUnixSeconds(4000000000)});
}

std::string Issue(const crypto::CertificateAuthority& authority, const std::string& name) {
  const crypto::Subject subject{name, "node", "fed.example"};
  const auto request = *crypto::MakeCertificateRequest(crypto::GenerateTlsKey(), subject);
  return *authority.IssueClient(request, subject, kValid);
}

}  // namespace

TEST_CASE("A certificate is verified once, its days every time", "[tls]") {
  const auto authority = Authority();
  CertificateCache cache(authority.certificate_pem());
  const std::string pem = Issue(authority, "north");
  const absl::Time now = absl::FromUnixSeconds(1500);
  for (int i = 0; i < 2; ++i) {
    const auto info = cache.Verify(pem, now);
    REQUIRE_OK(info);
    CHECK(info->subject.organisation == "north");
    CHECK(cache.size() == 1);
  }
  CHECK(ErrorCode(cache.Verify(pem, absl::FromUnixSeconds(2001)).status()) ==
        "CERTIFICATE_EXPIRED");
  CHECK(ErrorCode(cache.Verify(pem, absl::FromUnixSeconds(999)).status()) ==
        "CERTIFICATE_NOT_YET_VALID");
}

TEST_CASE("⚔ A certificate of another authority, or none at all, is not remembered", "[tls]") {
  const auto authority = Authority();
  CertificateCache cache(authority.certificate_pem());
  const absl::Time now = absl::FromUnixSeconds(1500);
  const std::string own = Issue(authority, "north");
  for (const std::string& pem :
       {Issue(Authority(), "north"), authority.certificate_pem(), std::string("no certificate")}) {
    for (int i = 0; i < 2; ++i) {
      CHECK(ErrorCode(cache.Verify(pem, now).status()) == "CERTIFICATE_UNKNOWN");
    }
  }
  CHECK(cache.size() == 0);
  REQUIRE_OK(cache.Verify(own, now));
  CHECK(ErrorCode(cache.Verify(own.substr(1), now).status()) == "CERTIFICATE_UNKNOWN");
}

}  // namespace mutual::coordinator
