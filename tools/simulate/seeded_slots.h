// A ledger whose members' places depend on a seed, so that sampling repeats itself.
#pragma once

#include <memory>

#include "client/ledger/ledger.h"

namespace mutual::simulate {

// Everything is `ledger`'s but SlotsOf, which places members at random by `seed`: in a real ledger
// nobody can foretell who is sampled. Not thread-safe.
class SeededSlots final : public client::Ledger {
 public:
  SeededSlots(std::unique_ptr<client::Ledger> ledger, uint64_t seed)
      : ledger_(std::move(ledger)), seed_(seed) {}

  absl::Status ChargeAndStore(const privacy::BudgetPolicy& policy,
                              const client::RoundCharge& charge,
                              const client::ContributionRecord& contribution) override {
    return ledger_->ChargeAndStore(policy, charge, contribution);
  }
  absl::Status WouldAdmit(const privacy::BudgetPolicy& policy,
                          const client::RoundCharge& charge) override {
    return ledger_->WouldAdmit(policy, charge);
  }
  absl::StatusOr<std::optional<client::ContributionRecord>> FindContribution(
      const Digest& study, uint64_t round) override {
    return ledger_->FindContribution(study, round);
  }
  absl::Status MarkSent(const Digest& study, uint64_t round, absl::Time time) override {
    return ledger_->MarkSent(study, round, time);
  }
  absl::StatusOr<std::vector<client::ContributionRecord>> Contributions() override {
    return ledger_->Contributions();
  }
  absl::StatusOr<bool> IsCharged(const Digest& study, uint64_t round) override {
    return ledger_->IsCharged(study, round);
  }
  absl::StatusOr<uint64_t> log_checked() override { return ledger_->log_checked(); }
  absl::Status CatchUp(const std::vector<client::RoundCharge>& charges,
                       uint64_t log_size) override {
    return ledger_->CatchUp(charges, log_size);
  }
  absl::Status RecordAnswer(const client::AnswerRecord& answer) override {
    return ledger_->RecordAnswer(answer);
  }
  absl::StatusOr<std::optional<client::AnswerRecord>> FindAnswer(const Digest& study) override {
    return ledger_->FindAnswer(study);
  }
  absl::StatusOr<std::vector<client::AnswerRecord>> Answers() override {
    return ledger_->Answers();
  }
  absl::StatusOr<privacy::Spending> Spent(int year, const Digest& study,
                                          privacy::Figure figure) override {
    return ledger_->Spent(year, study, figure);
  }
  // RESOURCE_EXHAUSTED SLOTS_FULL as a real ledger. To be asked for all members at once.
  absl::StatusOr<std::vector<uint64_t>> SlotsOf(const std::vector<std::string>& members) override;
  absl::StatusOr<uint64_t> slot_count() override { return ledger_->slot_count(); }
  absl::Status SetSlotCount(uint64_t count) override { return ledger_->SetSlotCount(count); }

 private:
  const std::unique_ptr<client::Ledger> ledger_;
  const uint64_t seed_;
};

}  // namespace mutual::simulate
