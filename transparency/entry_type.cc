#include "transparency/entry_type.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace mutual::transparency {
namespace {

using enum ValueKind;

constexpr FieldType One(const char* key, ValueKind kind) { return {key, kind, Presence::kOne}; }
constexpr FieldType Maybe(const char* key, ValueKind kind) { return {key, kind, Presence::kMaybe}; }
constexpr FieldType Some(const char* key, ValueKind kind) { return {key, kind, Presence::kSome}; }
constexpr FieldType Any(const char* key, ValueKind kind) { return {key, kind, Presence::kAny}; }

constexpr FieldType kSeen = One("seen", kHead);  // the newest checkpoint that the node verified
constexpr FieldType kStudyLine = One("study", kStudy);
constexpr FieldType kRound = One("round", kInteger);
constexpr FieldType kNode = One("node", kName);
constexpr FieldType kSigned = One("time", kTime);  // the signer's claim

// `before`, what proposals, rounds and releases say of a study's mechanism, `after`.
std::vector<FieldType> WithMechanism(std::vector<FieldType> before,
                                     const std::vector<FieldType>& after) {
  const FieldType kMechanism[] = {One("recipe", kWord),
                                  One("vector-len", kInteger),
                                  One("rounds", kInteger),
                                  Maybe("local-steps", kInteger),
                                  One("noise-multiplier", kReal),
                                  One("sampling-rate", kReal),
                                  One("delta", kReal),
                                  One("clip", kReal)};
  before.insert(before.end(), std::begin(kMechanism), std::end(kMechanism));
  before.insert(before.end(), after.begin(), after.end());
  return before;
}

// The federation and its members.

EntryType Genesis() {
  return {"genesis",
          {Signer::kCoordinator},
          {One("title", kText), One("spec", kWord), One("rules", kHash),
           One("coordinator-key", kKey), One("log-key", kKey), Some("policy", kText),
           One("dishonest", kInteger), One("admission-quorum", kInteger), Any("founder", kName),
           Any("operator-node", kName), kSigned}};
}
EntryType PolicyChange() {
  return {"policy",
          {Signer::kCoordinator},
          {Some("policy", kText), One("dishonest", kInteger), One("admission-quorum", kInteger),
           Any("operator-node", kName), Maybe("reason", kText), kSigned}};
}
EntryType Enrol() {
  return {"enrol",
          {Signer::kCoordinator, Signer::kSubject},
          {Maybe("seen", kHead), Maybe("node", kName), Maybe("researcher", kName),
           One("role", kWord), One("identity-key", kKey), Maybe("witness-key", kKey),
           Any("officer-key", kKey), Maybe("certificate", kHash), kSigned}};
}
EntryType Leave() {
  return {"leave",
          {Signer::kCoordinator, Signer::kNode},
          {kSeen, kNode, Maybe("reason", kText), kSigned}};
}
EntryType Revoke() {
  return {"revoke",
          {Signer::kCoordinator},
          {Maybe("node", kName), Maybe("researcher", kName), Maybe("key", kKey), One("code", kCode),
           Maybe("reason", kText), kSigned}};
}

// Studies and decisions on them.

EntryType Propose() {
  return {"propose",
          {Signer::kResearcher},
          WithMechanism(
              {Maybe("seen", kHead), kStudyLine, One("researcher", kName), One("title", kText),
               One("purpose", kText)},
              {One("epsilon-node", kReal), One("epsilon-public", kReal), One("min-nodes", kInteger),
               One("assumed-colluders", kInteger), Any("scrutineer", kName),
               Maybe("threshold", kInteger), One("round-seconds", kInteger),
               One("join-seconds", kInteger), One("expires", kTime), kSigned})};
}
EntryType Mandate() {
  return {"mandate",
          {Signer::kOrganisation},
          {Maybe("seen", kHead), kStudyLine, kNode, One("body", kWord),
           Maybe("votes-yes", kInteger), Maybe("votes-no", kInteger),
           Maybe("votes-abstained", kInteger), Maybe("quorum", kInteger), Any("condition", kText),
           Maybe("max-epsilon-node", kReal), Maybe("max-epsilon-public", kReal),
           Maybe("from-round", kInteger), One("expires", kTime), Maybe("minutes", kHash), kSigned}};
}
EntryType Objection() {
  return {
      "objection",
      {Signer::kOrganisation},
      {Maybe("seen", kHead), kStudyLine, kNode, One("body", kWord), Maybe("votes-yes", kInteger),
       Maybe("votes-no", kInteger), Maybe("votes-abstained", kInteger), Maybe("quorum", kInteger),
       Maybe("reason", kText), Maybe("minutes", kHash), kSigned}};
}
EntryType Withdraw() {
  return {"withdraw",
          {Signer::kOrganisation},
          {Maybe("seen", kHead), kStudyLine, kNode, One("body", kWord), One("from-round", kInteger),
           Maybe("reason", kText), kSigned}};
}

// Masks.

EntryType Scrutineer() {
  return {"scrutineer",
          {Signer::kNode},
          {kSeen, kStudyLine, One("window", kInteger), kNode, One("x25519", kHash), kSigned}};
}
EntryType Masks() {
  return {"masks",
          {Signer::kNode},
          {kSeen, kStudyLine, One("window", kInteger), kNode, Some("commit", kClassHash),
           Some("sealed", kSealedHash), kSigned}};
}
EntryType KeysOk() {
  return {"keys-ok",
          {Signer::kNode},
          {kSeen, kStudyLine, One("window", kInteger), kNode, Some("masks", kInteger), kSigned}};
}
EntryType Dispute() {
  return {"dispute",
          {Signer::kNode},
          {kSeen, kStudyLine, Maybe("round", kInteger), kNode, Some("about", kName),
           One("code", kCode), Any("entry", kInteger), Maybe("class", kInteger),
           Maybe("ephemeral-secret", kHash), Maybe("ciphertext", kWord), kSigned}};
}

// Rounds.

EntryType RoundStart() {
  return {"round-start",
          {Signer::kCoordinator},
          WithMechanism({kStudyLine, kRound, One("propose", kInteger), Maybe("model", kHash)},
                        {Maybe("gradient-clip", kReal), One("min-nodes", kInteger),
                         One("assumed-colluders", kInteger), One("roster-size", kInteger),
                         One("roster", kHash), Maybe("threshold", kInteger), One("deadline", kTime),
                         kSigned})};
}
EntryType Contribution() {
  return {"contribution",
          {Signer::kNode},
          {kSeen, kStudyLine, kRound, kNode, One("vector-len", kInteger), One("sha256", kHash),
           kSigned}};
}
EntryType Close() {
  return {
      "close",
      {Signer::kCoordinator},
      {kStudyLine, kRound, One("round-start", kInteger), Some("contribution", kInteger), kSigned}};
}
EntryType Tally() {
  return {"tally",
          {Signer::kNode},
          {kSeen, kStudyLine, kRound, kNode, One("close", kInteger), Some("class-sum", kClassHash),
           kSigned}};
}
EntryType Release() {
  return {"release",
          {Signer::kCoordinator},
          WithMechanism({kStudyLine, kRound, One("round-start", kInteger), One("close", kInteger),
                         Any("tally", kInteger), One("sum", kHash), Maybe("model", kHash),
                         Maybe("result", kHash), One("count", kInteger)},
                        {One("min-nodes", kInteger), One("assumed-colluders", kInteger),
                         One("least-count", kInteger), One("epsilon-node", kReal),
                         One("epsilon-public", kReal), One("accountant", kWord), kSigned})};
}
EntryType Abandon() {
  return {"abandon",
          {Signer::kCoordinator},
          {kStudyLine, kRound, Maybe("round-start", kInteger), One("code", kCode),
           Maybe("reason", kText), kSigned}};
}

// The rest.

EntryType Software() {
  return {"software",
          {Signer::kSubject},
          {Maybe("seen", kHead), Maybe("node", kName), Maybe("researcher", kName),
           One("program", kWord), One("version", kText), One("sha256", kHash), kSigned}};
}
EntryType Incident() {
  return {"incident",
          {Signer::kCoordinator},
          {One("code", kCode), One("what", kText), Maybe("study", kStudy), Maybe("round", kInteger),
           Any("node", kName), Any("entry", kInteger), kSigned}};
}
EntryType KeyRotation() {
  return {"key-rotation",
          {Signer::kSubject},
          {Maybe("seen", kHead), Maybe("node", kName), Maybe("researcher", kName),
           One("purpose", kWord), One("old-key", kKey), One("new-key", kKey), kSigned}};
}
EntryType Peer() {
  return {"peer",
          {Signer::kCoordinator},
          {One("origin", kOrigin), One("peer-key", kKey), One("head", kHead),
           One("checkpoint", kHash), kSigned}};
}

}  // namespace

std::span<const EntryType> EntryTypes() {
  static const std::vector<EntryType> kTypes = {
      Genesis(),    PolicyChange(), Enrol(),      Leave(),       Revoke(),  Propose(),
      Mandate(),    Objection(),    Scrutineer(), Masks(),       KeysOk(),  Dispute(),
      RoundStart(), Contribution(), Close(),      Tally(),       Release(), Abandon(),
      Withdraw(),   Software(),     Incident(),   KeyRotation(), Peer()};
  return kTypes;
}

const EntryType* FindEntryType(std::string_view name) {
  const auto types = EntryTypes();
  const auto found = std::find_if(types.begin(), types.end(),
                                  [&](const EntryType& type) { return name == type.name; });
  return found == types.end() ? nullptr : &*found;
}

int FieldIndex(const EntryType& type, std::string_view key) {
  const auto found = std::find_if(type.fields.begin(), type.fields.end(),
                                  [&](const FieldType& field) { return key == field.key; });
  return found == type.fields.end() ? -1
                                    : static_cast<int>(std::distance(type.fields.begin(), found));
}

}  // namespace mutual::transparency
