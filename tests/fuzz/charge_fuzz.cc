#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/ledger/charge_row.h"
#include "tests/fuzz/promise.h"

namespace mutual {
namespace {

void Check(std::string_view bytes) {
  const std::string hex(bytes);
  const auto curve = client::CurveFromHex(hex);
  if (!curve.ok()) return;
  fuzz::Promise(client::CurveToHex(*curve) == hex, "a charge is its row");
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
