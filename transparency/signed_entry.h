// An entry with its signatures: the bytes of one leaf of the log.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transparency/entry.h"
#include "transparency/note.h"

namespace mutual::transparency {

struct SignedEntry {
  Entry entry;
  Note note;  // note.text is entry.text()

  std::string ToBytes() const { return PrintNote(note); }
};

// ParseSignedEntry(x)->ToBytes() == x. INVALID_ARGUMENT on bytes that are no note or no entry, and
// over kMaxEntryBytes. Checks no signature.
absl::StatusOr<SignedEntry> ParseSignedEntry(std::string_view bytes);

// The entry signed by each of `signers`. INVALID_ARGUMENT without signers or over kMaxEntryBytes.
absl::StatusOr<SignedEntry> SignEntry(const Entry& entry,
                                      std::span<const NoteSigner* const> signers);

// The `body` of a decision that the node's operator took, without a vote.
inline constexpr std::string_view kOperatorBody = "operator";

// The key names that sign entries.
inline constexpr std::string_view kCoordinatorKeyName = "coordinator";
std::string NodeKeyName(std::string_view node);              // node/<node>
std::string ResearcherKeyName(std::string_view researcher);  // researcher/<researcher>
std::string OfficerKeyName(std::string_view node,
                           std::string_view officer);  // officer/<node>/<officer>

// Verifies that everyone who must sign an entry of its type did, by keys of `verifiers`, which are
// the keys enrolled when the entry was written. UNAUTHENTICATED on a bad signature by such a key or
// on none by any; PERMISSION_DENIED naming the signer that is missing; FAILED_PRECONDITION when the
// type is not understood here.
absl::Status CheckSigners(const SignedEntry& signed_entry, std::span<const NoteVerifier> verifiers);

}  // namespace mutual::transparency
