// The node's durable memory: budget charges, contributions, answers, slots (PRIVACY.md section 5).
//
// SQLite, WAL, synchronous=FULL. Every write is committed before the call returns. Several
// processes may open one file. Not thread-safe; one object per thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "privacy/budget.h"

namespace mutual::client {

struct ContributionRecord {
  Digest study;
  uint64_t round = 0;
  Digest sha256;            // of the stored bytes
  uint64_t bytes = 0;
  std::string entry;        // the signed contribution entry
  std::string file;         // where the exact bytes are
  absl::Time created;
  std::optional<absl::Time> sent;  // acknowledged by the coordinator
};

struct AnswerRecord {
  Digest study;
  std::string study_text;
  bool accepted = false;
  std::string entry;        // the signed mandate or objection
  absl::Time time;
};

struct RoundCharge {
  Digest study;
  uint64_t round = 0;
  int year = 0;
  double study_delta = 0;
  privacy::RenyiCurve node, public_figure;
};

class Ledger {
 public:
  virtual ~Ledger() = default;
  // Creates the file (mode 0600) when absent. DATA_LOSS LEDGER_CORRUPT when its own integrity check or
  // version fails: the message says to restore a backup and never to delete it.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(const std::string& path);

  // The same without a file: it forgets everything at its end. For simulations: what a real node sent must
  // outlive its program.
  static absl::StatusOr<std::unique_ptr<Ledger>> OpenInMemory();

  // The year charged is `charge.year` or the newest year charged before, whichever is later: a clock set
  // back renews nothing.
  // Admits both figures against `policy` and, in the same transaction, records charge and contribution.
  // RESOURCE_EXHAUSTED BUDGET_SPENT when refused (nothing is written). ALREADY_EXISTS ROUND_REPEATED when
  // (study, round) is there already; FAILED_PRECONDITION ROUND_NOT_INCREASING when round is not above the
  // study's last charged round.
  virtual absl::Status ChargeAndStore(const privacy::BudgetPolicy& policy, const RoundCharge& charge,
                                      const ContributionRecord& contribution) = 0;
  // Whether ChargeAndStore would admit: asked before any member row is read. Same errors.
  virtual absl::Status WouldAdmit(const privacy::BudgetPolicy& policy, const RoundCharge& charge) = 0;
  virtual absl::StatusOr<std::optional<ContributionRecord>> FindContribution(const Digest& study,
                                                                             uint64_t round) = 0;
  virtual absl::Status MarkSent(const Digest& study, uint64_t round, absl::Time time) = 0;
  virtual absl::StatusOr<std::vector<ContributionRecord>> Contributions() = 0;  // oldest first

  virtual absl::StatusOr<bool> IsCharged(const Digest& study, uint64_t round) = 0;
  // How many entries of the log this ledger is known to be no older than; 0 at first.
  virtual absl::StatusOr<uint64_t> log_checked() = 0;
  // Charges rounds that the log knows and a restored ledger forgot, whatever the budget, and sets log_checked().
  virtual absl::Status CatchUp(const std::vector<RoundCharge>& charges, uint64_t log_size) = 0;

  virtual absl::Status RecordAnswer(const AnswerRecord& answer) = 0;  // a later answer replaces an earlier
  virtual absl::StatusOr<std::optional<AnswerRecord>> FindAnswer(const Digest& study) = 0;
  virtual absl::StatusOr<std::vector<AnswerRecord>> Answers() = 0;

  // Sums of charged curves; zero curves when nothing was charged.
  virtual absl::StatusOr<privacy::Spending> Spent(int year, const Digest& study,
                                                  privacy::Figure figure) = 0;

  // The slot of a member (by keyed hash of the reference, key kept inside the ledger), assigned for ever on
  // first sight, uniformly among free slots of [0, slot_count()). RESOURCE_EXHAUSTED SLOTS_FULL when none.
  virtual absl::StatusOr<std::vector<uint64_t>> SlotsOf(const std::vector<std::string>& members) = 0;
  virtual absl::StatusOr<uint64_t> slot_count() = 0;
  // Sets the number of slots once; FAILED_PRECONDITION when another number is set already.
  virtual absl::Status SetSlotCount(uint64_t count) = 0;
};

}  // namespace mutual::client
