#include "transparency/signed_entry.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/status.h"

namespace mutual::transparency {
namespace {

// Who signed, by key name and key: two names of one key are one officer.
struct Found {
  std::set<std::string> names;
  std::vector<NoteVerifier> keys;
};

absl::Status RequireName(const Found& found, const std::string& name) {
  if (found.names.count(name) > 0) return absl::OkStatus();
  return PermissionDenied("the entry is not signed by %s; have it signed with that key", name);
}

absl::Status RequireTwoOfficers(const Found& found, const std::string& node) {
  const std::string prefix = OfficerKeyName(node, "");
  std::set<std::string> keys;
  for (const NoteVerifier& key : found.keys) {
    if (key.name().size() > prefix.size() && key.name().compare(0, prefix.size(), prefix) == 0) {
      keys.insert(HexEncode(key.key().bytes()));
    }
  }
  if (keys.size() >= 2) return absl::OkStatus();
  return PermissionDenied("the entry is signed by %d officers of %s, want two", keys.size(), node);
}

// A new key of the same name must not vouch for itself. Witness keys sign checkpoints only.
absl::Status RequireOldKey(const Entry& entry, const Found& found) {
  MUTUAL_ASSIGN_OR_RETURN(const NoteVerifier old_key, entry.Key("old-key"));
  if (old_key.type() != KeyType::kNote) return absl::OkStatus();
  if (std::find(found.keys.begin(), found.keys.end(), old_key) != found.keys.end())
    return absl::OkStatus();
  return PermissionDenied(
      "the new key is not signed by the old key %s; if that is lost, revoke it instead",
      old_key.ToVkey());
}

absl::Status RequireSigner(const Entry& entry, Signer signer, const Found& found) {
  if (signer == Signer::kSubject) {
    signer = entry.Has("node")         ? Signer::kNode
             : entry.Has("researcher") ? Signer::kResearcher
                                       : Signer::kCoordinator;
  }
  if (signer == Signer::kCoordinator) return RequireName(found, std::string(kCoordinatorKeyName));
  if (signer == Signer::kResearcher) {
    MUTUAL_ASSIGN_OR_RETURN(const std::string researcher, entry.Text("researcher"));
    return RequireName(found, ResearcherKeyName(researcher));
  }
  MUTUAL_ASSIGN_OR_RETURN(const std::string node, entry.Text("node"));
  if (signer == Signer::kOrganisation) {
    MUTUAL_ASSIGN_OR_RETURN(const std::string body, entry.Text("body"));
    if (body != kOperatorBody) return RequireTwoOfficers(found, node);
  }
  return RequireName(found, NodeKeyName(node));
}

}  // namespace

absl::StatusOr<SignedEntry> ParseSignedEntry(std::string_view bytes) {
  if (bytes.size() > kMaxEntryBytes) {
    return InvalidArgument("the entry has %d bytes, want at most %d", bytes.size(), kMaxEntryBytes);
  }
  MUTUAL_ASSIGN_OR_RETURN(Note note, ParseNote(bytes));
  MUTUAL_ASSIGN_OR_RETURN(Entry entry, Entry::Parse(note.text));
  return SignedEntry{std::move(entry), std::move(note)};
}

absl::StatusOr<SignedEntry> SignEntry(const Entry& entry,
                                      std::span<const NoteSigner* const> signers) {
  Note note{entry.text(), {}};
  for (const NoteSigner* signer : signers) note.signatures.push_back(signer->Sign(entry.text()));
  return ParseSignedEntry(PrintNote(note));
}

std::string NodeKeyName(std::string_view node) { return "node/" + std::string(node); }
std::string ResearcherKeyName(std::string_view researcher) {
  return "researcher/" + std::string(researcher);
}
std::string OfficerKeyName(std::string_view node, std::string_view officer) {
  return "officer/" + std::string(node) + "/" + std::string(officer);
}

absl::Status CheckSigners(const SignedEntry& signed_entry,
                          std::span<const NoteVerifier> verifiers) {
  const Entry& entry = signed_entry.entry;
  if (!entry.understood()) {
    return FailedPrecondition("entries of the type %s@v%d are not understood by this version",
                              entry.type(), entry.version());
  }
  MUTUAL_ASSIGN_OR_RETURN(const Note verified, VerifyNote(signed_entry.note, verifiers));
  Found found;
  for (const NoteSignature& signature : verified.signatures) {
    found.names.insert(signature.name);
    found.keys.push_back(
        *std::find_if(verifiers.begin(), verifiers.end(),
                      [&](const NoteVerifier& key) { return key.Names(signature); }));
  }
  for (const Signer signer : entry.definition()->signers) {
    MUTUAL_RETURN_IF_ERROR(RequireSigner(entry, signer, found));
  }
  if (entry.type() == "key-rotation") return RequireOldKey(entry, found);
  return absl::OkStatus();
}

}  // namespace mutual::transparency
