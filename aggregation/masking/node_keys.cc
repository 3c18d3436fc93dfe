#include "aggregation/masking/node_keys.h"

#include <algorithm>

#include "base/status.h"

namespace mutual::aggregation::masking {

absl::StatusOr<NodeKeys> NodeKeys::Draw(const NodeId& node, const KeyWindow& window,
                                        crypto::RandomSource& random) {
  MUTUAL_RETURN_IF_ERROR(window.Check());
  NodeKeys keys(node, window);
  const uint32_t count = window.classes.size();
  keys.keys_.resize(count);
  keys.commitments_.commits.resize(count);
  keys.commitments_.wrappings.resize(count);
  for (uint32_t c = 0; c < count; ++c) {
    for (uint32_t holder : window.classes.Holders(c)) {
      keys.wrapped_.push_back(WrappedKey{c, holder, {}, {}});
      keys.ephemerals_.push_back(crypto::AgreementKey::Generate(random));
    }
    MUTUAL_RETURN_IF_ERROR(keys.DrawClass(c, random));
  }
  return keys;
}

size_t NodeKeys::PositionOf(uint32_t mask_class, uint32_t holder) const {
  const std::vector<uint32_t>& holders = window_.classes.Holders(mask_class);
  const auto at = std::lower_bound(holders.begin(), holders.end(), holder) - holders.begin();
  return mask_class * size_t{window_.classes.holders_per_class()} + static_cast<size_t>(at);
}

absl::Status NodeKeys::DrawClass(uint32_t mask_class, crypto::RandomSource& random) {
  crypto::Secret key = crypto::Secret::OfSize(32);
  random.Fill(key.mutable_bytes());
  std::vector<Digest> digests;
  for (uint32_t holder : window_.classes.Holders(mask_class)) {
    const size_t at = PositionOf(mask_class, holder);
    if (!window_.IsPresent(holder)) {
      digests.emplace_back();
      continue;
    }
    ephemerals_[at] = crypto::AgreementKey::Generate(random);
    MUTUAL_ASSIGN_OR_RETURN(
        wrapped_[at],
        Wrap(key.bytes(), ephemerals_[at], window_.Binding(commitments_.node, mask_class, holder)));
    digests.push_back(wrapped_[at].ToDigest());
  }
  MUTUAL_ASSIGN_OR_RETURN(commitments_.commits[mask_class],
                          Ratchet::Commit(key.bytes(), window_.Ids(commitments_.node, mask_class)));
  commitments_.wrappings[mask_class] = std::move(digests);
  keys_[mask_class] = std::move(key);
  return absl::OkStatus();
}

absl::StatusOr<KeyReveal> NodeKeys::Reveal(const KeyDispute& dispute,
                                           crypto::RandomSource& random) {
  if (dispute.node != commitments_.node || dispute.masks != commitments_.ToDigest() ||
      !window_.classes.Holds(dispute.scrutineer, dispute.mask_class) ||
      !window_.IsPresent(dispute.scrutineer)) {
    return InvalidArgument(
        "dispute of scrutineer %u about class %u of %s is not about the "
        "commitments of %s in force; nothing is revealed",
        dispute.scrutineer, dispute.mask_class, dispute.node.name(), commitments_.node.name());
  }
  const size_t at = PositionOf(dispute.mask_class, dispute.scrutineer);
  KeyReveal reveal{dispute, wrapped_[at], ephemerals_[at].private_key().Clone()};
  MUTUAL_RETURN_IF_ERROR(DrawClass(dispute.mask_class, random));
  return reveal;
}

absl::StatusOr<std::vector<Ratchet>> NodeKeys::Ratchets() const {
  std::vector<Ratchet> ratchets;
  for (uint32_t c = 0; c < window_.classes.size(); ++c) {
    MUTUAL_ASSIGN_OR_RETURN(Ratchet ratchet,
                            Ratchet::Create(keys_[c].bytes(), window_.Ids(commitments_.node, c)));
    ratchets.push_back(std::move(ratchet));
  }
  return ratchets;
}

}  // namespace mutual::aggregation::masking
