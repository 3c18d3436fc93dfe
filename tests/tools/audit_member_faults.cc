// Faults of membership and of what was decided.
#include "tests/tools/audit_fault.h"

namespace mutual::audit::testing {
namespace {

Draft Contribution(Drafts& drafts, const std::string& as) {
  return Copy(drafts, "contribution-shift2-west", as);
}
std::string KeyOfNobody() {
  return NoteVerifier::Create("witness/south", KeyType::kCosignature,
                              KeyOf("elsewhere").verify_key())
      ->ToVkey();
}
Draft Revoke(const std::string& node) {
  Draft draft{"revoke-" + node, "revoke", {}, {"coordinator"}};
  return draft.Add("node", node).Add("code", "KEY_STOLEN").Add("time", kTime);
}

}  // namespace

std::vector<Fault> MemberFaults() {
  return {
      {"a second genesis",
       "GENESIS",
       kRuleBroken,
       [](Drafts& d) { d.push_back(Copy(d, "genesis", "again").Set("title", "New")); },
       {},
       {}},
      {"the log begins without a genesis",
       "GENESIS",
       kRuleBroken,
       [](Drafts& d) { std::swap(d[0], d[1]); },
       {},
       {}},
      {"genesis with another log key",
       "GENESIS",
       kRuleBroken,
       [](Drafts& d) {
         // Its own policy must list the same log, or it is no entry at all.
         const std::string key =
             NoteVerifier::Create(kOrigin, KeyType::kNote, KeyOf("other").verify_key())->ToVkey();
         At(d, "genesis").Set("log-key", key);
       },
       {},
       {}},
      {"two quorums that share too few",
       "POLICY",
       kRuleBroken,
       [](Drafts& d) { At(d, "policy").Set("dishonest", "2"); },
       {},
       {}},
      {"a new policy without the old quorum",
       "POLICY",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "policy", "policy-2");
         draft.signers = {"coordinator", "node/east"};
         d.push_back(draft.Set("reason", "fewer is easier"));
       },
       {},
       {}},
      {"a name enrolled twice",
       "ENROL",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "enrol-north", "again");
         d.insert(d.begin() + 6, draft.Set("certificate", HashText("another")));
       },
       {},
       {}},
      {"an organisation with another's key",
       "ENROL",
       kRuleBroken,
       [](Drafts& d) {
         At(d, "enrol-west")
             .Set("witness-key", NoteVerifier::Create("witness/west", KeyType::kCosignature,
                                                      KeyOf("witness/east").verify_key())
                                     ->ToVkey());
       },
       {},
       {}},
      {"one key for two uses",
       "ENROL",
       kRuleBroken,
       [](Drafts& d) {
         At(d, "enrol-west")
             .Set("witness-key", NoteVerifier::Create("witness/west", KeyType::kCosignature,
                                                      KeyOf("node/west").verify_key())
                                     ->ToVkey());
       },
       {},
       {}},
      {"an enrolment without endorsements",
       "ENROL",
       kRuleBroken,
       [](Drafts& d) {
         At(d, "enrol-mill").signers = {"coordinator", "node/mill"};
       },
       {},
       {}},
      {"an enrolment with too few endorsements",
       "ENROL",
       kRuleBroken,
       [](Drafts& d) { At(d, "enrol-mill").signers.pop_back(); },
       {},
       {}},
      {"an enrolment endorsed by the newcomer itself",
       "ENROL",
       kRuleBroken,
       [](Drafts& d) {
         At(d, "enrol-mill").signers = {"coordinator", "node/mill", "node/east", "node/north"};
       },
       {},
       {}},
      {"a role that does not fit",
       "ENROL",
       kRuleBroken,
       [](Drafts& d) { At(d, "enrol-ada").Set("role", "node"); },
       {},
       {}},
      {"an enrolment that the coordinator did not sign",
       "SIGNER",
       kRuleBroken,
       [](Drafts& d) { At(d, "enrol-west").signers = {"node/west"}; },
       {},
       {}},
      {"a contribution by a revoked node",
       "GONE",
       kRuleBroken,
       [](Drafts& d) { InsertAfter(d, "start-shift2", Revoke("west")); },
       {},
       {}},
      {"a contribution after leaving",
       "GONE",
       kRuleBroken,
       [](Drafts& d) { d.push_back(Contribution(d, "late").Set("sha256", HashText("late"))); },
       {},
       {}},
      {"the revocation of nobody",
       "KEYS",
       kRuleBroken,
       [](Drafts& d) { d.push_back(Revoke("nobody")); },
       {},
       {}},
      {"a rotation of a key that is not in use",
       "KEYS",
       kRuleBroken,
       [](Drafts& d) { At(d, "rotation").Set("old-key", KeyOfNobody()); },
       {},
       {}},
      {"a rotation to a key of another name",
       "ENTRY-FORM",
       kWrong,
       [](Drafts& d) { At(d, "rotation").Set("new-key", Vkey("node/south")); },
       {},
       {}},
      {"a revoked key goes on signing",
       "SIGNER",
       kRuleBroken,
       [](Drafts& d) {
         InsertAfter(d, "start-shift2", Revoke("west").Add("key", Vkey("node/west")));
       },
       {},
       {}},
      {"a rotation signed by somebody else",
       "SIGNER",
       kRuleBroken,
       [](Drafts& d) { At(d, "rotation").signers = {"node/north"}; },
       {},
       {}},
  };
}

