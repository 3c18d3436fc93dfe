// Client certificates that were verified before, because every call presents one and verifying it
// costs more than most calls.
#pragma once

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "crypto/certificate.h"

namespace mutual::coordinator {

// Holds only certificates that the federation's own authority issued. Thread-safe.
class CertificateCache {
 public:
  // `ca_pem`: the authority's certificate.
  explicit CertificateCache(std::string ca_pem) : ca_pem_(std::move(ca_pem)) {}

  // What the certificate says, if it is the authority's and valid at `now`, which is looked at
  // every time. Errors as of crypto::VerifyIssuedBy.
  absl::StatusOr<crypto::CertificateInfo> Verify(const std::string& pem, absl::Time now);
  size_t size();

 private:
  const std::string ca_pem_;
  absl::Mutex mutex_;
  std::map<std::string, crypto::CertificateInfo> known_ ABSL_GUARDED_BY(mutex_);  // by their PEM
};

}  // namespace mutual::coordinator
