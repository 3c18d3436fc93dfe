#include "aggregation/masking/masker.h"

#include <algorithm>

#include "aggregation/masking/keyring.h"
#include "aggregation/masking/mask_sum.h"
#include "base/status.h"

namespace mutual::aggregation::masking {

absl::StatusOr<Masker> Masker::Create(const MaskClasses& classes, std::vector<Ratchet> ratchets) {
  if (ratchets.size() != classes.size()) {
    return InvalidArgument("masker got %d keys, want one for each of %u classes", ratchets.size(),
                           classes.size());
  }
  for (uint32_t c = 0; c < classes.size(); ++c) {
    MaskIds wanted = ratchets.front().ids();
    wanted.mask_class = c;
    if (ratchets[c].ids() != wanted || ratchets[c].round() != ratchets.front().round()) {
      return InvalidArgument(
          "mask key %u is of another class, node, study, log or round, want class "
          "%u of %s at round %d",
          c, c, wanted.node.name(), ratchets.front().round());
    }
  }
  return Masker(std::move(ratchets));
}

absl::StatusOr<Masker> Masker::Parse(const MaskClasses& classes, std::span<const uint8_t> bytes) {
  MUTUAL_ASSIGN_OR_RETURN(std::vector<Ratchet> ratchets, ParseRatchets(bytes));
  absl::StatusOr<Masker> masker = Create(classes, std::move(ratchets));
  if (masker.ok()) return masker;
  return WithCode(DataLoss("%s", std::string(masker.status().message())), "MASK_STATE_CORRUPT");
}

absl::StatusOr<std::vector<uint32_t>> Masker::Mask(uint64_t round, std::span<const uint32_t> values,
                                                   uint32_t threads) {
  if (values.empty())
    return InvalidArgument("a vector of 0 values was to be masked, want 1 or more");
  std::vector<crypto::Secret> keys;
  for (const Ratchet& ratchet : ratchets_) {
    MUTUAL_ASSIGN_OR_RETURN(crypto::Secret key, ratchet.StreamKey(round));
    keys.push_back(std::move(key));
  }
  std::vector<uint32_t> masked(PaddedWords(values.size()), 0);
  std::copy(values.begin(), values.end(), masked.begin());
  MUTUAL_RETURN_IF_ERROR(AddMasks(keys, threads, masked));
  MUTUAL_RETURN_IF_ERROR(Skip(round));
  return masked;
}

absl::Status Masker::Skip(uint64_t round) {
  for (Ratchet& ratchet : ratchets_) MUTUAL_RETURN_IF_ERROR(ratchet.ForgetThrough(round));
  return absl::OkStatus();
}

crypto::Secret Masker::Serialize() const { return SerializeRatchets(ratchets_); }

}  // namespace mutual::aggregation::masking
