// The entries that a study's rounds write to the log.
#include <algorithm>

#include "base/status.h"
#include "coordinator/service/study_run.h"
#include "crypto/digest.h"
#include "study/model.h"
#include "transparency/merkle.h"

namespace mutual::coordinator {

using transparency::Entry;
using transparency::EntryWriter;

transparency::StudyTerms TermsOf(const study::Study& study, const study::Recipe& recipe) {
  return {std::string(study::KindName(study.recipe)),
          recipe.dimension(),
          study.rounds(),
          study.privacy.noise_multiplier,
          study.privacy.sampling_rate,
          study.privacy.delta,
          recipe.member_bound(),
          static_cast<uint64_t>(study.cohort.min_nodes),
          static_cast<uint64_t>(study.cohort.assumed_colluders),
          study.cost().local_steps};
}

transparency::MaskTerms MaskTermsOf(const study::Study& study) {
  return {study.scrutineers.organisations, static_cast<uint64_t>(study.scrutineers.threshold)};
}

transparency::StudyTerms StudyRun::Terms() const { return TermsOf(study_, *recipe_); }

uint64_t StudyRun::IndexOf(const std::string& type, uint64_t round) const {
  std::string key = type + "/" + transparency::PrintStudy(study_.digest);
  if (round > 0) {
    key += "/" + std::to_string(round);
  } else if (type == "propose") {
    key += "/" + record_.proposer;
  }
  const auto found = parts_.log->Find(key);
  return found ? found->index : 0;
}

absl::StatusOr<Entry> StudyRun::RoundStartEntry(uint64_t round, absl::Time now) {
  EntryWriter writer("round-start", parts_.log->origin());
  const std::set<std::string> roster = Roster();
  std::string names;
  for (const std::string& name : roster) names += name + "\n";
  Terms().AddTo(&writer);
  writer.Study(study_.digest)
      .Integer("round", round)
      .Integer("propose", IndexOf("propose", 0))
      .Integer("roster-size", roster.size())
      .Hash("roster", crypto::Sha256(names))
      .Integer("threshold", MaskTermsOf(study_).threshold)
      // Entries carry whole seconds: the deadline is rounded up.
      .Time("deadline",
            absl::FromUnixSeconds(absl::ToUnixSeconds(now + study_.cohort.deadline) + 1))
      .Time("time", now);
  if (recipe_->needs_model()) {
    if (round == 1) MUTUAL_RETURN_IF_ERROR(StartModel());
    MUTUAL_ASSIGN_OR_RETURN(const Digest digest,
                            parts_.store->Put(ModelBytesOf(optimizer_.parameters)));
    writer.Hash("model", digest);
  }
  if (study_.privacy.clip_rule) writer.Real("gradient-clip", clip_);
  return writer.Finish();
}

absl::StatusOr<Entry> StudyRun::CloseEntry(const Closed& closed, absl::Time now) {
  EntryWriter writer("close", parts_.log->origin());
  writer.Study(study_.digest)
      .Integer("round", round_)
      .Integer("round-start", IndexOf("round-start", round_))
      .Time("time", now);
  std::vector<uint64_t> indices;
  for (const auto& [node, contribution] : closed.received) indices.push_back(contribution.entry);
  std::sort(indices.begin(), indices.end());
  for (const uint64_t index : indices) writer.Integer("contribution", index);
  return writer.Finish();
}

// Of the round that is open, or of the whole study before its first round.
absl::StatusOr<Entry> StudyRun::AbandonEntry(const std::string& code, absl::Time now) {
  EntryWriter writer("abandon", parts_.log->origin());
  writer.Study(study_.digest).Integer("round", round_).Text("code", code).Time("time", now);
  if (round_ > 0) writer.Integer("round-start", IndexOf("round-start", round_));
  return writer.Finish();
}

absl::StatusOr<Entry> StudyRun::IncidentEntry(absl::Time now) {
  EntryWriter writer("incident", parts_.log->origin());
  writer.Study(study_.digest)
      .Text("code", doom_)
      .Text("what", round_ == 0 ? "The study's first round cannot be started; it ends here."
                                : "The study's newest round cannot be released; it ends here.")
      .Time("time", now);
  if (round_ > 0) writer.Integer("round", round_);
  return writer.Finish();
}

absl::StatusOr<Entry> StudyRun::ReleaseEntry(absl::Time now) {
  const ReleaseOutput& output = *output_;
  const auto count = static_cast<int>(std::get<Tallying>(machine_->state()).received.size());
  const int least = least_counted_ == 0 ? count : std::min(least_counted_, count);
  MUTUAL_ASSIGN_OR_RETURN(const PrivacyFigures figures, FiguresOf(study_, least));
  EntryWriter writer("release", parts_.log->origin());
  Terms().AddTo(&writer);
  writer.Study(study_.digest)
      .Integer("round", round_)
      .Integer("round-start", IndexOf("round-start", round_))
      .Integer("close", IndexOf("close", round_))
      .Hash("sum", output.sum)
      .Integer("count", static_cast<uint64_t>(count))
      .Integer("least-count", static_cast<uint64_t>(least))
      .Real("epsilon-node", figures.epsilon_node)
      .Real("epsilon-public", figures.epsilon_public)
      .Text("accountant", "rdp")
      .Time("time", now);
  for (const auto& [node, tally] : std::get<Tallying>(machine_->state()).tallies) {
    writer.Integer("tally", tally.entry);
  }
  if (!output.model.empty()) writer.Hash("model", crypto::Sha256(output.model));
  if (!output.result_json.empty()) writer.Hash("result", crypto::Sha256(output.result_json));
  return writer.Finish();
}

absl::StatusOr<std::optional<Entry>> StudyRun::EntryToLog(absl::Time now) {
  std::optional<Entry> entry;
  const bool is_over = record_.state == "finished" || record_.state == "abandoned";
  if (!is_over && !doom_.empty()) {
    MUTUAL_ASSIGN_OR_RETURN(entry, IncidentEntry(now));
  } else if (!is_over && !unbegun_.empty()) {
    MUTUAL_ASSIGN_OR_RETURN(entry, AbandonEntry(unbegun_, now));
  }
  if (entry || record_.state != "running") return entry;
  const bool released = machine_ != nullptr && std::holds_alternative<Released>(machine_->state());
  if (round_ == 0 || (released && round_ < study_.rounds())) {
    MUTUAL_ASSIGN_OR_RETURN(entry, RoundStartEntry(round_ + 1, now));
  } else if (const auto* closed = std::get_if<Closed>(&machine_->state())) {
    MUTUAL_ASSIGN_OR_RETURN(entry, CloseEntry(*closed, now));
  } else if (const auto* abandoned = std::get_if<Abandoned>(&machine_->state())) {
    MUTUAL_ASSIGN_OR_RETURN(entry, AbandonEntry(abandoned->reason, now));
  }
  return entry;
}

absl::Status StudyRun::Logged(const LoggedEntry& logged) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry entry,
                          transparency::ParseSignedEntry(logged.bytes));
  const std::string& type = entry.entry.type();
  if (type == "round-start") {
    MUTUAL_ASSIGN_OR_RETURN(round_, entry.entry.Integer("round"));
    machine_ = std::make_unique<RoundMachine>(Rules(round_));
    MUTUAL_RETURN_IF_ERROR(Opened(logged.bytes));
    return Apply(RoundOpened{logged.bytes});
  }
  if (type == "close") {
    MUTUAL_ASSIGN_OR_RETURN(const absl::Time closed, entry.entry.Time("time"));
    tally_checkpoint_.clear();
    const absl::Status applied = Apply(
        CloseLogged{logged.index, transparency::LeafHash(logged.bytes),
                    absl::ToUnixSeconds(closed + study_.cohort.deadline) + 1, logged.checkpoint});
    NeedsCosigners(logged.checkpoint);  // as a rule it has them already
    return applied;
  }
  if (type == "abandon" || type == "incident") {
    MUTUAL_ASSIGN_OR_RETURN(const std::string code, entry.entry.Text("code"));
    return Fail(code);
  }
  return absl::OkStatus();
}

