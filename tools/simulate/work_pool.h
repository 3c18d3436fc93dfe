// The same for many, on several threads at once.
#pragma once

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace mutual::simulate {

// Calls `work` with 0 to count − 1, up to `threads` at once, and returns when all are done: OK, or
// the error with the smallest number. After an error no further ones begin.
absl::Status ForEach(size_t count, size_t threads, const std::function<absl::Status(size_t)>& work);

}  // namespace mutual::simulate
