#include "client/node/round_guard.h"

#include "base/encoding.h"
#include "base/status.h"
#include "privacy/accountant.h"
#include "study/model.h"

namespace mutual::client {
namespace {

int HonestNodes(const study::Study& study) {
  return study.cohort.min_nodes - study.cohort.assumed_colluders;
}

absl::Status Differs(const std::string& what) {
  return WithCode(
      PermissionDenied("the round's %s is not what the accepted study says; the node stays out. "
                       "Ask the coordinator's operator why",
                       what),
      "PARAMETERS_DIFFER");
}

absl::Status CheckParameters(const study::RoundStart& start, const study::Study& study,
                             const study::Recipe& recipe) {
  if (start.vector_length != recipe.dimension()) return Differs("vector length");
  if (start.sampling_rate != study.privacy.sampling_rate) return Differs("sampling rate");
  if (start.noise_multiplier != study.privacy.noise_multiplier) return Differs("noise");
  if (start.member_bound != recipe.member_bound()) return Differs("member bound");
  if (start.min_nodes != study.cohort.min_nodes) return Differs("least number of nodes");
  if (start.roster_size < start.min_nodes) return Differs("roster");
  if (start.round < 1 || start.round > study.rounds()) return Differs("round number");
  if (start.model.has_value() != recipe.needs_model()) return Differs("model");
  return absl::OkStatus();
}

int YearOf(absl::Time time) {
  return static_cast<int>(absl::ToCivilYear(time, absl::UTCTimeZone()).year());
}

}  // namespace

absl::StatusOr<double> SolveNoise(double epsilon, double delta, double rate, uint64_t rounds) {
  return privacy::NoiseMultiplierFor({epsilon, delta, rate, rounds});
}

absl::StatusOr<RoundCharge> ChargeOf(const study::Study& study, uint64_t round, absl::Time now) {
  const privacy::Phase node{study.privacy.noise_multiplier, study.privacy.sampling_rate, 1};
  const privacy::Phase released{
      privacy::PublicNoiseMultiplier(node.noise_multiplier, HonestNodes(study)),
      node.sampling_rate, 1};
  RoundCharge charge;
  charge.study = study.digest;
  charge.round = round;
  charge.year = YearOf(now);
  charge.study_delta = study.privacy.delta;
  MUTUAL_ASSIGN_OR_RETURN(charge.node, privacy::CurveOf(node));
  MUTUAL_ASSIGN_OR_RETURN(charge.public_figure, privacy::CurveOf(released));
  return charge;
}

absl::Status CheckStudyEpsilon(const privacy::BudgetPolicy& policy, const study::Study& study) {
  const privacy::Phase phase{study.privacy.noise_multiplier, study.privacy.sampling_rate,
                             study.rounds()};
  MUTUAL_ASSIGN_OR_RETURN(const privacy::Epsilon whole,
                          privacy::EpsilonOf(std::span(&phase, 1), study.privacy.delta));
  if (whole.epsilon > policy.study_epsilon_node) {
    return WithCode(
        PermissionDenied("the study could reveal more than this organisation allows (epsilon_node "
                         "%.3f, the policy allows %.3f). Ask for more noise or fewer rounds, or "
                         "raise study_epsilon_node in node.toml",
                         whole.epsilon, policy.study_epsilon_node),
        "EPSILON_ABOVE_POLICY");
  }
  return absl::OkStatus();
}

absl::StatusOr<AdmittedRound> AdmitRound(const GuardContext& context,
                                         const std::string& start_text,
                                         const std::string& signature) {
  if (!context.log_key->Verify(start_text, AsBytes(signature)).ok()) {
    return WithCode(Unauthenticated("the round is not signed by the federation's log key; the node "
                                    "stays out. Check the coordinator's address"),
                    "BAD_SIGNATURE");
  }
  AdmittedRound round;
  MUTUAL_ASSIGN_OR_RETURN(round.start, study::RoundStart::Parse(start_text));
  if (round.start.origin != context.origin) {
    return WithCode(PermissionDenied("the round belongs to log %s, this node to %s",
                                     round.start.origin, context.origin),
                    "WRONG_LOG");
  }
  MUTUAL_ASSIGN_OR_RETURN(const auto answer, context.ledger->FindAnswer(round.start.study));
  if (!answer.has_value() || !answer->accepted) {
    return WithCode(PermissionDenied("study %s was not accepted here; to take part: mutual-node "
                                     "accept %s",
                                     round.start.study.Short(), round.start.study.Short()),
                    "STUDY_NOT_ACCEPTED");
  }
  MUTUAL_ASSIGN_OR_RETURN(round.study,
                          study::ParseStudy(answer->study_text, SolveNoise));
  if (round.study.digest != round.start.study) {
    return WithCode(DataLoss("the accepted study file no longer has digest %s; restore the ledger",
                             round.start.study.Short()),
                    "STUDY_DIGEST");
  }
  if (round.study.expired(context.now)) {
    return WithCode(FailedPrecondition("study %s expired on %s", round.start.study.Short(),
                                       absl::FormatCivilTime(round.study.expires)),
                    "STUDY_EXPIRED");
  }
  if (context.now > round.start.deadline) {
    return WithCode(FailedPrecondition("round %d closed at its deadline", round.start.round),
                    "ROUND_EXPIRED");
  }
  MUTUAL_ASSIGN_OR_RETURN(round.recipe, study::MakeRecipe(round.study));
  MUTUAL_RETURN_IF_ERROR(CheckParameters(round.start, round.study, *round.recipe));
  MUTUAL_RETURN_IF_ERROR(CheckStudyEpsilon(*context.policy, round.study));
  MUTUAL_ASSIGN_OR_RETURN(
      round.grid,
      privacy::MakeGrid({round.start.vector_length, round.start.member_bound,
                         round.start.noise_multiplier, round.start.roster_size,
                         round.recipe->needs_model() ? privacy::Rounding::kPerBatch
                                                     : privacy::Rounding::kPerMember}));
  MUTUAL_ASSIGN_OR_RETURN(round.charge, ChargeOf(round.study, round.start.round, context.now));
  MUTUAL_RETURN_IF_ERROR(context.ledger->WouldAdmit(*context.policy, round.charge));
  return round;
}

}  // namespace mutual::client
