#include "transparency/entry_value.h"

#include <algorithm>
#include <optional>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/nfc.h"
#include "base/status.h"
#include "base/utf8.h"
#include "transparency/checkpoint.h"
#include "transparency/note.h"

namespace mutual::transparency {
namespace {

constexpr std::string_view kStudyPrefix = "sha256:";

absl::Status Malformed(std::string_view value, const char* wanted) {
  return InvalidArgument("found \"%s\", want %s", value.substr(0, 80), wanted);
}

bool IsWord(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool IsCode(std::string_view value) {
  return value[0] != '_' && std::all_of(value.begin(), value.end(),
                                        [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

absl::Status CheckText(std::string_view value) {
  if (value.empty())
    return InvalidArgument("the value is empty; leave the line out or give a value");
  if (!IsNfc(value)) return InvalidArgument("the value is not UTF-8 in Unicode normal form C");
  if (value.find('\n') != std::string_view::npos) {
    return InvalidArgument("the value has a newline; a value is one line");
  }
  std::string_view rest = value;
  bool space = IsUnicodeSpace(NextCodePoint(rest).value_or(U' '));
  while (const std::optional<char32_t> c = NextCodePoint(rest)) {
    if (rest.empty()) space = space || IsUnicodeSpace(*c);
  }
  if (space) return InvalidArgument("the value begins or ends with white space; trim it");
  return absl::OkStatus();
}

// Cuts `value` at its first space; false when there is none.
bool Cut(std::string_view value, std::string_view* first, std::string_view* rest) {
  const size_t space = value.find(' ');
  if (space == std::string_view::npos) return false;
  *first = value.substr(0, space);
  *rest = value.substr(space + 1);
  return true;
}

}  // namespace

absl::StatusOr<Digest> ParseHash(std::string_view value) {
  const absl::StatusOr<Digest> hash = Digest::FromHex(std::string(value));
  if (!hash.ok()) return Malformed(value, "64 lowercase hex digits");
  return hash;
}

absl::StatusOr<Digest> ParseStudy(std::string_view value) {
  if (value.substr(0, kStudyPrefix.size()) != kStudyPrefix) {
    return Malformed(value, "sha256: and 64 lowercase hex digits");
  }
  return ParseHash(value.substr(kStudyPrefix.size()));
}

absl::StatusOr<absl::Time> ParseTime(std::string_view value) {
  absl::Time time;
  if (!ParseUtc(std::string(value), &time))
    return Malformed(value, "a time like 2026-11-23T10:31:07Z");
  return time;
}

absl::StatusOr<TreeHead> ParseHead(std::string_view value) {
  std::string_view size, root;
  if (!Cut(value, &size, &root)) return Malformed(value, "a size, a space and a root in base64");
  TreeHead head;
  MUTUAL_ASSIGN_OR_RETURN(head.size, ParseUint64(size));
  if (head.size > kMaxTreeSize) return Malformed(value, "a size below 2^63");
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, Base64Decode(root));
  if (bytes.size() != head.root.bytes.size()) return Malformed(value, "a root of 32 bytes");
  std::copy(bytes.begin(), bytes.end(), head.root.bytes.begin());
  return head;
}

absl::StatusOr<ClassHash> ParseClassHash(std::string_view value) {
  std::string_view number, hash;
  if (!Cut(value, &number, &hash)) return Malformed(value, "a mask class, a space and a hash");
  ClassHash parsed;
  MUTUAL_ASSIGN_OR_RETURN(parsed.mask_class, ParseUint64(number));
  MUTUAL_ASSIGN_OR_RETURN(parsed.hash, ParseHash(hash));
  return parsed;
}

absl::StatusOr<SealedHash> ParseSealedHash(std::string_view value) {
  std::string_view number, rest, holder, hash;
  if (!Cut(value, &number, &rest) || !Cut(rest, &holder, &hash)) {
    return Malformed(value, "a mask class, a holder's name and a hash");
  }
  SealedHash parsed;
  MUTUAL_ASSIGN_OR_RETURN(parsed.mask_class, ParseUint64(number));
  MUTUAL_ASSIGN_OR_RETURN(const NodeId name, NodeId::Parse(std::string(holder)));
  parsed.holder = name.name();
  MUTUAL_ASSIGN_OR_RETURN(parsed.hash, ParseHash(hash));
  return parsed;
}

std::string PrintStudy(const Digest& study) { return std::string(kStudyPrefix) + study.ToHex(); }
std::string PrintHead(const TreeHead& head) {
  return std::to_string(head.size) + " " + Base64Encode(head.root.bytes);
}
std::string PrintClassHash(const ClassHash& value) {
  return std::to_string(value.mask_class) + " " + value.hash.ToHex();
}
std::string PrintSealedHash(const SealedHash& value) {
  return std::to_string(value.mask_class) + " " + value.holder + " " + value.hash.ToHex();
}

absl::Status CheckValue(ValueKind kind, std::string_view value) {
  MUTUAL_RETURN_IF_ERROR(CheckText(value));
  switch (kind) {
    case ValueKind::kText:
      return absl::OkStatus();
    case ValueKind::kWord:
      return IsWord(value) ? absl::OkStatus() : Malformed(value, "a word of a-z, 0-9 and -");
    case ValueKind::kCode:
      return IsCode(value) ? absl::OkStatus() : Malformed(value, "a code of A-Z and _");
    case ValueKind::kName:
      return NodeId::Parse(std::string(value)).status();
    case ValueKind::kOrigin:
      return CheckKeyName(value);
    case ValueKind::kInteger:
      return ParseUint64(value).status();
    case ValueKind::kReal:
      return ParseDouble(value).status();
    case ValueKind::kHash:
      return ParseHash(value).status();
    case ValueKind::kStudy:
      return ParseStudy(value).status();
    case ValueKind::kTime:
      return ParseTime(value).status();
    case ValueKind::kKey:
      return NoteVerifier::FromVkey(value).status();
    case ValueKind::kHead:
      return ParseHead(value).status();
    case ValueKind::kClassHash:
      return ParseClassHash(value).status();
    case ValueKind::kSealedHash:
      return ParseSealedHash(value).status();
  }
  return Internal("a value kind without a rule");
}

const char* NameOf(ValueKind kind) {
  static constexpr const char* kNames[] = {"text",    "word", "code",       "name",       "origin",
                                           "integer", "real", "hash",       "study",      "time",
                                           "key",     "head", "class hash", "sealed hash"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace mutual::transparency
