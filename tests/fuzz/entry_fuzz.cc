#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/promise.h"
#include "transparency/entry.h"
#include "transparency/mask_terms.h"
#include "transparency/signed_entry.h"
#include "transparency/study_terms.h"

namespace mutual::transparency {
namespace {

// An entry that is understood is what its writer makes of its own lines.
void CheckEntry(const Entry& entry) {
  if (!entry.understood()) return;
  const auto terms = StudyTerms::Of(entry);
  if (terms.ok()) fuzz::Promise(entry.Has("recipe"), "terms are those of a recipe");
  MaskTerms::Of(entry).status().IgnoreError();
  EntryWriter writer(entry.type(), entry.log());
  for (const EntryField& field : entry.fields()) writer.Text(field.key, field.value);
  const absl::StatusOr<Entry> written = writer.Finish();
  fuzz::Promise(written.ok() && written->text() == entry.text(),
                "an entry is written as it was read");
}

void Check(std::string_view bytes) {
  const absl::StatusOr<SignedEntry> signed_entry = ParseSignedEntry(bytes);
  if (signed_entry.ok()) {
    fuzz::Promise(signed_entry->ToBytes() == bytes, "a signed entry prints as itself");
    CheckEntry(signed_entry->entry);
  }
  const absl::StatusOr<Entry> entry = Entry::Parse(bytes);
  if (!entry.ok()) return;
  fuzz::Promise(entry->text() == bytes, "an entry's text is its bytes");
  CheckEntry(*entry);
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
