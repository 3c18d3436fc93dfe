// A complete entry of every type, made from the table itself.
#pragma once

#include <string>
#include <vector>

#include "tests/transparency/vector.h"
#include "transparency/entry.h"
#include "transparency/entry_type.h"
#include "transparency/signed_entry.h"

namespace mutual::transparency::testing {

inline std::string VkeyOf(const std::string& name, KeyType type) {
  return NoteVerifier::Create(name, type, KeyOf(name).verify_key())->ToVkey();
}

inline std::string SampleOf(ValueKind kind) {
  const std::string hash(64, 'a');
  switch (kind) {
    case ValueKind::kText:
      return "Lohn f\xc3\xbcr alle";
    case ValueKind::kWord:
      return "word-1";
    case ValueKind::kCode:
      return "TOO_FEW_CONTRIBUTIONS";
    case ValueKind::kName:
      return "north-07";
    case ValueKind::kOrigin:
      return "other.example/audit";
    case ValueKind::kInteger:
      return "12";
    case ValueKind::kReal:
      return "1e-06";
    case ValueKind::kHash:
      return hash;
    case ValueKind::kStudy:
      return "sha256:" + hash;
    case ValueKind::kTime:
      return "2026-11-23T10:31:07Z";
    case ValueKind::kKey:
      return std::string(kLogVkey);
    case ValueKind::kHead:
      return "3 OF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo=";
    case ValueKind::kClassHash:
      return "0 " + hash;
    case ValueKind::kSealedHash:
      return "0 south-02 " + hash;
  }
  return "";
}

// The values of one line: two where it may repeat.
inline std::vector<std::string> SamplesOf(const FieldType& field) {
  const std::string key = field.key;
  if (key == "policy") return {"log " + std::string(kLogVkey), "quorum none"};
  if (key == "coordinator-key") return {VkeyOf("coordinator", KeyType::kNote)};
  if (key == "identity-key") return {VkeyOf("node/north-07", KeyType::kNote)};
  if (key == "old-key") return {VkeyOf("node/north-07", KeyType::kNote)};
  if (key == "new-key") {
    return {
        NoteVerifier::Create("node/north-07", KeyType::kNote, KeyOf("new").verify_key())->ToVkey()};
  }
  if (key == "witness-key") return {VkeyOf("witness/north-07", KeyType::kCosignature)};
  if (key == "officer-key") {
    return {VkeyOf("officer/north-07/a", KeyType::kNote),
            VkeyOf("officer/north-07/b", KeyType::kNote)};
  }
  if (field.repeated()) return {SampleOf(field.kind), SampleOf(field.kind)};
  return {SampleOf(field.kind)};
}

// Every line of `type`, except `researcher` where the entry names a node instead.
inline std::vector<EntryField> SampleFields(const EntryType& type) {
  std::vector<EntryField> fields;
  for (const FieldType& field : type.fields) {
    const bool instead = std::string(field.key) == "researcher" && FieldIndex(type, "node") >= 0;
    if (instead) continue;
    for (const std::string& value : SamplesOf(field)) fields.push_back({field.key, value});
  }
  return fields;
}

inline std::string TextOf(const std::string& type, const std::vector<EntryField>& fields) {
  std::string text = "fed.example/mutual/" + type + "@v1\nlog fed.example/audit\n";
  for (const EntryField& field : fields) text += field.key + " " + field.value + "\n";
  return text;
}

}  // namespace mutual::transparency::testing
