// An honest federation's history as drafts: founding, three studies, a late organisation, a leave.
#pragma once

#include <string>
#include <vector>

#include "tests/tools/audit_log.h"

namespace mutual::audit::testing {

inline constexpr char kTime[] = "2026-11-23T10:00:00Z";
inline constexpr char kLater[] = "2026-12-23T10:00:00Z";

// What is asked, as text: the same terms in propose, round-start and release.
struct Terms {
  std::string recipe = "mean";
  uint64_t rounds = 1;
  double noise = 2, rate = 1;
  transparency::StudyTerms Parsed() const {
    return {recipe, 9, rounds, noise, rate, 1e-6, 2.5, 3, 1};
  }
  void AddTo(Draft* draft) const {
    const transparency::StudyTerms terms = Parsed();
    draft->Add("recipe", recipe)
        .Add("vector-len", "9")
        .Add("rounds", std::to_string(rounds))
        .Add("noise-multiplier", FormatDouble(terms.noise_multiplier))
        .Add("sampling-rate", FormatDouble(terms.sampling_rate))
        .Add("delta", FormatDouble(terms.delta))
        .Add("clip", FormatDouble(terms.member_bound))
        .Add("min-nodes", "3")
        .Add("assumed-colluders", "1");
  }
};

inline std::string RosterText(const std::vector<std::string>& nodes) {
  return RosterDigest({nodes.begin(), nodes.end()}).ToHex();
}

class HonestWriter {
 public:
  Draft& Add(const std::string& label, const std::string& type,
             const std::vector<std::string>& signers) {
    drafts_.push_back({label, type, {}, signers});
    return drafts_.back().Add("time", kTime);
  }
  void Found() {
    Add("genesis", "genesis", {"coordinator"})
        .Add("title", "Drivers' federation")
        .Add("spec", "mutual-log-1")
        .Add("rules", HashText("rules"))
        .Add("coordinator-key", Vkey("coordinator"))
        .Add("log-key", std::string(kLogVkey))
        .Add("policy", PolicyLines().front())
        .Add("policy", "quorum none")
        .Add("dishonest", "0")
        .Add("admission-quorum", "0");
    for (const std::string& node : kNodes) Enrol(node, {});
    Add("enrol-ada", "enrol", {"coordinator", "researcher/ada"})
        .Add("researcher", "ada")
        .Add("role", "researcher")
        .Add("identity-key", Vkey("researcher/ada"));
    Draft& policy = Add("policy", "policy", {"coordinator"});
    for (const std::string& line : PolicyLines()) policy.Add("policy", line);
    policy.Add("dishonest", "1").Add("admission-quorum", "3");
    Add("software", "software", {"node/north"})
        .Add("seen", "@seen")
        .Add("node", "north")
        .Add("program", "mutual-node")
        .Add("version", "0.1.0")
        .Add("sha256", HashText("binary"));
  }
  Draft& Enrol(const std::string& node, const std::vector<std::string>& endorsers) {
    std::vector<std::string> signers = {"coordinator", "node/" + node};
    for (const std::string& endorser : endorsers) signers.push_back("node/" + endorser);
    return Add("enrol-" + node, "enrol", signers)
        .Add("node", node)
        .Add("role", "node")
        .Add("identity-key", Vkey("node/" + node))
        .Add("witness-key", Vkey("witness/" + node, KeyType::kCosignature))
        .Add("officer-key", Vkey("officer/" + node + "/chair"))
        .Add("officer-key", Vkey("officer/" + node + "/clerk"));
  }
  Draft& Propose(const std::string& study, const Terms& terms) {
    EpsilonCache cache;
    Draft& draft = Add("propose-" + study, "propose", {"researcher/ada"})
                       .Add("study", StudyText(study))
                       .Add("researcher", "ada")
                       .Add("title", "Study " + study)
                       .Add("purpose", "To know.")
                       .Add("round-seconds", "60")
                       .Add("join-seconds", "600")
                       .Add("expires", kLater);
    draft.Add("epsilon-node", FormatDouble(cache.Node(terms.Parsed(), terms.rounds)))
        .Add("epsilon-public", FormatDouble(cache.Public(terms.Parsed(), terms.rounds, 3)));
    terms.AddTo(&draft);
    return draft;
  }
  Draft& Decide(const std::string& study, const std::string& node, const std::string& type) {
    Draft& draft = Add(type + "-" + study + "-" + node, type, {"node/" + node})
                       .Add("seen", "@seen")
                       .Add("study", StudyText(study))
                       .Add("node", node)
                       .Add("body", "operator");
    if (type == "mandate") draft.Add("expires", kLater).Add("max-epsilon-node", "8");
    return draft;
  }
  Draft& OfRound(const std::string& label, const std::string& type, const std::string& study,
                 uint64_t round) {
    return Add(label, type, {"coordinator"})
        .Add("study", StudyText(study))
        .Add("round", std::to_string(round));
  }
  static std::string Label(const std::string& what, const std::string& study, uint64_t round) {
    return what + "-" + study + std::to_string(round);
  }
  static std::string ModelAfter(const std::string& study, uint64_t round) {
    return HashText("model " + study + std::to_string(round));
  }
  Draft& Start(const std::string& study, const Terms& terms, uint64_t round,
               const std::vector<std::string>& roster) {
    Draft& draft = OfRound(Label("start", study, round), "round-start", study, round);
    draft.Add("propose", "@propose-" + study)
        .Add("roster-size", std::to_string(roster.size()))
        .Add("roster", RosterText(roster))
        .Add("deadline", kLater);
    terms.AddTo(&draft);
    if (terms.recipe == "train") draft.Add("model", ModelAfter(study, round - 1));
    return draft;
  }
  void Contribute(const std::string& study, uint64_t round, const std::string& node) {
    const std::string label = Label("contribution", study, round) + "-" + node;
    OfRound(label, "contribution", study, round)
        .Add("seen", "@seen")
        .Add("node", node)
        .Add("vector-len", "9")
        .Add("sha256", HashText(label));
    drafts_.back().signers = {"node/" + node};
  }
  void Close(const std::string& study, uint64_t round, const std::vector<std::string>& nodes) {
    Draft& draft = OfRound(Label("close", study, round), "close", study, round);
    draft.Add("round-start", "@" + Label("start", study, round));
    for (const std::string& node : nodes) {
      draft.Add("contribution", "@" + Label("contribution", study, round) + "-" + node);
    }
  }
  Draft& Release(const std::string& study, const Terms& terms, uint64_t round, uint64_t count) {
    EpsilonCache cache;
    Draft& draft = OfRound(Label("release", study, round), "release", study, round);
    draft.Add("round-start", "@" + Label("start", study, round))
        .Add("close", "@" + Label("close", study, round))
        .Add("sum", HashText("sum " + study + std::to_string(round)))
        .Add("count", std::to_string(count))
        .Add("least-count", std::to_string(count))
        .Add("epsilon-node", FormatDouble(cache.Node(terms.Parsed(), terms.rounds)))
        .Add("epsilon-public", FormatDouble(cache.Public(terms.Parsed(), terms.rounds, count)))
        .Add("accountant", "rdp");
    terms.AddTo(&draft);
    if (terms.recipe == "train") {
      draft.Add("model", ModelAfter(study, round));
    } else {
      draft.Add("result", HashText("result " + study));
    }
    return draft;
  }
  // A whole round with the same nodes on the roster and in the close.
  void Round(const std::string& study, const Terms& terms, uint64_t round,
             const std::vector<std::string>& nodes) {
    Start(study, terms, round, nodes);
    for (const std::string& node : nodes) Contribute(study, round, node);
    Close(study, round, nodes);
  }
  Draft& Mask(const std::string& label, const std::string& type, const std::string& node) {
    return Add(label, type, {"node/" + node})
        .Add("seen", "@seen")
        .Add("study", StudyText("pay"))
        .Add("node", node);
  }
  Drafts& drafts() { return drafts_; }

