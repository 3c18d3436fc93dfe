#include "transparency/entry_rules.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/status.h"
#include "transparency/signed_entry.h"

namespace mutual::transparency {
namespace {

struct ExpectedKey {
  std::string name;
  KeyType type;
};

// `line` is missing, or holds a key of that name and type.
absl::Status CheckKey(const Entry& entry, const char* line, const ExpectedKey& want) {
  if (!entry.Has(line)) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(const NoteVerifier key, entry.Key(line));
  if (key.name() == want.name && key.type() == want.type) return absl::OkStatus();
  return InvalidArgument("line %s holds a key named %s of type %d, want %s of type %d", line,
                         key.name(), static_cast<int>(key.type()), want.name,
                         static_cast<int>(want.type));
}

absl::Status CheckSubject(const Entry& entry) {
  const bool node = entry.Has("node"), researcher = entry.Has("researcher");
  if (node && researcher)
    return InvalidArgument("the entry names a node and a researcher, want one");
  if (!node && !researcher)
    return InvalidArgument("the entry names no node and no researcher, want one");
  return absl::OkStatus();
}

// A node's signature stands under the newest checkpoint it verified.
absl::Status RequireSeen(const Entry& entry) {
  if (entry.Has("seen")) return absl::OkStatus();
  return InvalidArgument(
      "the %s entry of a node has no line \"seen\"; add the checkpoint it verified", entry.type());
}

absl::Status CheckEnrolment(const Entry& entry) {
  MUTUAL_RETURN_IF_ERROR(CheckSubject(entry));
  if (entry.Has("researcher")) {
    MUTUAL_ASSIGN_OR_RETURN(const std::string researcher, entry.Text("researcher"));
    if (entry.Has("witness-key") || entry.Has("officer-key")) {
      return InvalidArgument("a researcher has no witness or officer key; leave those lines out");
    }
    return CheckKey(entry, "identity-key", {ResearcherKeyName(researcher), KeyType::kNote});
  }
  MUTUAL_ASSIGN_OR_RETURN(const std::string node, entry.Text("node"));
  MUTUAL_RETURN_IF_ERROR(CheckKey(entry, "identity-key", {NodeKeyName(node), KeyType::kNote}));
  MUTUAL_RETURN_IF_ERROR(
      CheckKey(entry, "witness-key", {"witness/" + node, KeyType::kCosignature}));
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<NoteVerifier> officers, entry.Keys("officer-key"));
  const std::string prefix = OfficerKeyName(node, "");
  for (const NoteVerifier& officer : officers) {
    if (officer.type() != KeyType::kNote || officer.name().size() <= prefix.size() ||
        officer.name().compare(0, prefix.size(), prefix) != 0) {
      return InvalidArgument("line officer-key holds a key named %s, want %sNAME of type 1",
                             officer.name(), prefix);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckRotation(const Entry& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const NoteVerifier old_key, entry.Key("old-key"));
  MUTUAL_ASSIGN_OR_RETURN(const NoteVerifier new_key, entry.Key("new-key"));
  if (old_key.key() == new_key.key())
    return InvalidArgument("the new key is the old key, want another");
  return CheckKey(entry, "new-key", {old_key.name(), old_key.type()});
}

// One step would be no mode of its own, and more than study files allow would only hide an epsilon
// that nobody can compute.
absl::Status CheckLocalSteps(const Entry& entry) {
  if (!entry.Has("local-steps")) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t steps, entry.Integer("local-steps"));
  if (steps >= 2 && steps <= 1000) return absl::OkStatus();
  return InvalidArgument("line local-steps is %d, want 2 to 1000", steps);
}

// Round 0 is a study that ends before its first round.
absl::Status CheckAbandon(const Entry& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t round, entry.Integer("round"));
  if ((round == 0) != entry.Has("round-start")) return absl::OkStatus();
  if (round == 0) {
    return InvalidArgument("an abandon of round 0 has a line round-start; leave it out");
  }
  return InvalidArgument("the abandon of a round has no line round-start; add it");
}

absl::Status CheckPolicy(const Entry& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const Policy policy, PolicyOf(entry));
  const bool lists_log =
      std::any_of(policy.logs().begin(), policy.logs().end(),
                  [&](const PolicyLog& log) { return log.key.name() == entry.log(); });
  if (!lists_log) return InvalidArgument("the policy does not list the log %s itself", entry.log());
  if (entry.type() != "genesis") return absl::OkStatus();
  MUTUAL_RETURN_IF_ERROR(CheckKey(entry, "log-key", {entry.log(), KeyType::kNote}));
  return CheckKey(entry, "coordinator-key", {std::string(kCoordinatorKeyName), KeyType::kNote});
}

}  // namespace

absl::StatusOr<Policy> PolicyOf(const Entry& entry) {
  std::string text;
  for (const std::string& line : entry.Texts("policy")) text += line + "\n";
  absl::StatusOr<Policy> policy = Policy::Parse(text);
  if (!policy.ok()) return Annotate(policy.status(), "policy of the " + entry.type() + " entry");
  return policy;
}

absl::Status CheckLinesTogether(const Entry& entry) {
  const std::string& type = entry.type();
  if (type == "enrol") return CheckEnrolment(entry);
  if (type == "revoke") return CheckSubject(entry);
  if (type == "genesis" || type == "policy") return CheckPolicy(entry);
  if (type == "abandon") return CheckAbandon(entry);
  MUTUAL_RETURN_IF_ERROR(CheckLocalSteps(entry));
  if (type == "software" || type == "key-rotation") {
    if (type == "key-rotation") MUTUAL_RETURN_IF_ERROR(CheckRotation(entry));
    if (!entry.Has("node")) return absl::OkStatus();
    if (entry.Has("researcher")) return CheckSubject(entry);
    return RequireSeen(entry);
  }
  if (entry.Has("body") && *entry.Text("body") == kOperatorBody) return RequireSeen(entry);
  return absl::OkStatus();
}

}  // namespace mutual::transparency
