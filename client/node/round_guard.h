// What a node checks before it computes anything (DESIGN promise 4): public facts and its ledger only.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/ledger/ledger.h"
#include "crypto/signing_key.h"
#include "privacy/budget.h"
#include "privacy/grid.h"
#include "study/recipe.h"
#include "study/statement.h"
#include "study/study_file.h"

namespace mutual::client {

struct GuardContext {
  std::string origin;
  const crypto::VerifyKey* log_key;
  const privacy::BudgetPolicy* policy;
  Ledger* ledger;
  absl::Time now;
};

// A round this node may take part in.
struct AdmittedRound {
  study::RoundStart start;
  study::Study study;
  std::unique_ptr<study::Recipe> recipe;
  privacy::Grid grid;
  RoundCharge charge;
};

// Checks signature, origin, acceptance, digest, expiry, that every parameter of the round equals the
// study's, budgets and round number. Codes: BAD_SIGNATURE, WRONG_LOG, STUDY_NOT_ACCEPTED, STUDY_EXPIRED,
// PARAMETERS_DIFFER, ROUND_EXPIRED, EPSILON_ABOVE_POLICY, BUDGET_SPENT, ROUND_NOT_INCREASING. Reads no member row ⚔.
absl::StatusOr<AdmittedRound> AdmitRound(const GuardContext& context, const std::string& start_text,
                                         const std::string& signature);

// One study's whole privacy cost for a node: curves of all rounds, both figures.
absl::StatusOr<RoundCharge> ChargeOf(const study::Study& study, uint64_t round, absl::Time now);
// For study::ParseStudy: noise from a target epsilon_node.
absl::StatusOr<double> SolveNoise(double epsilon, double delta, double rate, uint64_t rounds);
absl::Status CheckStudyEpsilon(const privacy::BudgetPolicy& policy, const study::Study& study);

}  // namespace mutual::client
