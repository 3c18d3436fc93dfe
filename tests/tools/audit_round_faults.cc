// Faults of rounds: order, rosters, terms, contributions, closes.
#include "tests/tools/audit_fault.h"

namespace mutual::audit::testing {
namespace {

std::vector<Fault> StartFaults() {
  return {
      {"a round of a study that was not proposed",
       "ROUND",
       kRuleBroken,
       [](Drafts& d) { At(d, "start-wage1").Set("study", StudyText("unknown")); },
       {},
       {}},
      {"round numbers skipped",
       "ROUND",
       kRuleBroken,
       [](Drafts& d) { At(d, "start-shift2").Set("round", "3"); },
       {},
       {}},
      {"a round started twice",
       "ROUND",
       kRuleBroken,
       [](Drafts& d) {
         InsertAfter(d, "start-shift2",
                     Copy(d, "start-shift2", "again").Set("deadline", "2027-01-01T00:00:00Z"));
       },
       {},
       {}},
      {"a round more than proposed",
       "ROUND",
       kRuleBroken,
       [](Drafts& d) { d.push_back(Copy(d, "start-wage1", "more").Set("round", "2")); },
       {},
       {}},
      {"a round started before the last one ended",
       "ROUND",
       kRuleBroken,
       [](Drafts& d) { Drop(d, "release-shift1"); },
       {},
       {}},
      {"a round-start that names another proposal",
       "ROUND",
       kRuleBroken,
       [](Drafts& d) { At(d, "start-wage1").Set("propose", "@propose-shift"); },
       {},
       {}},
      {"a round-start without mandates",
       "ROSTER",
       kRuleBroken,
       [](Drafts& d) {
         for (const char* node : {"east", "north", "south"}) {
           Drop(d, std::string("mandate-wage-") + node);
         }
       },
       {},
       {}},
      {"a round-start with too few mandates",
       "ROSTER",
       kRuleBroken,
       [](Drafts& d) {
         Drop(d, "mandate-wage-south");
         At(d, "start-wage1").Set("roster", RosterText({"east", "north"})).Set("roster-size", "2");
       },
       {},
       {}},
      {"an organisation kept off the roster",
       "ROSTER",
       kRuleBroken,
       [](Drafts& d) {
         // East's keys were confirmed first.
         At(d, "start-shift1")
             .Set("roster", RosterText({"north", "south", "west"}))
             .Set("roster-size", "3");
       },
       {},
       {}},
      {"an objector on the roster",
       "ROSTER",
       kRuleBroken,
       [](Drafts& d) {
         At(d, "start-wage1").Set("roster", RosterText(kNodes)).Set("roster-size", "4");
       },
       {},
       {}},
      {"another roster size",
       "ROSTER",
       kRuleBroken,
       [](Drafts& d) { At(d, "start-wage1").Set("roster-size", "30"); },
       {},
       {}},
      {"understated noise in a round",
       "TERMS",
       kRuleBroken,
       [](Drafts& d) { At(d, "start-shift2").Set("noise-multiplier", "0.5"); },
       {},
       {}},
      {"a larger sampling rate in a round",
       "TERMS",
       kRuleBroken,
       [](Drafts& d) { At(d, "start-shift2").Set("sampling-rate", "1"); },
       {},
       {}},
      {"a lower min-nodes in a round",
       "TERMS",
       kRuleBroken,
       [](Drafts& d) { At(d, "start-wage1").Set("min-nodes", "1"); },
       {},
       {}},
      {"a changed model at the start of a round",
       "MODEL",
       kRuleBroken,
       [](Drafts& d) { At(d, "start-shift2").Set("model", HashText("poisoned")); },
       {},
       {}},
      {"a training round without a model",
       "MODEL",
       kRuleBroken,
       [](Drafts& d) { At(d, "start-shift2").Erase("model"); },
       {},
       {}},
      {"a round signed by a node",
       "SIGNER",
       kRuleBroken,
       [](Drafts& d) { At(d, "start-wage1").signers = {"node/north"}; },
       {},
       {}},
  };
}

std::vector<Fault> ContributionFaults() {
  return {
      {"a contribution twice",
       "CONTRIB",
       kRuleBroken,
       [](Drafts& d) {
         InsertAfter(d, "contribution-wage1-east",
                     Copy(d, "contribution-wage1-east", "again").Set("sha256", HashText("b")));
       },
       {},
       {}},
      {"a contribution by somebody not on the roster",
       "CONTRIB",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "contribution-wage1-east", "west").Set("node", "west");
         draft.signers = {"node/west"};
         InsertAfter(d, "contribution-wage1-east", draft);
       },
       {},
       {}},
      {"a contribution to a round that was not started",
       "CONTRIB",
       kRuleBroken,
       [](Drafts& d) {
         InsertAfter(d, "contribution-wage1-east",
                     Copy(d, "contribution-wage1-east", "early").Set("round", "2"));
       },
       {},
       {}},
      {"a contribution of another length",
       "CONTRIB",
       kRuleBroken,
       [](Drafts& d) { At(d, "contribution-wage1-east").Set("vector-len", "10"); },
       {},
       {}},
      {"a contribution signed by the coordinator",
       "SIGNER",
       kRuleBroken,
       [](Drafts& d) { At(d, "contribution-wage1-east").signers = {"coordinator"}; },
       {},
       {}},
      {"a replayed contribution",
       "REPEAT",
       kRuleBroken,
       {},
       [](Entries& e) {
         const Drafts drafts = HonestDrafts();
         const size_t at = IndexOf(drafts, "contribution-shift1-west");
         e.insert(e.begin() + static_cast<long>(IndexOf(drafts, "start-shift2")) + 1, e[at]);
       },
       {}},
      {"a node that saw another log",
       "SEEN",
       kRuleBroken,
       [](Drafts& d) {
         At(d, "contribution-wage1-east")
             .Set("seen", transparency::PrintHead({5, crypto::Sha256("fork")}));
       },
       {},
       {}},
      {"a node that saw more than there was",
       "SEEN",
       kRuleBroken,
       [](Drafts& d) {
         At(d, "contribution-wage1-east")
             .Set("seen", transparency::PrintHead({100000, crypto::Sha256("later")}));
       },
       {},
       {}},
      {"a node that saw an empty log with a root",
       "SEEN",
       kRuleBroken,
       [](Drafts& d) {
         At(d, "contribution-wage1-east")
             .Set("seen", transparency::PrintHead({0, crypto::Sha256("nothing")}));
       },
       {},
       {}},
  };
}

