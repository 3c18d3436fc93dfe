// One study at the coordinator: from proposal through its rounds to the result.
//
// Not thread-safe: FederationCore holds the lock. What takes effect stands in the log first:
// EntryToLog says which entry is due, the caller appends it without the lock, Logged carries out
// its effect.
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
#include "coordinator/round/key_exchange.h"
#include "coordinator/round/round_machine.h"
#include "coordinator/service/mask_duty.h"
#include "coordinator/storage/content_store.h"
#include "coordinator/storage/journal.h"
#include "coordinator/storage/retention.h"
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
  Retention* retention;
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

  // Masks (study_masks.cc). What waits for `organisation`.
  std::vector<MaskDuty> DutiesFor(const std::string& organisation, absl::Time now) const;
  // Whether a scrutineer, masks, keys-ok, dispute or tally entry may be logged now; errors of
  // KeyExchange and the round machine.
  absl::Status CheckMaskEntry(const transparency::Entry& entry, const WrappedKeys& wrapped,
                              absl::Time now) const;
  absl::Status TakeMaskEntry(const LoggedEntry& logged, const WrappedKeys& wrapped);
  // Takes what was logged without being taken: by a coordinator that was killed in between, in a
  // batch that was cosigned only after a restart, or after its sender had given up. True when there
  // was something. A node whose masks entry it is is asked again, since what it wrapped is not in
  // the log.
  absl::StatusOr<bool> TakeLoggedKeys();
  absl::StatusOr<WrappedKeys> WrappedFor(uint64_t masks, const std::string& scrutineer) const;
  // Whose cosignatures a close needs beside the quorum.
  WantedWitnesses CloseWitnesses() const;
  // Whether a round is tallied whose close no checkpoint covers yet with enough scrutineers'
  // cosignatures; `newest` is taken when it does. Scrutineers are asked from then on.
  bool NeedsCosigners(const std::string& newest);
  // The digest of the class sum that is wanted of the round's tally. FAILED_PRECONDITION
  // CLASS_NOT_AGREED; ALREADY_EXISTS when it is kept.
  absl::StatusOr<Digest> WantedClassSum(uint64_t round, uint32_t mask_class) const;

  // The receipt of the open round's round-start, when `node` has still to answer it.
  std::optional<std::string> NoticeFor(const std::string& node) const;
  bool IsTallying() const;
  bool IsOpen(uint64_t round) const;
  bool HasContribution(const std::string& node, uint64_t round) const;
  bool IsModel(const Digest& digest) const;  // of the open round or the finished study
  uint64_t vector_bytes() const;             // of a masked vector, padding included
  bool IsOnRoster(const std::string& node) const;

  absl::Status Apply(const RoundEvent& event);  // journal, then handle
  // The same for several in one transaction. A status each: one that is refused keeps none of the
  // others out.
  std::vector<absl::Status> ApplyAll(const std::vector<RoundEvent>& events);
  absl::Status CheckDeadline(absl::Time now);

  // Set when every class sum of a round is there and the sum waits to be computed. The optimizer's
  // state goes with it (there is one copy in memory) and comes back with KeepOutput.
  std::optional<ReleaseInput> TakePendingRelease();
  void KeepOutput(ReleaseOutput output) { output_ = std::move(output); }
  bool has_output() const { return output_.has_value() && doom_.empty(); }
  // The release entry of the computed sum, and its effect.
  absl::StatusOr<transparency::Entry> ReleaseEntry(absl::Time now);
  absl::Status Publish();
  // The study cannot go on: an incident entry with `code` is due, and then its end.
  void Doom(const std::string& code);
  // Ends the study by the operator's decision, whose incident entry is logged. OK when it is over
  // already.
  absl::Status Stop(const std::string& code);

 private:
  explicit StudyRun(const RunParts& parts) : parts_(parts) {}
  absl::Status Resume();
  absl::Status LoadKeys();
  absl::Status ResumeUnbegun();
  absl::Status StartModel();
  absl::Status Opened(const std::string& entry_bytes);
  absl::StatusOr<std::vector<std::string>> Roster(const std::set<std::string>& nodes,
                                                  absl::Time now);
  RoundRules Rules(uint64_t round) const;
  bool WindowIsOver(absl::Time now) const;
  void AddKeyDuties(const std::string& organisation, absl::Time now,
                    std::vector<MaskDuty>* duties) const;
  void AddTallyDuties(const std::string& organisation, absl::Time now,
                      std::vector<MaskDuty>* duties) const;
  absl::StatusOr<transparency::Entry> RoundStartEntry(uint64_t round, absl::Time now);
  absl::StatusOr<transparency::Entry> CloseEntry(const Closed& closed, absl::Time now);
  absl::StatusOr<transparency::Entry> AbandonEntry(const std::string& code, absl::Time now);
  absl::StatusOr<transparency::Entry> IncidentEntry(absl::Time now);
  absl::Status Fail(const std::string& reason);
  uint64_t IndexOf(const std::string& type, uint64_t round) const;
  transparency::StudyTerms Terms() const;
  std::set<std::string> Roster() const;
  absl::Status KeepFiles();
  absl::Status LoadState(const std::string& state);
  size_t StateBytes() const;
  bool StopsEarly() const;
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
  std::unique_ptr<KeyExchange> keys_;
  std::string tally_checkpoint_;  // covers the close of round_ with enough scrutineers
  std::string doom_;              // why the study cannot go on; its incident is due
  std::string unbegun_;           // why the study ends before its first round; its abandon is due
  std::optional<ReleaseOutput> output_;  // computed, waits for its entry in the log
  aggregation::OptimizerState optimizer_;
  std::optional<Digest> optimizer_file_;  // of the last released round, in the store
  int least_counted_ = 0;                 // over all released rounds
  study::StopState stop_;                 // where the study may end early
  double clip_ = 0;  // of the next round to start, where the study's clip adapts
};

absl::StatusOr<double> SolveNoise(double epsilon, double delta, double rate, uint64_t rounds);
// What the entries of `study` repeat of it.
transparency::StudyTerms TermsOf(const study::Study& study, const study::Recipe& recipe);
transparency::MaskTerms MaskTermsOf(const study::Study& study);

}  // namespace mutual::coordinator
