#include "transparency/entry.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/status.h"
#include "transparency/entry_rules.h"

namespace mutual::transparency {
namespace {

constexpr std::string_view kMark = "/mutual/";

bool IsKey(std::string_view key) { return CheckValue(ValueKind::kWord, key).ok(); }

absl::StatusOr<EntryField> ParseLine(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsKey(line.substr(0, space))) {
    return InvalidArgument("found \"%s\", want a key of a-z, 0-9 and -, a space and a value",
                           line.substr(0, 80));
  }
  return EntryField{std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

// Applies `parse` to the values of `key`.
template <typename T, typename Parse>
absl::StatusOr<std::vector<T>> ParseAll(const std::vector<EntryField>& fields, std::string_view key,
                                        Parse parse) {
  std::vector<T> values;
  for (const EntryField& field : fields) {
    if (field.key != key) continue;
    absl::StatusOr<T> value = parse(field.value);
    if (!value.ok()) return Annotate(value.status(), "line " + field.key);
    values.push_back(*std::move(value));
  }
  return values;
}

template <typename T, typename Parse>
absl::StatusOr<T> ParseOnly(const std::vector<EntryField>& fields, std::string_view key,
                            Parse parse) {
  MUTUAL_ASSIGN_OR_RETURN(std::vector<T> values, ParseAll<T>(fields, key, parse));
  if (values.empty()) return NotFound("the entry has no line \"%s\"", key);
  if (values.size() > 1)
    return InvalidArgument("the entry has %d lines \"%s\", want one", values.size(), key);
  return std::move(values.front());
}

absl::StatusOr<std::string> Itself(const std::string& value) { return value; }

}  // namespace

absl::StatusOr<Entry> Entry::Parse(std::string_view text) {
  if (text.size() > kMaxEntryBytes) {
    return InvalidArgument("the entry has %d bytes, want at most %d", text.size(), kMaxEntryBytes);
  }
  MUTUAL_RETURN_IF_ERROR(CheckNoteText(text));
  Entry entry;
  entry.text_ = text;
  size_t number = 0;
  for (; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos)
      return InvalidArgument("the entry does not end in a newline");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    absl::Status status;
    if (number == 0) {
      status = entry.ReadTypeLine(line);
    } else if (number == 1) {
      status = entry.ReadLogLine(line);
    } else {
      absl::StatusOr<EntryField> field = ParseLine(line);
      status = field.ok() ? CheckValue(ValueKind::kText, field->value) : field.status();
      if (status.ok()) entry.fields_.push_back(*std::move(field));
    }
    if (!status.ok()) return Annotate(status, absl::StrFormat("line %d", number + 1));
  }
  if (number < 2)
    return InvalidArgument("the entry has %d lines, want a type, a log and more", number);
  if (entry.version_ == kEntryVersion) entry.definition_ = FindEntryType(entry.type_);
  if (entry.understood()) {
    MUTUAL_RETURN_IF_ERROR(entry.CheckFields());
    MUTUAL_RETURN_IF_ERROR(CheckLinesTogether(entry));
  }
  return entry;
}

absl::Status Entry::ReadTypeLine(std::string_view line) {
  const size_t mark = line.rfind(kMark), at = line.rfind("@v");
  if (mark == std::string_view::npos || at == std::string_view::npos || at < mark + kMark.size()) {
    return InvalidArgument("found \"%s\", want FEDERATION/mutual/TYPE@vVERSION",
                           line.substr(0, 80));
  }
  federation_ = line.substr(0, mark);
  MUTUAL_RETURN_IF_ERROR(CheckKeyName(federation_));
  MUTUAL_RETURN_IF_ERROR(CheckValue(ValueKind::kText, federation_));
  type_ = line.substr(mark + kMark.size(), at - mark - kMark.size());
  MUTUAL_RETURN_IF_ERROR(CheckValue(ValueKind::kWord, type_));
  MUTUAL_ASSIGN_OR_RETURN(version_, ParseUint64(line.substr(at + 2)));
  return absl::OkStatus();
}

absl::Status Entry::ReadLogLine(std::string_view line) {
  MUTUAL_ASSIGN_OR_RETURN(EntryField field, ParseLine(line));
  if (field.key != "log") return InvalidArgument("found the key \"%s\", want log", field.key);
  MUTUAL_RETURN_IF_ERROR(CheckValue(ValueKind::kOrigin, field.value));
  const size_t slash = field.value.rfind('/');
  if (slash == std::string::npos || field.value.substr(0, slash) != federation_ ||
      slash + 1 == field.value.size()) {
    return InvalidArgument("the log %s is not one of the federation %s, want %s/NAME", field.value,
                           federation_, federation_);
  }
  log_ = std::move(field.value);
  return absl::OkStatus();
}

absl::Status Entry::CheckFields() const {
  const std::vector<FieldType>& types = definition_->fields;
  size_t next = 0;         // every type before it is settled
  bool has_value = false;  // types[next] has one line or more
  const auto settle = [&](size_t upto) {
    for (; next < upto; ++next, has_value = false) {
      if (!has_value && types[next].required()) {
        return InvalidArgument("the %s entry has no line \"%s\" in its place", type_,
                               types[next].key);
      }
    }
    return absl::OkStatus();
  };
  for (const EntryField& field : fields_) {
    const int index = FieldIndex(*definition_, field.key);
    if (index < 0) return InvalidArgument("\"%s\" is no key of the type %s", field.key, type_);
    const auto at = static_cast<size_t>(index);
    if (at < next)
      return InvalidArgument("\"%s\" stands below \"%s\", want it above", field.key,
                             types[next].key);
    MUTUAL_RETURN_IF_ERROR(settle(at));
    if (has_value && !types[at].repeated())
      return InvalidArgument("\"%s\" stands twice, want one", field.key);
    const absl::Status status = CheckValue(types[at].kind, field.value);
    if (!status.ok()) return Annotate(status, "line " + field.key);
    has_value = true;
  }
  return settle(types.size());
}

bool Entry::Has(std::string_view key) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [&](const EntryField& f) { return f.key == key; });
}

