#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "study/result.h"
#include "tests/fuzz/promise.h"

namespace mutual {
namespace {

void Check(std::string_view bytes) {
  const auto result = study::ResultFromJson(bytes);
  if (!result.ok()) return;
  const std::string json = study::ToJson(*result);
  const auto again = study::ResultFromJson(json);
  fuzz::Promise(again.ok() && study::ToJson(*again) == json, "a printed result reads as itself");
  study::ToText(*result);
  study::ToCsv(*result);
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
