#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/certificate.h"
#include "tests/fuzz/promise.h"

namespace mutual {
namespace {

struct Authority {
  Authority() {
    const crypto::Validity always{absl::FromUnixSeconds(1), absl::FromUnixSeconds(4000000000)};
    ca = std::make_unique<crypto::CertificateAuthority>(
        *crypto::CertificateAuthority::Create("fed.example", always));
  }
  std::unique_ptr<crypto::CertificateAuthority> ca;
};

// What a stranger can send before anybody knows it: a request, and a client's certificate.
void Check(std::string_view bytes) {
  static const Authority kAuthority;
  const std::string pem(bytes);
  const crypto::Validity always{absl::FromUnixSeconds(1), absl::FromUnixSeconds(4000000000)};
  const auto issued = kAuthority.ca->IssueClient(pem, {"north", "node", "fed.example"}, always);
  if (issued.ok()) {
    const auto info = crypto::InspectCertificate(*issued);
    fuzz::Promise(info.ok() && info->subject.organisation == "north",
                  "a certificate has the subject that the authority gave it");
  }
  crypto::InspectCertificate(pem).status().IgnoreError();
  fuzz::Promise(!crypto::VerifyIssuedBy(pem, kAuthority.ca->certificate_pem(),
                                        absl::FromUnixSeconds(1700000000))
                     .ok(),
                "nobody else's certificate is the authority's");
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