absl::StatusOr<std::string> Entry::Text(std::string_view key) const {
  return ParseOnly<std::string>(fields_, key, Itself);
}
absl::StatusOr<uint64_t> Entry::Integer(std::string_view key) const {
  return ParseOnly<uint64_t>(fields_, key, ParseUint64);
}
absl::StatusOr<double> Entry::Real(std::string_view key) const {
  return ParseOnly<double>(fields_, key, ParseDouble);
}
absl::StatusOr<Digest> Entry::Hash(std::string_view key) const {
  return ParseOnly<Digest>(fields_, key, [](const std::string& value) {
    return value.find(':') == std::string::npos ? ParseHash(value) : ParseStudy(value);
  });
}
absl::StatusOr<absl::Time> Entry::Time(std::string_view key) const {
  return ParseOnly<absl::Time>(fields_, key, ParseTime);
}
absl::StatusOr<NoteVerifier> Entry::Key(std::string_view key) const {
  return ParseOnly<NoteVerifier>(fields_, key, NoteVerifier::FromVkey);
}
absl::StatusOr<TreeHead> Entry::Head(std::string_view key) const {
  return ParseOnly<TreeHead>(fields_, key, ParseHead);
}
std::vector<std::string> Entry::Texts(std::string_view key) const {
  std::vector<std::string> values;
  for (const EntryField& field : fields_) {
    if (field.key == key) values.push_back(field.value);
  }
  return values;
}
absl::StatusOr<std::vector<uint64_t>> Entry::Integers(std::string_view key) const {
  return ParseAll<uint64_t>(fields_, key, ParseUint64);
}
absl::StatusOr<std::vector<NoteVerifier>> Entry::Keys(std::string_view key) const {
  return ParseAll<NoteVerifier>(fields_, key, NoteVerifier::FromVkey);
}
absl::StatusOr<std::vector<ClassHash>> Entry::ClassHashes(std::string_view key) const {
  return ParseAll<ClassHash>(fields_, key, ParseClassHash);
}
absl::StatusOr<std::vector<SealedHash>> Entry::SealedHashes(std::string_view key) const {
  return ParseAll<SealedHash>(fields_, key, ParseSealedHash);
}

}  // namespace mutual::transparency