void StudyRun::Doom(const std::string& code) {
  if (doom_.empty()) doom_ = code;
}

absl::Status StudyRun::Stop(const std::string& code) {
  if (record_.state == "finished" || record_.state == "abandoned") return absl::OkStatus();
  if (round_ == 0) {
    if (unbegun_.empty()) unbegun_ = code;
    return absl::OkStatus();
  }
  // A round that is closed has its end in the log: the operator's incident is the study's.
  if (IsOpen(round_)) return Apply(RoundFailed{code});
  return std::holds_alternative<Abandoned>(machine_->state()) ? absl::OkStatus() : Fail(code);
}

absl::Status StudyRun::Opened(const std::string& entry_bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry entry,
                          transparency::ParseSignedEntry(entry_bytes));
  MUTUAL_ASSIGN_OR_RETURN(deadline_, entry.entry.Time("deadline"));
  model_.reset();
  if (entry.entry.Has("model")) {
    MUTUAL_ASSIGN_OR_RETURN(const Digest model, entry.entry.Hash("model"));
    model_ = model;
  }
  const auto found = parts_.log->FindSame(entry.entry);
  if (!found) return Internal("a round was opened that is not in the log");
  MUTUAL_ASSIGN_OR_RETURN(notice_, parts_.log->Receipt(found->index));
  return absl::OkStatus();
}

}  // namespace mutual::coordinator
