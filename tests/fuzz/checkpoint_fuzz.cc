#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/promise.h"
#include "transparency/checkpoint.h"

namespace mutual::transparency {
namespace {

void Check(std::string_view bytes) {
  const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(bytes);
  if (checkpoint.ok())
    fuzz::Promise(checkpoint->ToText() == bytes, "a checkpoint prints as itself");
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
