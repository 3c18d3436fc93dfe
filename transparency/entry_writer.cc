#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/status.h"
#include "transparency/entry.h"

namespace mutual::transparency {

EntryWriter& EntryWriter::Text(std::string_view key, std::string_view value) {
  fields_.push_back({std::string(key), std::string(value)});
  return *this;
}
EntryWriter& EntryWriter::Integer(std::string_view key, uint64_t value) {
  return Text(key, std::to_string(value));
}
EntryWriter& EntryWriter::Real(std::string_view key, double value) {
  return Text(key, FormatDouble(value));
}
EntryWriter& EntryWriter::Hash(std::string_view key, const Digest& value) {
  return Text(key, value.ToHex());
}
EntryWriter& EntryWriter::Study(const Digest& study) { return Text("study", PrintStudy(study)); }
EntryWriter& EntryWriter::Time(std::string_view key, absl::Time value) {
  return Text(key, FormatUtc(value));
}
EntryWriter& EntryWriter::Key(std::string_view key, const NoteVerifier& value) {
  return Text(key, value.ToVkey());
}
EntryWriter& EntryWriter::Head(std::string_view key, const TreeHead& value) {
  return Text(key, PrintHead(value));
}
EntryWriter& EntryWriter::Class(std::string_view key, const ClassHash& value) {
  return Text(key, PrintClassHash(value));
}
EntryWriter& EntryWriter::Sealed(std::string_view key, const SealedHash& value) {
  return Text(key, PrintSealedHash(value));
}

absl::StatusOr<Entry> EntryWriter::Finish() const {
  const EntryType* type = FindEntryType(type_);
  if (type == nullptr) return InvalidArgument("\"%s\" is no type of entry known here", type_);
  std::vector<EntryField> fields = fields_;
  std::stable_sort(fields.begin(), fields.end(), [&](const EntryField& a, const EntryField& b) {
    return FieldIndex(*type, a.key) < FieldIndex(*type, b.key);
  });
  std::string text = log_.substr(0, std::min(log_.rfind('/'), log_.size())) + "/mutual/" + type_ +
                     "@v" + std::to_string(kEntryVersion) + "\nlog " + log_ + "\n";
  for (const EntryField& field : fields) {
    const absl::Status status = CheckValue(ValueKind::kText, field.value);  // no newline, above all
    if (!status.ok()) return Annotate(status, "line " + field.key);
    text += field.key + " " + field.value + "\n";
  }
  return Entry::Parse(text);
}

}  // namespace mutual::transparency
