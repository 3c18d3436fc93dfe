#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/promise.h"
#include "transparency/note.h"

namespace mutual::transparency {
namespace {

void Check(std::string_view bytes) {
  const absl::StatusOr<NoteVerifier> key = NoteVerifier::FromVkey(bytes);
  if (key.ok()) fuzz::Promise(key->ToVkey() == bytes, "a verifier key prints as itself");
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
