#include "coordinator/round/key_exchange.h"

#include <algorithm>

#include "aggregation/masking/trust_bound.h"
#include "base/encoding.h"
#include "base/status.h"
#include "transparency/signed_entry.h"

namespace mutual::coordinator {

namespace masking = aggregation::masking;
using transparency::Entry;

namespace {

absl::Status Malformed(const std::string& why) {
  return WithCode(InvalidArgument("the entry is refused: %s", why), "MASKS_MALFORMED");
}

}  // namespace

absl::StatusOr<KeyExchange> KeyExchange::Create(const masking::KeyWindow& empty,
                                                std::vector<std::string> scrutineers) {
  masking::KeyWindow window = empty;
  window.scrutineer_keys.assign(scrutineers.size(), masking::PublicKey{});
  return KeyExchange(window, std::move(scrutineers));
}

int KeyExchange::NumberOf(const std::string& scrutineer) const {
  const auto found = std::find(scrutineers_.begin(), scrutineers_.end(), scrutineer);
  return found == scrutineers_.end() ? -1 : static_cast<int>(found - scrutineers_.begin());
}

const KeyExchange::Masks* KeyExchange::InForce(const std::string& node) const {
  const auto found = in_force_.find(node);
  return found == in_force_.end() ? nullptr : &masks_.at(found->second);
}

absl::Status KeyExchange::CheckShape(const Entry& entry) const {
  MUTUAL_ASSIGN_OR_RETURN(const auto commits, entry.ClassHashes("commit"));
  MUTUAL_ASSIGN_OR_RETURN(const auto sealed, entry.SealedHashes("sealed"));
  if (commits.size() != window_.classes.size()) return Malformed("it has not one commit a class");
  size_t at = 0;
  for (uint32_t c = 0; c < window_.classes.size(); ++c) {
    if (commits[c].mask_class != c) return Malformed("its commits are not in order");
    for (const uint32_t holder : window_.classes.Holders(c)) {
      if (!window_.IsPresent(holder)) continue;
      const bool there = at < sealed.size() && sealed[at].mask_class == c &&
                         sealed[at].holder == scrutineers_[holder];
      if (!there) return Malformed("it does not wrap a key for every scrutineer, in order");
      ++at;
    }
  }
  if (at != sealed.size()) return Malformed("it wraps keys for others than the scrutineers");
  return absl::OkStatus();
}

absl::Status KeyExchange::CheckMasks(const Entry& entry,
                                     const std::vector<masking::WrappedKey>& wrapped) const {
  if (!HasEnoughKeys()) {
    return WithCode(FailedPrecondition("too few scrutineers have published their keys; wait"),
                    "KEYS_MISSING");
  }
  MUTUAL_RETURN_IF_ERROR(CheckShape(entry));
  MUTUAL_ASSIGN_OR_RETURN(const auto sealed, entry.SealedHashes("sealed"));
  const bool same =
      std::equal(sealed.begin(), sealed.end(), wrapped.begin(), wrapped.end(),
                 [this](const transparency::SealedHash& one, const masking::WrappedKey& key) {
                   return one.mask_class == key.mask_class && key.holder < scrutineers_.size() &&
                          one.holder == scrutineers_[key.holder] && one.hash == key.ToDigest();
                 });
  return same ? absl::OkStatus()
              : Malformed("what is wrapped for the scrutineers does not have its digests");
}

absl::Status KeyExchange::Check(const Entry& entry,
                                const std::vector<masking::WrappedKey>& wrapped) const {
  MUTUAL_ASSIGN_OR_RETURN(const std::string node, entry.Text("node"));
  if (entry.type() == "masks") return CheckMasks(entry, wrapped);
  const bool is_reveal = entry.type() == "dispute" && entry.Has("ephemeral-secret");
  if (!is_reveal && NumberOf(node) < 0) {
    return WithCode(PermissionDenied("%s is no scrutineer of this study", node),
                    "NOT_A_SCRUTINEER");
  }
  if (entry.type() == "scrutineer") {
    MUTUAL_ASSIGN_OR_RETURN(const Digest key, entry.Hash("x25519"));
    if (key == Digest{}) return Malformed("its key is all zeros");
    if (!masks_.empty() && !HasKeyOf(node)) {
      return WithCode(FailedPrecondition("nodes have drawn their masks already; this study goes on "
                                         "without %s",
                                         node),
                      "KEY_WINDOW_CLOSED");
    }
  }
  for (const char* const line : {"masks", "entry"}) {
    const auto indices = entry.Integers(line);
    for (const uint64_t index : indices.ok() ? *indices : std::vector<uint64_t>()) {
      if (masks_.count(index) == 0 && complaints_.count(index) == 0) {
        return Malformed("it refers to an entry that is not of this join window");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status KeyExchange::TakeDispute(uint64_t index, const Entry& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string by, entry.Text("node"));
  MUTUAL_ASSIGN_OR_RETURN(const auto entries, entry.Integers("entry"));
  const std::vector<std::string> about = entry.Texts("about");
  if (!entry.Has("ephemeral-secret")) {
    if (entries.size() != 1 || masks_.count(entries[0]) == 0 || about.size() != 1) {
      return absl::OkStatus();  // of a round, or about nothing
    }
    complaints_[index] = {by, about[0], entries[0], false};
    masks_.at(entries[0]).disputed_by.insert(by);
    return absl::OkStatus();
  }
  for (const uint64_t one : entries) {
    const auto complaint = complaints_.find(one);
    if (complaint == complaints_.end() || complaint->second.node != by) continue;
    complaint->second.answered = true;
    in_force_.erase(by);  // its class is public: the node publishes masks again
  }
  return absl::OkStatus();
}

absl::Status KeyExchange::Take(const MaskEvent& event) {
  MUTUAL_RETURN_IF_ERROR(transparency::ParseSignedEntry(event.entry).status());
  const auto [known, is_new] = events_.emplace(event.index, event);
  if (!is_new) {
    // Logged before it was journalled, and found in the log: the node has drawn the same again.
    if (known->second.wrapped.empty()) known->second.wrapped = event.wrapped;
    return absl::OkStatus();
  }
  if (events_.rbegin()->first == event.index) return TakeNext(event);
  // Two entries were logged at once and reach us in the other order: begin again.
  window_.scrutineer_keys.assign(scrutineers_.size(), masking::PublicKey{});
  masks_.clear();
  in_force_.clear();
  complaints_.clear();
  for (const auto& [index, one] : events_) MUTUAL_RETURN_IF_ERROR(TakeNext(one));
  return absl::OkStatus();
}

absl::Status KeyExchange::TakeNext(const MaskEvent& event) {
  MUTUAL_ASSIGN_OR_RETURN(const auto parsed, transparency::ParseSignedEntry(event.entry));
  const Entry& entry = parsed.entry;
  MUTUAL_ASSIGN_OR_RETURN(const std::string node, entry.Text("node"));
  const int number = NumberOf(node);
  if (entry.type() == "scrutineer") {
    MUTUAL_ASSIGN_OR_RETURN(const Digest key, entry.Hash("x25519"));
    const bool counts = number >= 0 && masks_.empty() && !HasKeyOf(node);
    if (counts) window_.scrutineer_keys[static_cast<size_t>(number)] = key.bytes;
  } else if (entry.type() == "masks") {
    // A scrutineer's key slipped in before them perhaps: the node is asked for others.
    if (!HasEnoughKeys() || !CheckShape(entry).ok()) return absl::OkStatus();
    masks_[event.index] = {node, {}, {}};
    in_force_[node] = event.index;
  } else if (entry.type() == "keys-ok" && HasKeyOf(node)) {
    MUTUAL_ASSIGN_OR_RETURN(const auto indices, entry.Integers("masks"));
    for (const uint64_t index : indices) {
      if (masks_.count(index) > 0) masks_.at(index).confirmed_by.insert(node);
    }
  } else if (entry.type() == "dispute") {
    return TakeDispute(event.index, entry);
  }
  return absl::OkStatus();
}

bool KeyExchange::HasKeyOf(const std::string& scrutineer) const {
  const int number = NumberOf(scrutineer);
  return number >= 0 && window_.IsPresent(static_cast<uint32_t>(number));
}

bool KeyExchange::HasAllKeys() const {
  return std::all_of(scrutineers_.begin(), scrutineers_.end(),
                     [this](const std::string& name) { return HasKeyOf(name); });
}

bool KeyExchange::HasMasks(const std::string& node) const {
  const auto found = in_force_.find(node);
  return found != in_force_.end() && !events_.at(found->second).wrapped.empty();
}

bool KeyExchange::IsConfirmed(const std::string& node) const {
  const Masks* const masks = InForce(node);
  return masks != nullptr &&
         std::all_of(scrutineers_.begin(), scrutineers_.end(), [&](const std::string& name) {
           return !HasKeyOf(name) || masks->confirmed_by.count(name) > 0;
         });
}

bool KeyExchange::IsUsable(const std::string& node) const {
  const Masks* const masks = InForce(node);
  if (masks == nullptr) return false;
  for (uint32_t c = 0; c < window_.classes.size(); ++c) {
    const std::vector<uint32_t>& holders = window_.classes.Holders(c);
    const auto sure = std::count_if(holders.begin(), holders.end(), [&](uint32_t j) {
      return masks->confirmed_by.count(scrutineers_[j]) > 0;
    });
    if (sure < static_cast<int>(masking::HolderMajority(window_.classes.threshold()))) return false;
  }
  return true;
}

std::vector<uint64_t> KeyExchange::ToConfirm(const std::string& scrutineer) const {
  std::vector<uint64_t> indices;
  if (!HasKeyOf(scrutineer)) return indices;
  for (const auto& [node, index] : in_force_) {
    const Masks& masks = masks_.at(index);
    if (HasMasks(node) && masks.confirmed_by.count(scrutineer) == 0 &&
        masks.disputed_by.count(scrutineer) == 0) {
      indices.push_back(index);
    }
  }
  std::sort(indices.begin(), indices.end());
  return indices;
}

std::vector<uint64_t> KeyExchange::ToReveal(const std::string& node) const {
  std::vector<uint64_t> indices;
  std::set<std::string> answered;
  for (const auto& [index, one] : complaints_) {
    if (one.node == node && one.answered) answered.insert(one.scrutineer);
  }
  const auto in_force = in_force_.find(node);
  for (const auto& [index, one] : complaints_) {
    const bool about_these = in_force != in_force_.end() && one.masks == in_force->second;
    if (one.node == node && about_these && answered.count(one.scrutineer) == 0) {
      indices.push_back(index);
    }
  }
  return indices;
}

absl::StatusOr<std::vector<masking::WrappedKey>> KeyExchange::WrappedFor(
    uint64_t masks, const std::string& scrutineer) const {
  if (masks_.count(masks) == 0) {
    return WithCode(NotFound("entry %d is no masks entry of this study", masks),
                    "MASK_KEY_MISSING");
  }
  std::vector<masking::WrappedKey> own;
  for (const masking::WrappedKey& one : events_.at(masks).wrapped) {
    if (scrutineers_[one.holder] == scrutineer) own.push_back(one);
  }
  return own;
}

}  // namespace mutual::coordinator
