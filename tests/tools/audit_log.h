// A synthetic federation's log for tests: honest unless a test changes a draft, an entry or a file.
//
// Drafts become entries when they are rendered: "@label" stands for the index of the draft of that
// label, "@seen" for the head of all entries before. So inserting a draft leaves the others true.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "tests/transparency/vector.h"
#include "tools/audit/rules.h"
#include "transparency/compact_range.h"
#include "transparency/cosignature.h"
#include "transparency/entry_bundle.h"
#include "transparency/signed_entry.h"
#include "transparency/tile.h"

namespace mutual::audit::testing {

using transparency::EntryField;
using transparency::KeyType;
using transparency::NoteSigner;
using transparency::NoteVerifier;
using transparency::testing::KeyOf;
using transparency::testing::kLogVkey;
using transparency::testing::kOrigin;

inline const std::vector<std::string> kNodes = {"east", "north", "south", "west"};

inline std::string Vkey(const std::string& name, KeyType type = KeyType::kNote) {
  return NoteVerifier::Create(name, type, KeyOf(name).verify_key())->ToVkey();
}
inline std::string HashText(const std::string& text) { return crypto::Sha256(text).ToHex(); }
inline std::string StudyText(const std::string& name) { return "sha256:" + HashText(name); }

// The policy that the log has after its founding, and that the auditor trusts: 3 of 4 witnesses.
inline std::vector<std::string> PolicyLines() {
  std::vector<std::string> lines = {"log " + std::string(kLogVkey)};
  std::string group = "group founders 3";
  for (const std::string& node : kNodes) {
    lines.push_back("witness " + node + " " + Vkey("witness/" + node, KeyType::kCosignature));
    group += " " + node;
  }
  lines.push_back(group);
  lines.push_back("quorum founders");
  return lines;
}
inline std::string PolicyText() {
  std::string text;
  for (const std::string& line : PolicyLines()) text += line + "\n";
  return text;
}

struct Draft {
  std::string label, type;
  std::vector<EntryField> fields;
  std::vector<std::string> signers;  // key names; their keys are KeyOf(name)
  std::string log = std::string(kOrigin);

  Draft& Set(const std::string& key, const std::string& value) {
    Erase(key);
    return Add(key, value);
  }
  Draft& Add(const std::string& key, const std::string& value) {
    fields.push_back({key, value});
    return *this;
  }
  Draft& Erase(const std::string& key) {
    fields.erase(std::remove_if(fields.begin(), fields.end(),
                                [&](const EntryField& field) { return field.key == key; }),
                 fields.end());
    return *this;
  }
};

using Drafts = std::vector<Draft>;
using Entries = std::vector<std::string>;
using Files = std::map<std::string, std::string>;

inline size_t IndexOf(const Drafts& drafts, const std::string& label) {
  for (size_t i = 0; i < drafts.size(); ++i) {
    if (drafts[i].label == label) return i;
  }
  return drafts.size();
}
inline Draft& At(Drafts& drafts, const std::string& label) {
  return drafts.at(IndexOf(drafts, label));
}
inline void InsertAfter(Drafts& drafts, const std::string& label, const Draft& draft) {
  drafts.insert(drafts.begin() + static_cast<long>(IndexOf(drafts, label)) + 1, draft);
}
inline void Drop(Drafts& drafts, const std::string& label) {
  drafts.erase(drafts.begin() + static_cast<long>(IndexOf(drafts, label)));
}
// A copy of a draft under another label.
inline Draft Copy(Drafts& drafts, const std::string& label, const std::string& as) {
  Draft draft = At(drafts, label);
  draft.label = as;
  return draft;
}

inline NoteSigner SignerOf(const std::string& name) {
  return *NoteSigner::Create(name, KeyOf(name));
}

// The note over any text, sensible or not.
inline std::string SignText(const std::string& text, const std::vector<std::string>& signers) {
  transparency::Note note{text, {}};
  for (const std::string& name : signers) note.signatures.push_back(SignerOf(name).Sign(text));
  return transparency::PrintNote(note);
}

inline std::string Resolve(const std::string& value, const std::map<std::string, size_t>& places,
                           const transparency::TreeHead& head) {
  if (value == "@seen") return transparency::PrintHead(head);
  if (value.empty() || value[0] != '@') return value;
  const auto found = places.find(value.substr(1));
  return std::to_string(found == places.end() ? 0 : found->second);
}

inline std::string TextOf(const Draft& draft, const std::map<std::string, size_t>& places,
                          const transparency::TreeHead& head) {
  std::vector<EntryField> fields = draft.fields;
  if (const auto* type = transparency::FindEntryType(draft.type)) {
    std::stable_sort(fields.begin(), fields.end(), [&](const EntryField& a, const EntryField& b) {
      return FieldIndex(*type, a.key) < FieldIndex(*type, b.key);
    });
  }
  const std::string federation = draft.log.substr(0, draft.log.rfind('/'));
  std::string text = federation + "/mutual/" + draft.type + "@v1\nlog " + draft.log + "\n";
  for (const EntryField& field : fields) {
    text += field.key + " " + Resolve(field.value, places, head) + "\n";
  }
  return text;
}

inline Entries Render(const Drafts& drafts) {
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < drafts.size(); ++i) places.emplace(drafts[i].label, i);
  Entries entries;
  transparency::CompactRange tree;
  for (const Draft& draft : drafts) {
    entries.push_back(SignText(TextOf(draft, places, tree.Head()), draft.signers));
    tree.Append(transparency::LeafHash(entries.back()));
  }
  return entries;
}

