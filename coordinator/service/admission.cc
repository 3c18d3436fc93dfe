#include "coordinator/service/admission.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/encoding.h"
#include "base/status.h"

namespace mutual::coordinator {
namespace {

using transparency::Entry;
using transparency::EntryWriter;
using transparency::KeyType;
using transparency::NoteVerifier;
using transparency::SignedEntry;

absl::Status Bad(const std::string& why) {
  return WithCode(PermissionDenied("the enrol entry is refused: %s", why), "BAD_STATEMENT");
}

std::string BytesOf(const NoteVerifier& verifier) { return std::string(AsText(verifier.key().bytes())); }

// What an enrol entry says, checked against itself: names, kinds of keys, its own signature.
absl::StatusOr<Newcomer> ReadEnrol(const SignedEntry& entry, const std::string& origin) {
  if (entry.entry.type() != "enrol" || entry.entry.log() != origin) {
    return Bad("it is no enrol entry for the log " + origin);
  }
  Newcomer newcomer;
  MUTUAL_ASSIGN_OR_RETURN(newcomer.role, entry.entry.Text("role"));
  const bool is_node = newcomer.role == "node";
  if (!is_node && newcomer.role != "researcher") return Bad("its role is neither node nor researcher");
  MUTUAL_ASSIGN_OR_RETURN(newcomer.organisation, entry.entry.Text(newcomer.role));
  MUTUAL_ASSIGN_OR_RETURN(const NoteVerifier identity, entry.entry.Key("identity-key"));
  const std::string name = is_node ? transparency::NodeKeyName(newcomer.organisation)
                                   : transparency::ResearcherKeyName(newcomer.organisation);
  if (identity.name() != name || identity.type() != KeyType::kNote) {
    return Bad("its identity key is not called " + name);
  }
  newcomer.identity_key = BytesOf(identity);
  newcomer.witness_key = newcomer.identity_key;
  if (is_node) {
    MUTUAL_ASSIGN_OR_RETURN(const NoteVerifier witness, entry.entry.Key("witness-key"));
    newcomer.witness_key = BytesOf(witness);
    if (witness.type() != KeyType::kCosignature || newcomer.witness_key == newcomer.identity_key) {
      return Bad("its witness key is not a cosigning key of its own");
    }
  }
  const std::vector<NoteVerifier> keys = {identity};
  MUTUAL_RETURN_IF_ERROR(transparency::VerifyNote(entry.note, keys).status());
  return newcomer;
}

}  // namespace

absl::StatusOr<std::string> Admission::Join(const JoinRequest& request) {
  MUTUAL_ASSIGN_OR_RETURN(const SignedEntry entry, transparency::ParseSignedEntry(request.entry));
  MUTUAL_ASSIGN_OR_RETURN(Newcomer newcomer, ReadEnrol(entry, parts_.log->origin()));
  newcomer.secret = request.secret;
  newcomer.certificate_request = request.certificate_request;
  MUTUAL_RETURN_IF_ERROR(
      parts_.state->CheckNewcomer(*parts_.journal, newcomer, parts_.clock->Now()));
  return Enrol(newcomer, entry);
}

absl::StatusOr<std::string> Admission::Enrol(const Newcomer& newcomer, const SignedEntry& entry) {
  SignedEntry complete = entry;
  if (newcomer.role == "node" && parts_.log->has_quorum_rule()) {
    MUTUAL_RETURN_IF_ERROR(CheckEndorsed(newcomer, &complete));
  }
  MUTUAL_ASSIGN_OR_RETURN(const SignedEntry signed_entry, parts_.log->Sign(complete.entry));
  complete.note.signatures.insert(complete.note.signatures.begin(),
                                  signed_entry.note.signatures.begin(),
                                  signed_entry.note.signatures.end());
  MUTUAL_ASSIGN_OR_RETURN(const LoggedEntry logged, parts_.log->Append(complete));
  // Somebody of that name may stand in the log already, after a crash the newcomer itself.
  MUTUAL_ASSIGN_OR_RETURN(const SignedEntry first, transparency::ParseSignedEntry(logged.bytes));
  MUTUAL_ASSIGN_OR_RETURN(const NoteVerifier first_key, first.entry.Key("identity-key"));
  if (BytesOf(first_key) != newcomer.identity_key) {
    return WithCode(AlreadyExists("an organisation called %s is enrolled already; choose another name",
                                  newcomer.organisation),
                    "NAME_TAKEN");
  }
  {
    const absl::MutexLock lock(&mutex_);
    waiting_.erase(newcomer.organisation);
  }
  return parts_.state->Enrol(*parts_.journal, newcomer, parts_.clock->Now());
}

// Adds the endorsements that were given, or says how many are missing.
absl::Status Admission::CheckEndorsed(const Newcomer& newcomer, SignedEntry* entry) {
  size_t k = 0;
  const transparency::Policy policy = parts_.log->policy();
  for (const transparency::PolicyGroup& group : policy.groups()) k = group.threshold;
  const absl::MutexLock lock(&mutex_);
  auto found = waiting_.find(newcomer.organisation);
  if (found == waiting_.end() || found->second.entry.text() != entry->entry.text()) {
    found = waiting_.insert_or_assign(newcomer.organisation, *entry).first;
  }
  *entry = found->second;
  const size_t given = entry->note.signatures.size() - 1;
  if (given >= k) return absl::OkStatus();
  return WithCode(
      FailedPrecondition("%d of the %d organisations that must endorse a newcomer have done so. Tell "
                         "them your key's first digits, let each run: mutual-node endorse %s, then "
                         "join again",
                         given, k, newcomer.organisation),
      "ENDORSEMENT_NEEDED");
}

std::vector<std::string> Admission::Newcomers() {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::string> entries;
  for (const auto& [name, entry] : waiting_) entries.push_back(entry.ToBytes());
  return entries;
}

absl::Status Admission::Endorse(const std::string& organisation, const crypto::VerifyKey& identity,
                                const std::string& bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const SignedEntry entry, transparency::ParseSignedEntry(bytes));
  MUTUAL_ASSIGN_OR_RETURN(
      const NoteVerifier key,
      NoteVerifier::Create(transparency::NodeKeyName(organisation), KeyType::kNote, identity));
  const std::vector<NoteVerifier> keys = {key};
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Note own, transparency::VerifyNote(entry.note, keys));
  const absl::MutexLock lock(&mutex_);
  for (auto& [name, waiting] : waiting_) {
    if (waiting.entry.text() != entry.entry.text()) continue;
    auto& signatures = waiting.note.signatures;
    if (std::find(signatures.begin(), signatures.end(), own.signatures[0]) == signatures.end()) {
      signatures.push_back(own.signatures[0]);
    }
    return absl::OkStatus();
  }
  return NotFound("nobody waits with that entry; list newcomers again");
}