std::vector<Fault> DecisionFaults() {
  return {
      {"a study proposed twice",
       "PROPOSE",
       kRuleBroken,
       [](Drafts& d) { d.push_back(Copy(d, "propose-wage", "again").Set("title", "Again")); },
       {},
       {}},
      {"a proposal by a stranger",
       "SIGNER",
       kRuleBroken,
       [](Drafts& d) {
         At(d, "propose-wage").Set("researcher", "eve").signers = {"researcher/eve"};
       },
       {},
       {}},
      {"a proposal signed by a node",
       "SIGNER",
       kRuleBroken,
       [](Drafts& d) { At(d, "propose-wage").signers = {"node/north"}; },
       {},
       {}},
      {"a proposal that understates epsilon-node",
       "EPSILON",
       kRuleBroken,
       [](Drafts& d) { At(d, "propose-shift").Set("epsilon-node", "1"); },
       {},
       {}},
      {"a proposal that understates epsilon-public",
       "EPSILON",
       kRuleBroken,
       [](Drafts& d) { At(d, "propose-shift").Set("epsilon-public", "0.5"); },
       {},
       {}},
      {"a mandate twice",
       "MANDATE",
       kRuleBroken,
       [](Drafts& d) {
         InsertAfter(d, "mandate-shift-north",
                     Copy(d, "mandate-shift-north", "again").Set("max-epsilon-node", "9"));
       },
       {},
       {}},
      {"an objection after a mandate",
       "MANDATE",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "objection-wage-west", "against");
         draft.Set("study", StudyText("shift"));
         InsertAfter(d, "mandate-shift-west", draft);
       },
       {},
       {}},
      {"a mandate before the proposal",
       "MANDATE",
       kRuleBroken,
       [](Drafts& d) {
         const Draft draft = Copy(d, "mandate-wage-east", "early");
         Drop(d, "mandate-wage-east");
         InsertAfter(d, "software", draft);
       },
       {},
       {}},
      {"a mandate signed by another organisation",
       "SIGNER",
       kRuleBroken,
       [](Drafts& d) { At(d, "mandate-wage-east").signers = {"node/west"}; },
       {},
       {}},
      {"a mandate of a vote that one officer signed",
       "SIGNER",
       kRuleBroken,
       [](Drafts& d) {
         At(d, "mandate-wage-east").Set("body", "congress").signers = {"officer/east/chair"};
       },
       {},
       {}},
      {"a withdrawal without a mandate",
       "MANDATE",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "objection-wage-west", "withdraw");
         draft.type = "withdraw";
         d.insert(d.begin() + static_cast<long>(IndexOf(d, "start-wage1")),
                  draft.Add("from-round", "1"));
       },
       {},
       {}},
      {"a contribution after a withdrawal",
       "ROSTER",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "objection-wage-west", "withdraw").Set("node", "east");
         draft.type = "withdraw";
         draft.signers = {"node/east"};
         d.insert(d.begin() + static_cast<long>(IndexOf(d, "start-wage1")),
                  draft.Add("from-round", "1"));
       },
       {},
       {}},
      {"epsilon beyond a mandate",
       "BUDGET",
       kRuleBroken,
       [](Drafts& d) { At(d, "mandate-shift-west").Set("max-epsilon-node", "0.9"); },
       {},
       {}},
      {"public epsilon beyond a mandate",
       "BUDGET",
       kRuleBroken,
       [](Drafts& d) { At(d, "mandate-shift-west").Set("max-epsilon-public", "0.1"); },
       {},
       {}},
  };
}

}  // namespace mutual::audit::testing
