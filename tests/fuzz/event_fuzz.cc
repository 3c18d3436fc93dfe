#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "coordinator/round/key_exchange.h"
#include "coordinator/round/round_machine.h"
#include "tests/fuzz/promise.h"

namespace mutual {
namespace {

void Check(std::string_view bytes) {
  const auto round = coordinator::ParseEvent(bytes);
  if (round.ok()) fuzz::Promise(Serialize(*round) == bytes, "a round's event prints as itself");
  const auto mask = coordinator::ParseMaskEvent(bytes);
  if (mask.ok()) fuzz::Promise(Serialize(*mask) == bytes, "a window's event prints as itself");
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
