// One entry of the log: lines that a person can read, in one spelling only.
//
//   fed.example/mutual/contribution@v1
//   log fed.example/audit
//   <key> <value>                          in the order of entry_type.h
//
// The text of a signed note (signed_entry.h). Bytes: docs/LOG_FORMAT.md. Immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "transparency/entry_type.h"
#include "transparency/entry_value.h"
#include "transparency/note.h"

namespace mutual::transparency {

inline constexpr size_t kMaxEntryBytes = 65535;  // signatures included

struct EntryField {
  std::string key;
  std::string value;
  bool operator==(const EntryField&) const = default;
};

class Entry {
 public:
  // Parse(x).text() == x. INVALID_ARGUMENT naming the line: the grammar of every entry, and for a
  // type known here its keys, their order, presence and kinds. A type or version not known here
  // parses by the grammar alone and is not understood().
  static absl::StatusOr<Entry> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::string& federation() const {
    return federation_;
  }                                                // the log's name up to its last '/'
  const std::string& log() const { return log_; }  // origin
  const std::string& type() const { return type_; }
  uint64_t version() const { return version_; }
  const std::vector<EntryField>& fields() const { return fields_; }
  bool understood() const { return definition_ != nullptr; }
  const EntryType* definition() const { return definition_; }  // nullptr unless understood()

  bool Has(std::string_view key) const;
  // The value of a line that stands at most once: NOT_FOUND when it is missing, INVALID_ARGUMENT
  // when it stands twice or is of another kind.
  absl::StatusOr<std::string> Text(std::string_view key) const;
  absl::StatusOr<uint64_t> Integer(std::string_view key) const;
  absl::StatusOr<double> Real(std::string_view key) const;
  absl::StatusOr<Digest> Hash(std::string_view key) const;  // kHash or kStudy
  absl::StatusOr<absl::Time> Time(std::string_view key) const;
  absl::StatusOr<NoteVerifier> Key(std::string_view key) const;
  absl::StatusOr<TreeHead> Head(std::string_view key) const;
  // All values of a repeated line, in order, possibly none. INVALID_ARGUMENT on another kind.
  std::vector<std::string> Texts(std::string_view key) const;
  absl::StatusOr<std::vector<uint64_t>> Integers(std::string_view key) const;
  absl::StatusOr<std::vector<NoteVerifier>> Keys(std::string_view key) const;
  absl::StatusOr<std::vector<ClassHash>> ClassHashes(std::string_view key) const;
  absl::StatusOr<std::vector<SealedHash>> SealedHashes(std::string_view key) const;

 private:
  Entry() = default;
  absl::Status ReadTypeLine(std::string_view line);
  absl::Status ReadLogLine(std::string_view line);
  absl::Status CheckFields() const;

  std::string text_, federation_, log_, type_;
  uint64_t version_ = 0;
  std::vector<EntryField> fields_;
  const EntryType* definition_ = nullptr;
};

// Collects lines in any order and puts them into the type's.
class EntryWriter {
 public:
  // `log` is the origin of the log that will hold the entry.
  EntryWriter(std::string_view type, std::string_view log) : type_(type), log_(log) {}
  EntryWriter& Text(std::string_view key, std::string_view value);
  EntryWriter& Integer(std::string_view key, uint64_t value);
  EntryWriter& Real(std::string_view key, double value);
  EntryWriter& Hash(std::string_view key, const Digest& value);
  EntryWriter& Study(const Digest& study);  // the line "study"
  EntryWriter& Time(std::string_view key, absl::Time value);
  EntryWriter& Key(std::string_view key, const NoteVerifier& value);
  EntryWriter& Head(std::string_view key, const TreeHead& value);
  EntryWriter& Class(std::string_view key, const ClassHash& value);
  EntryWriter& Sealed(std::string_view key, const SealedHash& value);

  // INVALID_ARGUMENT as Entry::Parse, and on a type not known here.
  absl::StatusOr<Entry> Finish() const;

 private:
  std::string type_, log_;
  std::vector<EntryField> fields_;
};

}  // namespace mutual::transparency
