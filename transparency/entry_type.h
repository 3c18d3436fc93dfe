// What each type of entry says: its keys in order, their kinds, and who signs it.
//
// One table for the parser, the writer, the auditor and docs/LOG_FORMAT.md. Every type is
// version 1.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "transparency/entry_value.h"

namespace mutual::transparency {

enum class Presence {
  kOne,    // exactly once
  kMaybe,  // at most once
  kSome,   // once or more
  kAny,    // any number
};

struct FieldType {
  const char* key;
  ValueKind kind;
  Presence presence;
  bool required() const { return presence == Presence::kOne || presence == Presence::kSome; }
  bool repeated() const { return presence == Presence::kSome || presence == Presence::kAny; }
};

// Whose signature an entry must carry, by key name.
enum class Signer {
  kCoordinator,  // "coordinator"
  kNode,         // "node/<node>", node being the entry's own line
  kResearcher,   // "researcher/<researcher>"
  kSubject,  // kNode when the entry names a node, kResearcher when a researcher, else kCoordinator
  kOrganisation,  // two of "officer/<node>/<officer>"; kNode when `body` is "operator"
};

struct EntryType {
  const char* name;
  std::vector<Signer> signers;    // all of them
  std::vector<FieldType> fields;  // after the lines of type and log, in this order
};

inline constexpr uint64_t kEntryVersion = 1;

std::span<const EntryType> EntryTypes();
// nullptr when there is no such type.
const EntryType* FindEntryType(std::string_view name);
// The index of `key` in `type.fields`, or -1.
int FieldIndex(const EntryType& type, std::string_view key);

}  // namespace mutual::transparency
