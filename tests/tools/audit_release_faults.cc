// Faults of tallies and releases.
#include "tests/tools/audit_fault.h"

namespace mutual::audit::testing {
namespace {

std::vector<Fault> RestFaults() {
  return {
      {"a release resting on what is no tally",
       "RELEASE",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-pay1").Add("tally", "@masks-pay-north"); },
       {},
       {}},
      {"a release before its tallies",
       "RELEASE",
       kRuleBroken,
       [](Drafts& d) {
         const Draft tally = Copy(d, "tally-pay1-south", "tally-pay1-south");
         Drop(d, "tally-pay1-south");
         InsertAfter(d, "release-pay1", tally);
       },
       {},
       {}},
  };
}

std::vector<Fault> CountFaults() {
  return {
      {"a release before its close",
       "RELEASE",
       kRuleBroken,
       [](Drafts& d) {
         const Draft close = Copy(d, "close-wage1", "close-wage1");
         Drop(d, "close-wage1");
         InsertAfter(d, "release-wage1", close);
       },
       {},
       {}},
      {"a release without a close",
       "RELEASE",
       kRuleBroken,
       [](Drafts& d) { Drop(d, "close-wage1"); },
       {},
       {}},
      {"a release of an abandoned round",
       "RELEASE",
       kRuleBroken,
       [](Drafts& d) {
         Draft draft = Copy(d, "release-shift2", "late").Set("round", "3");
         InsertAfter(d, "abandon-shift3", draft.Set("round-start", "@start-shift3"));
       },
       {},
       {}},
      {"two releases",
       "RELEASE",
       kRuleBroken,
       [](Drafts& d) {
         InsertAfter(d, "release-wage1",
                     Copy(d, "release-wage1", "again").Set("result", HashText("nicer")));
       },
       {},
       {}},
      {"an overstated count",
       "RELEASE",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-wage1").Set("count", "30"); },
       {},
       {}},
      {"an overstated least-count",
       "RELEASE",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-shift2").Set("least-count", "40"); },
       {},
       {}},
      {"a release that names another close",
       "RELEASE",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-shift2").Set("close", "@close-shift1"); },
       {},
       {}},
      {"a statistic released without a result",
       "RELEASE",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-wage1").Erase("result"); },
       {},
       {}},
  };
}

// The training study said to take local steps, the epsilons as they were.
void AddLocalSteps(Drafts& drafts) {
  for (const char* const label : {"propose-shift", "start-shift1", "release-shift1", "start-shift2",
                                  "release-shift2", "start-shift3"}) {
    At(drafts, label).Add("local-steps", "5");
  }
}

const transparency::StudyTerms kLocalShift = Terms{"train", 3, 4, 0.5, 5}.Parsed();

std::vector<Fault> LocalFaults() {
  return {
      {"epsilons of one step a round where nodes take five",
       "EPSILON",
       kRuleBroken,
       [](Drafts& d) { AddLocalSteps(d); },
       {},
       {}},
      {"a public epsilon of summed noise where nodes take local steps",
       "EPSILON",
       kRuleBroken,
       [](Drafts& d) {
         AddLocalSteps(d);
         EpsilonCache cache;
         for (const char* const label : {"propose-shift", "release-shift1", "release-shift2"}) {
           At(d, label).Set("epsilon-node", FormatDouble(cache.Node(kLocalShift, 3)));
         }
       },
       {},
       {}},
      {"local steps that only the proposal names",
       "TERMS",
       kRuleBroken,
       [](Drafts& d) {
         AddLocalSteps(d);
         for (const char* const label : {"start-shift1", "release-shift1"}) {
           At(d, label).Erase("local-steps");
         }
       },
       {},
       {}},
      {"more noised sums than anybody can add up",
       "EPSILON",
       kRuleBroken,
       [](Drafts& d) {
         AddLocalSteps(d);
         for (const char* const label : {"propose-shift", "start-shift1", "release-shift1",
                                         "start-shift2", "release-shift2", "start-shift3"}) {
           At(d, label).Set("local-steps", "1000").Set("rounds", "18446744073709551615");
         }
       },
       {},
       {}},
  };
}

std::vector<Fault> PrivacyFaults() {
  return {
      {"understated epsilon-node",
       "EPSILON",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-wage1").Set("epsilon-node", "0.1"); },
       {},
       {}},
      {"understated epsilon-public",
       "EPSILON",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-shift2").Set("epsilon-public", "0.1"); },
       {},
       {}},
      {"overstated noise in a release",
       "TERMS",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-wage1").Set("noise-multiplier", "4"); },
       {},
       {}},
      {"another delta in a release",
       "TERMS",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-wage1").Set("delta", "0.001"); },
       {},
       {}},
      {"a changed model in a release",
       "MODEL",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-shift1").Set("model", HashText("poisoned")); },
       {},
       {}},
      {"a training release without a model",
       "MODEL",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-shift2").Erase("model"); },
       {},
       {}},
      {"a release signed by the researcher",
       "SIGNER",
       kRuleBroken,
       [](Drafts& d) { At(d, "release-wage1").signers = {"researcher/ada"}; },
       {},
       {}},
  };
}

}  // namespace

std::vector<Fault> ReleaseFaults() {
  std::vector<Fault> all = RestFaults();
  for (const auto& some : {CountFaults(), LocalFaults(), PrivacyFaults()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace mutual::audit::testing
