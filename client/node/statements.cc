#include "client/node/statements.h"

#include "base/status.h"
#include "client/node/channel_log.h"
#include "client/node/round_guard.h"
#include "privacy/study_phase.h"
#include "study/recipe.h"
#include "transparency/signed_entry.h"

namespace mutual::client {
namespace {

absl::Time EndOf(const study::Study& study) {
  return absl::FromCivil(study.expires + 1, absl::UTCTimeZone());
}

uint64_t SecondsOf(absl::Duration duration) {
  return static_cast<uint64_t>(absl::ToInt64Seconds(duration));
}

}  // namespace

absl::Status Follow(Trust& trust, const TrustReply& shown) {
  MUTUAL_RETURN_IF_ERROR(LearnIfFirst(trust, shown.policy_receipt));
  return trust.See(shown.checkpoint);
}

absl::StatusOr<AnswerRecord> MakeAnswer(const Home& home, Trust& trust, const study::Study& study,
                                        const AnswerFacts& facts) {
  transparency::EntryWriter writer(facts.accepted ? "mandate" : "objection", home.origin());
  writer.Study(study.digest)
      .Head("seen", trust.seen())
      .Text("node", home.organisation())
      .Text("body", transparency::kOperatorBody)
      .Time("time", facts.now);
  if (facts.accepted) writer.Time("expires", EndOf(study));
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Entry entry, writer.Finish());
  AnswerRecord record{study.digest, study.text, facts.accepted, "", facts.now};
  MUTUAL_ASSIGN_OR_RETURN(record.entry, home.SignEntry(entry));
  return record;
}

absl::StatusOr<std::string> ProposeEntry(const Home& home, Trust& trust, const study::Study& study,
                                         absl::Time now) {
  MUTUAL_ASSIGN_OR_RETURN(const auto recipe, study::MakeRecipe(study));
  MUTUAL_ASSIGN_OR_RETURN(
      const privacy::StudyEpsilons epsilons,
      privacy::EpsilonsOf(study.cost(), study.cohort.min_nodes - study.cohort.assumed_colluders,
                          study.privacy.delta));
  transparency::EntryWriter writer("propose", home.origin());
  TermsOf(study, *recipe).AddTo(&writer);
  MaskTermsOf(study).AddTo(&writer);
  writer.Head("seen", trust.seen())
      .Study(study.digest)
      .Text("researcher", home.organisation())
      .Text("title", study.title)
      .Text("purpose", study.purpose)
      .Real("epsilon-node", epsilons.node)
      .Real("epsilon-public", epsilons.released)
      .Integer("round-seconds", SecondsOf(study.cohort.deadline))
      .Integer("join-seconds", SecondsOf(study.cohort.join_window))
      .Time("expires", EndOf(study))
      .Time("time", now);
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Entry entry, writer.Finish());
  return home.SignEntry(entry);
}

}  // namespace mutual::client
