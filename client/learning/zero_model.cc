#include "client/learning/zero_model.h"

#include <sys/mman.h>

#include <utility>

#include "base/status.h"

namespace mutual::client {

absl::StatusOr<ZeroModel> ZeroModel::Create(size_t size) {
  if (size == 0) return ZeroModel({});
  void* const pages =
      ::mmap(nullptr, size * sizeof(float), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    return Unavailable(
        "no address space for %u parameters; raise the limit on this program's memory or train a "
        "smaller model",
        size);
  }
  return ZeroModel({static_cast<const float*>(pages), size});
}

ZeroModel::ZeroModel(ZeroModel&& other) noexcept : values_(std::exchange(other.values_, {})) {}

ZeroModel::~ZeroModel() {
  if (!values_.empty()) ::munmap(const_cast<float*>(values_.data()), values_.size_bytes());
}

}  // namespace mutual::client
