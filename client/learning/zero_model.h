// A model of zeros that takes no memory.
#pragma once

#include <cstddef>
#include <span>

#include "absl/status/statusor.h"

namespace mutual::client {

// `size` zeros to read: their pages are the system's one page of zeros, whatever the size. Writing
// to them ends the program. Immutable, hence thread-safe.
class ZeroModel {
 public:
  // UNAVAILABLE when the system has no room in the address space.
  static absl::StatusOr<ZeroModel> Create(size_t size);
  ZeroModel(ZeroModel&& other) noexcept;
  ZeroModel& operator=(ZeroModel&&) = delete;
  ~ZeroModel();
  // Valid as long as this object.
  std::span<const float> values() const { return values_; }

 private:
  explicit ZeroModel(std::span<const float> values) : values_(values) {}
  std::span<const float> values_;
};

}  // namespace mutual::client
