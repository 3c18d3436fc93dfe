#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/promise.h"
#include "tests/transparency/vector.h"
#include "transparency/note.h"

namespace mutual::transparency {
namespace {

void Check(std::string_view bytes) {
  const absl::StatusOr<Note> note = ParseNote(bytes);
  if (note.ok()) {
    fuzz::Promise(PrintNote(*note) == bytes, "a note prints as itself");
    fuzz::Promise(*ParseNote(PrintNote(*note)) == *note, "a printed note reads as itself");
  }
  const NoteVerifier keys[] = {testing::LogVerifier(), testing::WitnessVerifier()};
  const absl::StatusOr<Note> opened = OpenNote(bytes, keys);
  // Nobody signed anything but the published vector.
  fuzz::Promise(!opened.ok() || opened->text == testing::kCheckpointText, "no forgery");
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
