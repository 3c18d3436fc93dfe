// One study at the coordinator: from proposal through its rounds to the result.
//
// Not thread-safe: FederationCore holds the lock. What takes effect stands in the log first: EntryToLog
// says which entry is due, the caller appends it without the lock, Logged carries out its effect.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/log/public_log.h"
#include "coordinator/release/sum_release.h"
#include "coordinator/round/round_machine.h"
#include "coordinator/storage/content_store.h"
#include "coordinator/storage/journal.h"
#include "study/recipe.h"
#include "study/study_file.h"
#include "transparency/mask_terms.h"
#include "transparency/study_terms.h"

namespace mutual::coordinator {

// What a run works with; everything outlives it.
struct RunParts {
  Journal* journal;
  ContentStore* store;
  PublicLog* log;
};

class StudyRun {
 public:
  // A study new or from the journal; a running one is brought back to where it was.
  static absl::StatusOr<std::unique_ptr<StudyRun>> Load(const RunParts& parts, StudyRecord record);

  const StudyRecord& record() const { return record_; }
  const study::Study& study() const { return study_; }
  const study::Recipe& recipe() const { return *recipe_; }
  uint64_t rounds_released() const;
  int accepted() const;
  int refused() const;

  absl::Status TakeAnswer(const AnswerRow& answer);
  // Begins when enough organisations accepted and all `nodes` answered or the join window passed;
  // abandons when it passed with too few. True when something changed.
  absl::StatusOr<bool> MaybeStart(const std::set<std::string>& nodes, absl::Time now);

  // The entry that must stand in the log before the study goes on, if any.
  absl::StatusOr<std::optional<transparency::Entry>> EntryToLog(absl::Time now);
  // The effect of the entry that EntryToLog asked for, or of the one with its key that was first.
  absl::Status Logged(const LoggedEntry& logged);

  // The receipt of the open round's round-start, when `node` has still to answer it.
  std::optional<std::string> NoticeFor(const std::string& node) const;
  bool IsOpen(uint64_t round) const;
  bool HasContribution(const std::string& node, uint64_t round) const;
  bool IsModel(const Digest& digest) const;  // of the open round or the finished study
  uint64_t vector_bytes() const { return recipe_->dimension() * 4; }
  bool IsOnRoster(const std::string& node) const;

  absl::Status Apply(const RoundEvent& event);  // journal, then handle
  absl::Status CheckDeadline(absl::Time now);

  // Set when a round's close is logged and its sum waits to be computed. The optimizer's state goes with
  // it (there is one copy in memory) and comes back with KeepOutput.
  std::optional<ReleaseInput> TakePendingRelease();
  void KeepOutput(ReleaseOutput output) { output_ = std::move(output); }
  bool has_output() const { return output_.has_value(); }
  // The release entry of the computed sum, and its effect.
  absl::StatusOr<transparency::Entry> ReleaseEntry(absl::Time now);
  absl::Status Publish();
  absl::Status Fail(const std::string& reason);

 private:
  explicit StudyRun(const RunParts& parts) : parts_(parts) {}
  absl::Status Resume();
  absl::Status StartModel();
  absl::Status Opened(const std::string& entry_bytes);
  absl::StatusOr<transparency::Entry> RoundStartEntry(uint64_t round, absl::Time now);
  absl::StatusOr<transparency::Entry> CloseEntry(const Closed& closed, absl::Time now);
  absl::StatusOr<transparency::Entry> AbandonEntry(const Abandoned& abandoned, absl::Time now);
  uint64_t IndexOf(const std::string& type, uint64_t round) const;
  transparency::StudyTerms Terms() const;
  std::set<std::string> Roster() const;
  absl::Status LoadState(const std::string& state);
  absl::StatusOr<std::string> SaveState(std::optional<Digest>* optimizer_file);

  RunParts parts_;
  StudyRecord record_;
  study::Study study_;
  std::unique_ptr<study::Recipe> recipe_;
  std::vector<AnswerRow> answers_;
  uint64_t round_ = 0;  // the last one opened
  std::unique_ptr<RoundMachine> machine_;
  std::optional<Digest> model_;  // of the last round opened
  absl::Time deadline_;
  std::string notice_;
  bool close_logged_ = false;
  std::optional<ReleaseOutput> output_;  // computed, waits for its entry in the log
  aggregation::OptimizerState optimizer_;
  std::optional<Digest> optimizer_file_;  // of the last released round, in the store
  int least_counted_ = 0;  // over all released rounds
};

absl::StatusOr<double> SolveNoise(double epsilon, double delta, double rate, uint64_t rounds);
// What the entries of `study` repeat of it.
transparency::StudyTerms TermsOf(const study::Study& study, const study::Recipe& recipe);
transparency::MaskTerms MaskTermsOf(const study::Study& study);

}  // namespace mutual::coordinator
