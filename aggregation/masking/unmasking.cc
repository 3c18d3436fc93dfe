#include "aggregation/masking/unmasking.h"

#include <algorithm>

#include "aggregation/masking/mask_sum.h"
#include "aggregation/masking/trust_bound.h"
#include "aggregation/ring.h"
#include "base/status.h"

namespace mutual::aggregation::masking {

Unmasking::Unmasking(const UnmaskedRound& round, MaskClasses classes)
    : round_(round),
      classes_(std::move(classes)),
      taken_off_(classes_.size(), false),
      mask_sum_(PaddedWords(round.values), 0) {}

absl::StatusOr<Unmasking> Unmasking::Create(const UnmaskedRound& round) {
  MUTUAL_ASSIGN_OR_RETURN(MaskClasses classes, MaskClasses::Create(round.threshold));
  if (round.values == 0) return InvalidArgument("a round of 0 values, want 1 or more");
  return Unmasking(round, std::move(classes));
}

absl::Status Unmasking::AddTally(const TallyMessage& message) {
  std::vector<uint32_t> named;
  for (const ClassDigest& one : message.classes) named.push_back(one.mask_class);
  if (message.study != round_.study || message.round != round_.round ||
      message.close_index != round_.close_index || message.close_entry != round_.close_entry ||
      message.scrutineer >= round_.threshold.scrutineers ||
      named != classes_.ClassesOf(message.scrutineer)) {
    return WithCode(
        InvalidArgument("tally of scrutineer %u is for close %d and %d classes, want "
                        "close %d and every class that it holds, in order",
                        message.scrutineer, message.close_index, named.size(), round_.close_index),
        "TALLY_MALFORMED");
  }
  const auto [stored, is_new] = tallies_.emplace(message.scrutineer, message);
  if (is_new || stored->second == message) return absl::OkStatus();
  return WithCode(FailedPrecondition("scrutineer %u published two different tallies of round %d; "
                                     "the first counts, keep both as evidence",
                                     message.scrutineer, round_.round),
                  "EQUIVOCATION");
}

std::map<Digest, uint32_t> Unmasking::Votes(uint32_t mask_class) const {
  std::map<Digest, uint32_t> votes;
  for (const auto& [scrutineer, message] : tallies_) {
    for (const ClassDigest& one : message.classes) {
      if (one.mask_class == mask_class) ++votes[one.sum];
    }
  }
  return votes;
}

std::optional<Digest> Unmasking::Agreed(uint32_t mask_class) const {
  for (const auto& [digest, count] : Votes(mask_class)) {
    if (count >= HolderMajority(round_.threshold)) return digest;
  }
  return std::nullopt;
}

std::vector<uint32_t> Unmasking::Wanted() const {
  std::vector<uint32_t> wanted;
  for (uint32_t c = 0; c < classes_.size(); ++c) {
    if (!taken_off_[c] && Agreed(c).has_value()) wanted.push_back(c);
  }
  return wanted;
}

absl::Status Unmasking::AddClassSum(uint32_t mask_class, std::span<const uint32_t> sum) {
  if (mask_class >= classes_.size()) {
    return InvalidArgument("class %u, want less than %u", mask_class, classes_.size());
  }
  const std::optional<Digest> agreed = Agreed(mask_class);
  if (!agreed.has_value()) {
    return WithCode(FailedPrecondition("holders have not agreed on the sum of class %u, want %u of "
                                       "%u; wait for more tallies",
                                       mask_class, HolderMajority(round_.threshold),
                                       classes_.holders_per_class()),
                    "CLASS_NOT_AGREED");
  }
  if (sum.size() != mask_sum_.size() || DigestOfWords(sum) != *agreed) {
    return WithCode(DataLoss("the sum of class %u with %d words does not have the agreed digest %s "
                             "of %d words; ask another holder",
                             mask_class, sum.size(), agreed->Short(), mask_sum_.size()),
                    "CLASS_SUM_CORRUPT");
  }
  if (taken_off_[mask_class]) return absl::OkStatus();
  AddToRing(sum, mask_sum_);
  taken_off_[mask_class] = true;
  return absl::OkStatus();
}

std::vector<Dissent> Unmasking::Dissents() const {
  std::vector<Dissent> dissents;
  for (const auto& [scrutineer, message] : tallies_) {
    for (const ClassDigest& one : message.classes) {
      const std::optional<Digest> agreed = Agreed(one.mask_class);
      if (agreed.has_value() && one.sum != *agreed) {
        dissents.push_back({scrutineer, one.mask_class});
      }
    }
  }
  return dissents;
}

absl::Status Unmasking::CheckAgreement() const {
  for (uint32_t c = 0; c < classes_.size(); ++c) {
    uint32_t most = 0, all = 0;
    for (const auto& [digest, count] : Votes(c)) {
      most = std::max(most, count);
      all += count;
    }
    if (most + (classes_.holders_per_class() - all) >= HolderMajority(round_.threshold)) continue;
    return WithCode(absl::AbortedError(absl::StrFormat(
                        "the holders of class %u published different sums and no majority is left; "
                        "round %d is abandoned, compare the holders' keys before the next",
                        c, round_.round)),
                    "CLASS_SUM_MISMATCH");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int64_t>> Unmasking::Release(
    std::span<const uint32_t> masked_sum) const {
  if (masked_sum.size() != mask_sum_.size()) {
    return InvalidArgument("masked sum has %d words, want %d", masked_sum.size(), mask_sum_.size());
  }
  MUTUAL_RETURN_IF_ERROR(CheckAgreement());
  const auto open = std::count(taken_off_.begin(), taken_off_.end(), false);
  if (open != 0) {
    return WithCode(FailedPrecondition("%d of %u class sums are missing in round %d; wait for more "
                                       "scrutineers until the tally deadline",
                                       open, classes_.size(), round_.round),
                    "TOO_FEW_SCRUTINEERS");
  }
  std::vector<uint32_t> sum(masked_sum.begin(),
                            masked_sum.begin() + static_cast<std::ptrdiff_t>(round_.values));
  for (size_t w = 0; w < sum.size(); ++w) sum[w] -= mask_sum_[w];
  return Centre(sum);
}

}  // namespace mutual::aggregation::masking
