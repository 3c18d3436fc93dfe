#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/nfc.h"
#include "base/utf8.h"
#include "tests/fuzz/promise.h"

namespace mutual::transparency {
namespace {

void Check(std::string_view bytes) {
  const bool nfc = IsNfc(bytes);
  fuzz::Promise(!nfc || IsUtf8(bytes), "text in NFC is UTF-8");
  // A copy of a text in NFC behind a newline, which composes with nothing, is in NFC.
  const std::string twice = std::string(bytes) + "\n" + std::string(bytes);
  fuzz::Promise(IsNfc(twice) == nfc, "NFC is decided line by line");
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
