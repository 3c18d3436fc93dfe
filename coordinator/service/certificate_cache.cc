#include "coordinator/service/certificate_cache.h"

#include "base/status.h"

namespace mutual::coordinator {
namespace {

constexpr size_t kMostKnown = 4096;  // far more than a federation has; then it begins anew

}  // namespace

absl::StatusOr<crypto::CertificateInfo> CertificateCache::Verify(const std::string& pem,
                                                                 absl::Time now) {
  {
    const absl::MutexLock lock(&mutex_);
    const auto found = known_.find(pem);
    if (found != known_.end() && now >= found->second.not_before &&
        now <= found->second.not_after) {
      return found->second;
    }
  }
  MUTUAL_RETURN_IF_ERROR(crypto::VerifyIssuedBy(pem, ca_pem_, now));
  MUTUAL_ASSIGN_OR_RETURN(crypto::CertificateInfo info, crypto::InspectCertificate(pem));
  const absl::MutexLock lock(&mutex_);
  if (known_.size() >= kMostKnown) known_.clear();
  known_[pem] = info;
  return info;
}

size_t CertificateCache::size() {
  const absl::MutexLock lock(&mutex_);
  return known_.size();
}

}  // namespace mutual::coordinator
