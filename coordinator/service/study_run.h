// One study at the coordinator: from proposal through its rounds to the result.
//
// Not thread-safe: FederationCore holds the lock. Every change is in the journal before it takes effect.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/release/sum_release.h"
#include "coordinator/round/round_machine.h"
#include "coordinator/storage/content_store.h"
#include "coordinator/storage/journal.h"
#include "crypto/signing_key.h"
#include "study/recipe.h"
#include "study/statement.h"
#include "study/study_file.h"

namespace mutual::coordinator {

// What a run works with; everything outlives it.
struct RunParts {
  Journal* journal;
  ContentStore* store;
  const crypto::SigningKey* log_key;
  std::string origin;
};

class StudyRun {
 public:
  // A study new or from the journal; a running one is brought back to where it was.
  static absl::StatusOr<std::unique_ptr<StudyRun>> Load(const RunParts& parts, StudyRecord record,
                                                        absl::Time now);

  const StudyRecord& record() const { return record_; }
  const study::Study& study() const { return study_; }
  uint64_t rounds_released() const;
  int accepted() const;
  int refused() const;

  absl::Status TakeAnswer(const AnswerRow& answer);
  // Starts when enough organisations accepted and all `nodes` answered or the join window passed; abandons when
  // it passed with too few. True when something changed.
  absl::StatusOr<bool> MaybeStart(const std::set<std::string>& nodes, absl::Time now);

  // The open round's signed text, when `node` has still to answer it.
  struct Notice { std::string start, signature; };
  std::optional<Notice> NoticeFor(const std::string& node) const;
  bool IsOpen(uint64_t round) const;
  bool HasContribution(const std::string& node, uint64_t round) const;
  bool IsModel(const Digest& digest) const;  // of the open round or the finished study
  uint64_t vector_bytes() const { return recipe_->dimension() * 4; }

  absl::Status Apply(const RoundEvent& event);  // journal, then handle
  std::optional<absl::Time> deadline() const;   // of the collecting round
  absl::Status CheckDeadline(absl::Time now);

  // Set when a round is closed and its sum waits to be released.
  // The optimizer's state goes with it (there is one copy in memory) and comes back with Publish.
  std::optional<ReleaseInput> TakePendingRelease();
  absl::Status Publish(ReleaseOutput output, absl::Time now);
  absl::Status Fail(const std::string& reason);

 private:
  explicit StudyRun(const RunParts& parts) : parts_(parts) {}
  absl::Status Resume(absl::Time now);
  absl::Status StartModel();
  absl::Status OpenRound(uint64_t round, absl::Time now);
  absl::Status React(const std::vector<RoundAction>& actions);
  std::set<std::string> Roster() const;
  absl::Status LoadState(const std::string& state);
  absl::StatusOr<std::string> SaveState(std::optional<Digest>* optimizer_file);

  RunParts parts_;
  StudyRecord record_;
  study::Study study_;
  std::unique_ptr<study::Recipe> recipe_;
  std::vector<AnswerRow> answers_;
  uint64_t round_ = 0;
  std::unique_ptr<RoundMachine> machine_;
  study::RoundStart start_;
  Notice notice_;
  aggregation::OptimizerState optimizer_;
  std::optional<Digest> optimizer_file_;  // of the last released round, in the store
  int least_counted_ = 0;  // over all released rounds
};

absl::StatusOr<double> SolveNoise(double epsilon, double delta, double rate, uint64_t rounds);

}  // namespace mutual::coordinator