 private:
  Drafts drafts_;
};

inline void AddMaskedStudy(HonestWriter* log) {
  const Terms terms;
  log->Propose("pay", terms)
      .Add("scrutineer", "east")
      .Add("scrutineer", "south")
      .Add("threshold", "2");
  for (const std::string& node : kNodes) log->Decide("pay", node, "mandate");
  log->Mask("scrutineer-east", "scrutineer", "east")
      .Add("window", "1")
      .Add("x25519", HashText("x"));
  log->Mask("masks-north", "masks", "north")
      .Add("window", "1")
      .Add("commit", "0 " + HashText("commit"))
      .Add("sealed", "0 east " + HashText("sealed"));
  log->Mask("keys-ok-east", "keys-ok", "east").Add("window", "1").Add("masks", "@masks-north");
  log->Round("pay", terms, 1, kNodes);
  for (const std::string node : {"east", "south"}) {
    log->Mask("tally-" + node, "tally", node)
        .Add("round", "1")
        .Add("close", "@close-pay1")
        .Add("class-sum", "0 " + HashText("class"));
  }
  log->Release("pay", terms, 1, 4).Add("tally", "@tally-east").Add("tally", "@tally-south");
}

// Labels: genesis, enrol-<node>, policy, propose-<study>, mandate-<study>-<node>,
// start-/close-/release-<study><round>, contribution-<study><round>-<node>; the studies are wage
// (statistic), shift (training, third round abandoned), pay (masked statistic) and unbegun (too few
// accepted).
inline Drafts HonestDrafts() {
  HonestWriter log;
  log.Found();
  const Terms wage;
  const std::vector<std::string> three = {"east", "north", "south"};
  log.Propose("wage", wage);
  for (const std::string& node : three) log.Decide("wage", node, "mandate");
  log.Decide("wage", "west", "objection");
  log.Round("wage", wage, 1, three);
  log.Release("wage", wage, 1, 3);

  const Terms shift{"train", 3, 4, 0.5};
  log.Propose("shift", shift);
  for (const std::string& node : kNodes) log.Decide("shift", node, "mandate");
  for (uint64_t round = 1; round <= 2; ++round) {
    log.Round("shift", shift, round, kNodes);
    log.Release("shift", shift, round, 4);
  }
  log.Start("shift", shift, 3, kNodes);
  log.Contribute("shift", 3, "north");
  log.OfRound("abandon-shift3", "abandon", "shift", 3)
      .Add("round-start", "@start-shift3")
      .Add("code", "TOO_FEW_CONTRIBUTIONS");
  AddMaskedStudy(&log);
  log.Propose("unbegun", wage);
  log.Decide("unbegun", "north", "mandate");
  log.OfRound("abandon-unbegun", "abandon", "unbegun", 0).Add("code", "TOO_FEW_ACCEPTED");

  log.Enrol("mill", {"east", "north", "south"});
  log.Add("rotation", "key-rotation", {"node/south"})
      .Add("seen", "@seen")
      .Add("node", "south")
      .Add("purpose", "witness")
      .Add("old-key", Vkey("witness/south", KeyType::kCosignature))
      .Add("new-key", NoteVerifier::Create("witness/south", KeyType::kCosignature,
                                           KeyOf("new south").verify_key())
                          ->ToVkey());
  log.Add("leave-west", "leave", {"coordinator", "node/west"})
      .Add("seen", "@seen")
      .Add("node", "west");
  log.Add("incident", "incident", {"coordinator"})
      .Add("code", "DISK_FULL")
      .Add("what", "The disk was full for an hour.");
  return log.drafts();
}

}  // namespace mutual::audit::testing
