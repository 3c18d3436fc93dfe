#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/promise.h"
#include "transparency/entry_bundle.h"

namespace mutual::transparency {
namespace {

// The first byte is the count asked for, less one.
void Check(std::string_view bytes) {
  if (bytes.empty()) return;
  const uint64_t count = static_cast<uint8_t>(bytes[0]) + 1u;
  bytes.remove_prefix(1);
  const absl::StatusOr<std::vector<std::string>> entries = ParseBundle(bytes, count);
  if (!entries.ok()) return;
  fuzz::Promise(entries->size() == count, "a bundle has as many entries as asked for");
  fuzz::Promise(*PrintBundle(*entries) == bytes, "a bundle prints as itself");
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