inline transparency::TreeHead HeadOf(const Entries& entries) {
  transparency::CompactRange tree;
  for (const std::string& entry : entries) tree.Append(transparency::LeafHash(entry));
  return tree.Head();
}

struct CheckpointShape {
  std::string origin = std::string(kOrigin);
  std::string log_key = "vector log";
  std::vector<std::string> witnesses = {"east", "north", "west"};
};

inline std::string SignedCheckpoint(const transparency::TreeHead& head,
                                    const CheckpointShape& shape = {}) {
  const transparency::Checkpoint checkpoint{shape.origin, head.size, head.root, ""};
  const NoteSigner log = *NoteSigner::Create(shape.origin, KeyOf(shape.log_key));
  std::string bytes = *transparency::SignCheckpoint(checkpoint, log);
  for (const std::string& node : shape.witnesses) {
    const auto witness =
        *transparency::CosignatureSigner::Create("witness/" + node, KeyOf("witness/" + node));
    bytes += transparency::PrintSignatureLine(*witness.Sign(checkpoint.ToText(), 1700000000));
  }
  return bytes;
}

// Every file of the log, and its checkpoint.
inline Files Serve(const Entries& entries, const CheckpointShape& shape = {}) {
  Files files;
  std::vector<std::vector<Digest>> levels(1);
  for (const std::string& entry : entries) levels[0].push_back(transparency::LeafHash(entry));
  while (levels.back().size() >= 256) {
    std::vector<Digest> above;
    const std::span<const Digest> below = levels.back();
    for (size_t at = 0; at + 256 <= below.size(); at += 256) {
      above.push_back(transparency::RootOf(below.subspan(at, 256)));
    }
    levels.push_back(std::move(above));
  }
  for (const transparency::Tile& tile : transparency::TilesOfSize(entries.size())) {
    const std::span<const Digest> level = levels.at(static_cast<size_t>(tile.level));
    files[TilePath(tile)] = transparency::PrintTile(level.subspan(tile.number * 256, tile.width));
  }
  for (const transparency::Tile& tile : transparency::BundlesOfSize(entries.size())) {
    files[TilePath(tile)] =
        *transparency::PrintBundle(std::span(entries).subspan(tile.number * 256, tile.width));
  }
  files["checkpoint"] = SignedCheckpoint(HeadOf(entries), shape);
  return files;
}

inline void WriteFiles(const Files& files, const std::filesystem::path& folder) {
  for (const auto& [path, bytes] : files) {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream(folder / path, std::ios::binary) << bytes;
  }
}

}  // namespace mutual::audit::testing
