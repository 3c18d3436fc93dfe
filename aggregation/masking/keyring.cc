#include "aggregation/masking/keyring.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/status.h"

namespace mutual::aggregation::masking {
namespace {

// `parts` one after the other, each length-prefixed, without a copy that is not wiped.
crypto::Secret Join(std::span<const crypto::Secret> parts) {
  size_t size = 0;
  for (const crypto::Secret& part : parts) size += 4 + part.size();
  crypto::Secret joined = crypto::Secret::OfSize(size);
  auto at = joined.mutable_bytes().begin();
  for (const crypto::Secret& part : parts) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      *at++ = static_cast<uint8_t>(part.size() >> shift & 255);
    }
    at = std::copy(part.bytes().begin(), part.bytes().end(), at);
  }
  return joined;
}

}  // namespace

crypto::Secret SerializeRatchets(std::span<const Ratchet> ratchets) {
  std::vector<crypto::Secret> parts;
  for (const Ratchet& ratchet : ratchets) parts.push_back(ratchet.Serialize());
  return Join(parts);
}

absl::StatusOr<std::vector<Ratchet>> ParseRatchets(std::span<const uint8_t> bytes) {
  std::vector<Ratchet> ratchets;
  while (!bytes.empty()) {
    size_t size = 0;
    for (size_t i = 0; i < 4 && i < bytes.size(); ++i) size = size << 8 | bytes[i];
    if (bytes.size() < 4 || bytes.size() - 4 < size) {
      return WithCode(DataLoss("saved mask state is cut short; restore the last good copy"),
                      "MASK_STATE_CORRUPT");
    }
    MUTUAL_ASSIGN_OR_RETURN(Ratchet ratchet, Ratchet::Parse(bytes.subspan(4, size)));
    ratchets.push_back(std::move(ratchet));
    bytes = bytes.subspan(4 + size);
  }
  return ratchets;
}

absl::StatusOr<Keyring> Keyring::Parse(std::span<const uint8_t> bytes) {
  MUTUAL_ASSIGN_OR_RETURN(std::vector<Ratchet> ratchets, ParseRatchets(bytes));
  Keyring keyring;
  const absl::Status added = keyring.Add(std::move(ratchets));
  if (added.ok()) return keyring;
  return WithCode(DataLoss("%s", std::string(added.message())), "MASK_STATE_CORRUPT");
}

absl::Status Keyring::Add(std::vector<Ratchet> ratchets) {
  const MaskIds* first = nullptr;
  if (!ratchets.empty()) first = &ratchets.front().ids();
  if (!ratchets_.empty()) first = &ratchets_.begin()->second.ids();
  for (const Ratchet& ratchet : ratchets) {
    const MaskIds& ids = ratchet.ids();
    if (ids.origin != first->origin || ids.study != first->study) {
      return InvalidArgument("mask key of %s is of another study or log; keep one keyring for each",
                             ids.node.name());
    }
    if (ratchets_.contains({ids.node, ids.mask_class})) {
      return AlreadyExists("a key of %s for class %u is held already; confirmed keys stay",
                           ids.node.name(), ids.mask_class);
    }
  }
  for (Ratchet& ratchet : ratchets) {
    const std::pair<NodeId, uint32_t> name(ratchet.ids().node, ratchet.ids().mask_class);
    ratchets_.emplace(name, std::move(ratchet));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<crypto::Secret>> Keyring::StreamKeys(
    uint64_t round, uint32_t mask_class, std::span<const NodeId> nodes) const {
  std::vector<crypto::Secret> keys;
  for (const NodeId& node : nodes) {
    const auto found = ratchets_.find({node, mask_class});
    if (found == ratchets_.end()) {
      return WithCode(NotFound("no mask key of %s for class %u is held; its keys were not "
                               "confirmed here, so this scrutineer cannot tally the round",
                               node.name(), mask_class),
                      "MASK_KEY_MISSING");
    }
    MUTUAL_ASSIGN_OR_RETURN(crypto::Secret key, found->second.StreamKey(round));
    keys.push_back(std::move(key));
  }
  return keys;
}

absl::Status Keyring::ForgetThrough(uint64_t round) {
  for (auto& [name, ratchet] : ratchets_) MUTUAL_RETURN_IF_ERROR(ratchet.ForgetThrough(round));
  return absl::OkStatus();
}

void Keyring::Drop(const NodeId& node) {
  std::erase_if(ratchets_, [&](const auto& held) { return held.first.first == node; });
}

crypto::Secret Keyring::Serialize() const {
  std::vector<crypto::Secret> parts;
  for (const auto& [name, ratchet] : ratchets_) parts.push_back(ratchet.Serialize());
  return Join(parts);
}

}  // namespace mutual::aggregation::masking
