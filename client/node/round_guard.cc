#include "client/node/round_guard.h"

#include <utility>

#include "base/encoding.h"
#include "base/status.h"
#include "privacy/study_phase.h"
#include "study/model.h"

namespace mutual::client {
namespace {

absl::Status Differs(const std::string& what) {
  return WithCode(
      PermissionDenied("the round's %s is not what the accepted study says; the node stays out. "
                       "Ask the coordinator's operator why",
                       what),
      "PARAMETERS_DIFFER");
}

absl::Status CheckParameters(const AdmittedRound& round) {
  const transparency::StudyTerms wanted = TermsOf(round.study, *round.recipe);
  const transparency::StudyTerms& found = round.terms;
  if (found.vector_length != wanted.vector_length) return Differs("vector length");
  if (found.sampling_rate != wanted.sampling_rate) return Differs("sampling rate");
  if (found.noise_multiplier != wanted.noise_multiplier) return Differs("noise");
  if (found.delta != wanted.delta) return Differs("delta");
  if (found.member_bound != wanted.member_bound) return Differs("member bound");
  if (found.min_nodes != wanted.min_nodes) return Differs("least number of nodes");
  if (found != wanted) return Differs("recipe, rounds or assumed colluders");
  if (round.roster_size < wanted.min_nodes || round.roster_size > 1000000) return Differs("roster");
  if (round.round < 1 || round.round > wanted.rounds) return Differs("round number");
  if (round.model.has_value() != round.recipe->needs_model()) return Differs("model");
  return absl::OkStatus();
}

// A clip that adapts is none of the coordinator's choice: within what the study's rule can reach by
// this round. What exactly it must be follows from the released sums, which auditors replay.
absl::Status CheckClip(const AdmittedRound& round) {
  const study::PrivacySpec& privacy = round.study.privacy;
  if (round.clip.has_value() != privacy.clip_rule.has_value()) return Differs("gradient clip");
  if (!round.clip ||
      study::IsReachable(*privacy.clip_rule, privacy.clip.value_or(0), round.round, *round.clip)) {
    return absl::OkStatus();
  }
  return Differs("gradient clip");
}

int YearOf(absl::Time time) {
  return static_cast<int>(absl::ToCivilYear(time, absl::UTCTimeZone()).year());
}

}  // namespace

absl::StatusOr<double> SolveNoise(double epsilon, double delta, double rate, uint64_t rounds) {
  return privacy::NoiseMultiplierFor({epsilon, delta, rate, rounds});
}

absl::StatusOr<RoundCharge> ChargeOf(const transparency::StudyTerms& terms,
                                     const ChargedRound& round) {
  const int honest = static_cast<int>(terms.min_nodes) - static_cast<int>(terms.assumed_colluders);
  MUTUAL_ASSIGN_OR_RETURN(privacy::StudyCurves curves,
                          privacy::CurvesOf(terms.cost().Over(1), honest));
  RoundCharge charge;
  charge.study = round.study;
  charge.round = round.round;
  charge.year = YearOf(round.time);
  charge.study_delta = terms.delta;
  charge.node = std::move(curves.node);
  charge.public_figure = std::move(curves.released);
  return charge;
}

absl::Status CheckStudyEpsilon(const privacy::BudgetPolicy& policy, const study::Study& study) {
  const privacy::Phase phase = privacy::NodePhase(study.cost());
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

aggregation::masking::Threshold ThresholdOf(const study::Study& study) {
  return {static_cast<uint32_t>(study.scrutineers.organisations.size()),
          static_cast<uint32_t>(study.scrutineers.threshold)};
}

transparency::MaskTerms MaskTermsOf(const study::Study& study) {
  return {study.scrutineers.organisations, static_cast<uint64_t>(study.scrutineers.threshold)};
}

transparency::StudyTerms TermsOf(const study::Study& study, const study::Recipe& recipe) {
  const study::PrivacySpec& privacy = study.privacy;
  return {std::string(study::KindName(study.recipe)),
          recipe.dimension(),
          study.rounds(),
          privacy.noise_multiplier,
          privacy.sampling_rate,
          privacy.delta,
          recipe.member_bound(),
          static_cast<uint64_t>(study.cohort.min_nodes),
          static_cast<uint64_t>(study.cohort.assumed_colluders),
          study.cost().local_steps};
}

absl::StatusOr<AdmittedRound> AdmitRound(const GuardContext& context, const std::string& receipt) {
  MUTUAL_ASSIGN_OR_RETURN(const VerifiedEntry verified, context.trust->Verify(receipt));
  const transparency::Entry& start = verified.entry.entry;
  AdmittedRound round;
  round.seen = verified.tree;
  if (start.type() != "round-start") {
    return InvalidArgument("the receipt is of a %s entry, want round-start", start.type());
  }
  if (start.log() != context.origin) {
    return WithCode(PermissionDenied("the round belongs to log %s, this node to %s", start.log(),
                                     context.origin),
                    "WRONG_LOG");
  }
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, start.Hash("study"));
  MUTUAL_ASSIGN_OR_RETURN(round.round, start.Integer("round"));
  MUTUAL_ASSIGN_OR_RETURN(round.terms, transparency::StudyTerms::Of(start));
  if (start.Has("model")) {
    MUTUAL_ASSIGN_OR_RETURN(const Digest model, start.Hash("model"));
    round.model = model;
  }
  if (start.Has("gradient-clip")) {
    MUTUAL_ASSIGN_OR_RETURN(const double clip, start.Real("gradient-clip"));
    round.clip = clip;
  }
  MUTUAL_ASSIGN_OR_RETURN(const absl::Time deadline, start.Time("deadline"));
  MUTUAL_ASSIGN_OR_RETURN(round.roster_size, start.Integer("roster-size"));
  MUTUAL_ASSIGN_OR_RETURN(const auto answer, context.ledger->FindAnswer(digest));
  if (!answer.has_value() || !answer->accepted) {
    return WithCode(PermissionDenied("study %s was not accepted here; to take part: mutual-node "
                                     "accept %s",
                                     digest.Short(), digest.Short()),
                    "STUDY_NOT_ACCEPTED");
  }
  MUTUAL_ASSIGN_OR_RETURN(round.study, study::ParseStudy(answer->study_text, SolveNoise));
  if (round.study.digest != digest) {
    return WithCode(DataLoss("the accepted study file no longer has digest %s; restore the ledger",
                             digest.Short()),
                    "STUDY_DIGEST");
  }
  if (round.study.expired(context.now)) {
    return WithCode(FailedPrecondition("study %s expired on %s", digest.Short(),
                                       absl::FormatCivilTime(round.study.expires)),
                    "STUDY_EXPIRED");
  }
  if (context.now > deadline) {
    return WithCode(FailedPrecondition("round %d closed at its deadline", round.round),
                    "ROUND_EXPIRED");
  }
  MUTUAL_ASSIGN_OR_RETURN(round.recipe, study::MakeRecipe(round.study));
  MUTUAL_RETURN_IF_ERROR(CheckParameters(round));
  MUTUAL_RETURN_IF_ERROR(CheckClip(round));
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t threshold, start.Integer("threshold"));
  if (threshold != MaskTermsOf(round.study).threshold) return Differs("threshold of scrutineers");
  MUTUAL_RETURN_IF_ERROR(CheckStudyEpsilon(*context.policy, round.study));
  MUTUAL_ASSIGN_OR_RETURN(
      round.grid,
      privacy::MakeGrid({round.terms.vector_length, round.terms.member_bound,
                         round.terms.noise_multiplier, static_cast<int>(round.roster_size),
                         round.recipe->needs_model() ? privacy::Rounding::kPerBatch
                                                     : privacy::Rounding::kPerMember}));
  MUTUAL_ASSIGN_OR_RETURN(round.charge, ChargeOf(round.terms, {digest, round.round, context.now}));
  MUTUAL_RETURN_IF_ERROR(context.ledger->WouldAdmit(*context.policy, round.charge));
  return round;
}

}  // namespace mutual::client
