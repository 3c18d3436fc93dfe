// An honest federation's history as drafts: founding, three studies, a late organisation, a leave.
#pragma once

#include <string>
#include <vector>

#include "tests/tools/audit_log.h"
#include "tests/tools/mask_drafts.h"

namespace mutual::audit::testing {

inline constexpr char kTime[] = "2026-11-23T10:00:00Z";
inline constexpr char kLater[] = "2026-12-23T10:00:00Z";

// What is asked, as text: the same terms in propose, round-start and release.
struct Terms {
  std::string recipe = "mean";
  uint64_t rounds = 1;
  double noise = 2, rate = 1;
  uint64_t local_steps = 0;
  transparency::StudyTerms Parsed() const {
    return {recipe, 9, rounds, noise, rate, 1e-6, 2.5, 3, 1, local_steps};
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
    if (local_steps > 0) draft->Add("local-steps", std::to_string(local_steps));
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
  // The study has scrutineers: its proposal, rounds and contributions say so from now on.
  void MaskStudy(const std::string& study) {
    masked_.insert(study);
    Draft& draft = At(drafts_, "propose-" + study).Add("threshold", "2");
    for (const std::string& name : kScrutineers) draft.Add("scrutineer", name);
  }
  // A join window: every scrutineer's key, the masks of `nodes`, and every keys-ok.
  void Join(const std::string& study, const std::vector<std::string>& nodes) {
    for (const std::string& name : kScrutineers) {
      const auto key = WindowKey(study, kWindow, name).public_key();
      Mask("scrutineer", study, name).Add("x25519", HexEncode(key));
    }
    for (const std::string& node : nodes) {
      AddCommitments(DrawKeys(study, node).commitments(), &Mask("masks", study, node));
    }
    for (const std::string& name : kScrutineers) {
      Draft& draft = Mask("keys-ok", study, name);
      for (const std::string& node : nodes) draft.Add("masks", "@masks-" + study + "-" + node);
    }
  }
  // Labels: <type>-<study>-<node>.
  Draft& Mask(const std::string& type, const std::string& study, const std::string& node) {
    return Add(type + "-" + study + "-" + node, type, {"node/" + node})
        .Add("seen", "@seen")
        .Add("study", StudyText(study))
        .Add("window", kWindow)
        .Add("node", node);
  }
  // Labels: tally-<study><round>-<node>.
  void Tally(const std::string& study, uint64_t round, const std::vector<std::string>& nodes) {
    for (const std::string& node : nodes) {
      Draft& draft = OfRound(Label("tally", study, round) + "-" + node, "tally", study, round);
      draft.Add("seen", "@seen").Add("node", node).Add("close", "@" + Label("close", study, round));
      AddClassSums(Label("of", study, round), node, &draft);
      draft.signers = {"node/" + node};
    }
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
    if (masked_.count(study) > 0) draft.Add("threshold", "2");
    if (terms.recipe == "train") draft.Add("model", ModelAfter(study, round - 1));
    return draft;
  }
  void Contribute(const std::string& study, uint64_t round, const std::string& node) {
    const std::string label = Label("contribution", study, round) + "-" + node;
    OfRound(label, "contribution", study, round)
        .Add("seen", "@seen")
        .Add("node", node)
        .Add("vector-len", masked_.count(study) > 0 ? "16" : "9")
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
    for (const Draft& one : drafts_) {
      const std::string tally = Label("tally", study, round) + "-";
      if (one.label.compare(0, tally.size(), tally) == 0) draft.Add("tally", "@" + one.label);
    }
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
  Drafts& drafts() { return drafts_; }

 private:
  Drafts drafts_;
  std::set<std::string> masked_;
};

inline void AddWage(HonestWriter* log) {
  const Terms wage;
  const std::vector<std::string> three = {"east", "north", "south"};
  log->Propose("wage", wage);
  log->MaskStudy("wage");
  for (const std::string& node : three) log->Decide("wage", node, "mandate");
  log->Decide("wage", "west", "objection");
  log->Join("wage", three);
  log->Round("wage", wage, 1, three);
  log->Tally("wage", 1, kScrutineers);
  log->Release("wage", wage, 1, 3);
}

inline void AddShift(HonestWriter* log) {
  const Terms shift{"train", 3, 4, 0.5};
  log->Propose("shift", shift);
  log->MaskStudy("shift");
  for (const std::string& node : kNodes) log->Decide("shift", node, "mandate");
  log->Join("shift", kNodes);
  for (uint64_t round = 1; round <= 2; ++round) {
    log->Round("shift", shift, round, kNodes);
    log->Tally("shift", round, kScrutineers);
    log->Release("shift", shift, round, 4);
  }
  log->Start("shift", shift, 3, kNodes);
  log->Contribute("shift", 3, "north");
  log->OfRound("abandon-shift3", "abandon", "shift", 3)
      .Add("round-start", "@start-shift3")
      .Add("code", "TOO_FEW_CONTRIBUTIONS");
}

// One scrutineer answers after the release, when its tally is not needed any more.
inline void AddPay(HonestWriter* log) {
  const Terms terms;
  log->Propose("pay", terms);
  log->MaskStudy("pay");
  for (const std::string& node : kNodes) log->Decide("pay", node, "mandate");
  log->Join("pay", kNodes);
  log->Round("pay", terms, 1, kNodes);
  log->Tally("pay", 1, {"east", "north", "south"});
  log->Release("pay", terms, 1, 4);
  log->Tally("pay", 1, {"west"});
}

// Labels: genesis, enrol-<node>, policy, propose-<study>, mandate-<study>-<node>,
// start-/close-/release-<study><round>, contribution-/tally-<study><round>-<node>,
// scrutineer-/masks-/keys-ok-<study>-<node>; the studies are wage (statistic, three of four take
// part), shift (training, third round abandoned), pay (statistic) and unbegun (too few accepted).
inline Drafts WriteHonestDrafts() {
  HonestWriter log;
  log.Found();
  AddWage(&log);
  AddShift(&log);
  AddPay(&log);
  log.Propose("unbegun", Terms());
  log.MaskStudy("unbegun");
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

inline Drafts HonestDrafts() {
  static const Drafts kDrafts = WriteHonestDrafts();  // its keys take a while to make
  return kDrafts;
}

}  // namespace mutual::audit::testing