absl::Status Admission::Found(uint64_t liars) {
  if (parts_.log->has_quorum_rule()) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<Organisation> all, parts_.journal->Organisations());
  std::vector<std::string> lines, names;
  const transparency::Policy policy = parts_.log->policy();
  for (const transparency::PolicyLog& log : policy.logs()) {
    lines.push_back("log " + log.key.ToVkey());
  }
  for (const Organisation& organisation : all) {
    if (organisation.role != "node" || !organisation.revoked_at.empty()) continue;
    MUTUAL_ASSIGN_OR_RETURN(const std::string key, HexDecode(organisation.witness_key));
    MUTUAL_ASSIGN_OR_RETURN(const crypto::VerifyKey verify,
                            crypto::VerifyKey::FromBytes(AsBytes(key)));
    MUTUAL_ASSIGN_OR_RETURN(
        const NoteVerifier witness,
        NoteVerifier::Create("witness/" + organisation.name, KeyType::kCosignature,
                             verify));
    lines.push_back("witness " + organisation.name + " " + witness.ToVkey());
    names.push_back(organisation.name);
  }
  if (names.size() < 2) {
    return WithCode(FailedPrecondition("%d organisations are enrolled, want at least 2 before the "
                                       "first study: they become the log's witnesses",
                                       names.size()),
                    "TOO_FEW_ORGANISATIONS");
  }
  // One dishonest witness up to six, two from seven on (LOG_FORMAT section 1): 2k − n > f.
  const uint64_t dishonest = std::max<uint64_t>(liars, names.size() >= 7 ? 2 : 1);
  const uint64_t k = (names.size() + dishonest) / 2 + 1;
  MUTUAL_RETURN_IF_ERROR(transparency::CheckQuorumBound({k, names.size(), dishonest}));
  lines.push_back(absl::StrFormat("group founders %d %s", k, absl::StrJoin(names, " ")));
  lines.push_back("quorum founders");
  EntryWriter writer("policy", parts_.log->origin());
  for (const std::string& line : lines) writer.Text("policy", line);
  writer.Integer("dishonest", dishonest)
      .Integer("admission-quorum", k)
      .Text("reason", "the founding organisations become witnesses");
  for (const std::string& node : parts_.state->operator_nodes()) writer.Text("operator-node", node);
  writer
      .Time("time", parts_.clock->Now());
  MUTUAL_ASSIGN_OR_RETURN(const Entry entry, writer.Finish());
  MUTUAL_ASSIGN_OR_RETURN(const SignedEntry signed_entry, parts_.log->Sign(entry));
  return parts_.log->Append(signed_entry).status();
}

absl::Status Admission::LogRevocations() {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<Organisation> all, parts_.journal->Organisations());
  for (const Organisation& organisation : all) {
    if (organisation.revoked_at.empty()) continue;
    EntryWriter writer("revoke", parts_.log->origin());
    writer.Text(organisation.role, organisation.name)
        .Text("code", "REVOKED_BY_OPERATOR")
        .Time("time", parts_.clock->Now());
    MUTUAL_ASSIGN_OR_RETURN(const Entry entry, writer.Finish());
    if (parts_.log->Has(entry)) continue;
    MUTUAL_ASSIGN_OR_RETURN(const SignedEntry signed_entry, parts_.log->Sign(entry));
    MUTUAL_RETURN_IF_ERROR(parts_.log->Append(signed_entry).status());
  }
  return absl::OkStatus();
}

}  // namespace mutual::coordinator
