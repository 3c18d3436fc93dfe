#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aggregation/optimizer/optimizer.h"
#include "tests/fuzz/promise.h"

namespace mutual {
namespace {

void Check(std::string_view bytes) {
  const auto state = aggregation::Parse(bytes);
  if (!state.ok()) return;
  fuzz::Promise(aggregation::Serialize(*state) == bytes, "an optimizer's state is its bytes");
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
