// TLS identities: P-256 keys, certificate requests, and the federation's own CA.
//
// Certificates are ECDSA P-256 with SHA-256. The subject says who: CN = organisation,
// OU = role ("node", "researcher", "coordinator"), O = federation name. Everything is PEM.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "crypto/secret.h"

namespace mutual::crypto {

// A P-256 private key in PKCS#8 PEM.
Secret GenerateTlsKey();

struct Subject {
  std::string organisation;
  std::string role;
  std::string federation;
  bool operator==(const Subject&) const = default;
};

// PKCS#10 request signed by `key_pem`. INVALID_ARGUMENT when the key does not parse.
absl::StatusOr<std::string> MakeCertificateRequest(const Secret& key_pem, const Subject& subject);

struct CertificateInfo {
  Subject subject;
  std::string serial_hex;
  Digest fingerprint;  // SHA-256 of the DER
  absl::Time not_before;
  absl::Time not_after;
};
absl::StatusOr<CertificateInfo> InspectCertificate(const std::string& certificate_pem);

// SHA-256 of the DER of the first certificate in `pem`.
absl::StatusOr<Digest> CertificateFingerprint(const std::string& pem);

struct Validity {
  absl::Time from;
  absl::Time until;
};

// The federation's CA. Immutable after creation; safe to share between threads.
class CertificateAuthority {
 public:
  static absl::StatusOr<CertificateAuthority> Create(const std::string& federation,
                                                     const Validity& validity);
  static absl::StatusOr<CertificateAuthority> Load(const std::string& certificate_pem,
                                                   const Secret& key_pem);
  const std::string& certificate_pem() const { return certificate_pem_; }
  const Secret& key_pem() const { return key_pem_; }

  // A client certificate for the key in `request_pem`, with `subject` (the request's own
  // subject is ignored). INVALID_ARGUMENT when the request's signature does not verify or
  // its key is not P-256.
  absl::StatusOr<std::string> IssueClient(const std::string& request_pem, const Subject& subject,
                                          const Validity& validity) const;
  // A server certificate with these DNS names and IP addresses as subjectAltName.
  absl::StatusOr<std::string> IssueServer(const std::string& request_pem, const Subject& subject,
                                          const std::vector<std::string>& hosts,
                                          const Validity& validity) const;

 private:
  CertificateAuthority(std::string certificate_pem, Secret key_pem)
      : certificate_pem_(std::move(certificate_pem)), key_pem_(std::move(key_pem)) {}
  std::string certificate_pem_;
  Secret key_pem_;
};

// OK when `certificate_pem` was signed by `ca_pem`, is valid at `now` and is not the CA
// itself. Otherwise UNAUTHENTICATED with code CERTIFICATE_UNKNOWN (another issuer),
// CERTIFICATE_EXPIRED or CERTIFICATE_NOT_YET_VALID and a sentence that says what to do.
absl::Status VerifyIssuedBy(const std::string& certificate_pem, const std::string& ca_pem,
                            absl::Time now);

// Connects to `address` (host:port) with TLS 1.3 (ALPN h2), does not trust anything, and
// returns the certificates the server sent, leaf first, as PEM. For `join`, which compares
// the CA's fingerprint with the invitation. UNAVAILABLE when the connection fails.
absl::StatusOr<std::vector<std::string>> FetchPeerCertificates(const std::string& address,
                                                               absl::Duration timeout);

}  // namespace mutual::crypto