std::vector<Fault> CloseFaults() {
  return {
      {"a close naming an absent contribution",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) { At(d, "close-wage1").Add("contribution", "9999"); },
       {},
       {}},
      {"a close naming an entry that is no contribution",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) { At(d, "close-wage1").Add("contribution", "@start-wage1"); },
       {},
       {}},
      {"a close naming a contribution of another round",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) { At(d, "close-shift2").Add("contribution", "@contribution-shift1-east"); },
       {},
       {}},
      {"a close counting a contribution twice",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) { At(d, "close-wage1").Add("contribution", "@contribution-wage1-east"); },
       {},
       {}},
      {"a close below min-nodes",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) { At(d, "close-wage1").Set("contribution", "@contribution-wage1-east"); },
       {},
       {}},
      {"two closes",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "close-shift1", "again").Erase("contribution");
         for (const char* node : {"east", "north", "south"}) {
           draft.Add("contribution", std::string("@contribution-shift1-") + node);
         }
         InsertAfter(d, "close-shift1", draft);
       },
       {},
       {}},
      {"a close after an abandon",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "close-shift2", "late").Set("round", "3");
         draft.Set("contribution", "@contribution-shift3-north")
             .Set("round-start", "@start-shift3");
         InsertAfter(d, "abandon-shift3", draft);
       },
       {},
       {}},
      {"an abandon after a release",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "abandon-shift3", "late").Set("round", "2");
         InsertAfter(d, "release-shift2", draft.Set("round-start", "@start-shift2"));
       },
       {},
       {}},
      {"an abandon of a round that was not started",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) { At(d, "abandon-shift3").Set("round", "4"); },
       {},
       {}},
      {"an end before the first round of a study that had one",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "abandon-unbegun", "late").Set("study", StudyText("wage"));
         InsertAfter(d, "close-wage1", draft);
       },
       {},
       {}},
      {"two ends before the first round",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) {
         InsertAfter(d, "abandon-unbegun",
                     Copy(d, "abandon-unbegun", "again").Set("code", "OPERATOR_STOPPED"));
       },
       {},
       {}},
      {"an end of a study that was not proposed",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) { At(d, "abandon-unbegun").Set("study", StudyText("nothing")); },
       {},
       {}},
      {"a round of a study that ended before its first",
       "ROUND",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "start-wage1", "risen").Set("study", StudyText("unbegun"));
         InsertAfter(d, "abandon-unbegun", draft.Set("propose", "@propose-unbegun"));
       },
       {},
       {}},
      {"a close that names another round-start",
       "CLOSE",
       kRuleBroken,
       [](Drafts& d) { At(d, "close-shift2").Set("round-start", "@start-shift1"); },
       {},
       {}},
  };
}

}  // namespace

std::vector<Fault> RoundFaults() {
  std::vector<Fault> all;
  for (const auto& some : {StartFaults(), ContributionFaults(), CloseFaults()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace mutual::audit::testing
