#include "aggregation/masking/scrutineer.h"

#include "aggregation/masking/mask_sum.h"
#include "aggregation/masking/tally_rules.h"
#include "base/status.h"

namespace mutual::aggregation::masking {

absl::StatusOr<Scrutineer> Scrutineer::Create(const ScrutineerPost& post, Keyring keyring,
                                              RoundRecordStore* records) {
  MUTUAL_ASSIGN_OR_RETURN(MaskClasses classes, MaskClasses::Create(post.threshold));
  if (post.scrutineer >= post.threshold.scrutineers) {
    return InvalidArgument("scrutineer number %u, want less than %u", post.scrutineer,
                           post.threshold.scrutineers);
  }
  return Scrutineer(post, std::move(keyring), std::move(classes), records);
}

absl::Status Scrutineer::CheckPost(const RoundFacts& facts) const {
  if (facts.origin == post_.origin && facts.study == post_.study &&
      facts.threshold == post_.threshold && facts.words >= kMinWords) {
    return absl::OkStatus();
  }
  return WithCode(InvalidArgument("facts are of study %s in log %s with %d words, want study %s in "
                                  "log %s, its threshold and at least %d words",
                                  facts.study.Short(), facts.origin, facts.words,
                                  post_.study.Short(), post_.origin, kMinWords),
                  "FACTS_MALFORMED");
}

absl::Status Scrutineer::Record(const RoundFacts& facts, const RoundEnd& end,
                                const Digest& answer) {
  const RoundRecord record{facts.study, facts.round, end.index, end.entry, answer};
  MUTUAL_ASSIGN_OR_RETURN(const RoundRecord stored, records_->RecordOnce(record));
  if (stored.end_index != end.index || stored.end_entry != end.entry) {
    return WithCode(
        FailedPrecondition("round %d was ended here by entry %d (leaf %s), now entry %d (leaf %s) "
                           "is shown; the log was forked, keep both as evidence",
                           facts.round, stored.end_index, stored.end_entry.Short(), end.index,
                           end.entry.Short()),
        "EQUIVOCATION");
  }
  if (stored.answer != answer) {
    return WithCode(DataLoss("the tally of round %d differs from the one answered before; restore "
                             "the mask keys, nothing is answered",
                             facts.round),
                    "TALLY_CHANGED");
  }
  return absl::OkStatus();
}

absl::StatusOr<Tally> Scrutineer::Answer(const RoundFacts& facts, uint64_t close_index,
                                         uint32_t threads) {
  MUTUAL_RETURN_IF_ERROR(CheckPost(facts));
  const absl::StatusOr<RoundEnd> first = FirstEnd(facts);
  if (first.ok() && first->kind == RoundEnd::Kind::kAbandon) {
    // Remembered too: a fork might show a close later.
    MUTUAL_RETURN_IF_ERROR(Record(facts, *first, Digest{}));
  }
  MUTUAL_ASSIGN_OR_RETURN(const CountedRound round, CheckClose(facts, close_index));
  TallyMessage message{post_.scrutineer,  facts.study,       facts.round,
                       round.close.index, round.close.entry, {}};
  std::vector<std::vector<uint32_t>> sums;
  for (uint32_t c : classes_.ClassesOf(post_.scrutineer)) {
    MUTUAL_ASSIGN_OR_RETURN(const std::vector<crypto::Secret> keys,
                            keyring_.StreamKeys(facts.round, c, round.nodes));
    std::vector<uint32_t>& sum = sums.emplace_back(facts.words, 0);
    MUTUAL_RETURN_IF_ERROR(AddMasks(keys, threads, sum));
    message.classes.push_back({c, DigestOfWords(sum)});
  }
  MUTUAL_RETURN_IF_ERROR(Record(facts, round.close, message.ToDigest()));
  return Tally(std::move(message), std::move(sums));
}

}  // namespace mutual::aggregation::masking
