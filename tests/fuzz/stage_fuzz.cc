#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/digest.h"
#include "tests/fuzz/promise.h"
#include "transparency/stage.h"

namespace mutual::transparency {
namespace {

// With the digest that belongs under it, or no input would get past that.
void Check(std::string_view bytes) {
  std::string whole(bytes);
  whole += "sha256 " + crypto::Sha256(bytes).ToHex() + "\n";
  const absl::StatusOr<Stage> stage = ParseStage(whole);
  if (stage.ok()) fuzz::Promise(*PrintStage(*stage) == whole, "a stage prints as itself");
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
