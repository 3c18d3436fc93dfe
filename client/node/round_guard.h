// What a node checks before it computes anything (DESIGN promise 4): public facts and its ledger
// only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "aggregation/masking/mask_classes.h"
#include "client/ledger/ledger.h"
#include "client/node/trust.h"
#include "privacy/budget.h"
#include "privacy/grid.h"
#include "study/recipe.h"
#include "study/study_file.h"
#include "transparency/mask_terms.h"
#include "transparency/study_terms.h"

namespace mutual::client {

struct GuardContext {
  std::string origin;
  Trust* trust;
  const privacy::BudgetPolicy* policy;
  Ledger* ledger;
  absl::Time now;
};

// A round this node may take part in.
struct AdmittedRound {
  transparency::TreeHead seen;  // that covers the round-start
  uint64_t round = 0;
  uint64_t roster_size = 0;
  std::optional<Digest> model;
  std::optional<double> clip;  // where the study's clip adapts: this round's
  transparency::StudyTerms terms;
  study::Study study;
  std::unique_ptr<study::Recipe> recipe;
  privacy::Grid grid;
  RoundCharge charge;
};

// Checks the receipt (in the log, under a quorum of witnesses), origin, acceptance, digest, expiry,
// that every parameter of the round equals the study's, budgets and round number. Codes: those of
// Trust::Verify, WRONG_LOG, STUDY_NOT_ACCEPTED, STUDY_EXPIRED, PARAMETERS_DIFFER, ROUND_EXPIRED,
// EPSILON_ABOVE_POLICY, BUDGET_SPENT, ROUND_NOT_INCREASING. Reads no member row ⚔.
absl::StatusOr<AdmittedRound> AdmitRound(const GuardContext& context, const std::string& receipt);
// What the entries of `study` repeat of it.
transparency::StudyTerms TermsOf(const study::Study& study, const study::Recipe& recipe);
transparency::MaskTerms MaskTermsOf(const study::Study& study);
aggregation::masking::Threshold ThresholdOf(const study::Study& study);

struct ChargedRound {
  Digest study;
  uint64_t round = 0;
  absl::Time time;  // whose year is charged
};
// One round's privacy cost for a node: the curves of both figures.
absl::StatusOr<RoundCharge> ChargeOf(const transparency::StudyTerms& terms,
                                     const ChargedRound& round);
// For study::ParseStudy: noise from a target epsilon_node.
absl::StatusOr<double> SolveNoise(double epsilon, double delta, double rate, uint64_t rounds);
absl::Status CheckStudyEpsilon(const privacy::BudgetPolicy& policy, const study::Study& study);

}  // namespace mutual::client
