#include "aggregation/masking/key_holder.h"

#include <algorithm>

#include "base/status.h"

namespace mutual::aggregation::masking {

absl::StatusOr<KeyHolder> KeyHolder::Create(const KeyWindow& window, uint32_t scrutineer,
                                            crypto::AgreementKey private_key) {
  MUTUAL_RETURN_IF_ERROR(window.Check());
  if (scrutineer >= window.scrutineer_keys.size() ||
      window.scrutineer_keys[scrutineer] != private_key.public_key()) {
    return InvalidArgument(
        "the private key is not that of scrutineer %u in this window; use the "
        "key that its scrutineer entry published",
        scrutineer);
  }
  return KeyHolder(window, scrutineer, std::move(private_key));
}

absl::StatusOr<std::variant<AcceptedKeys, KeyDispute>> KeyHolder::Receive(
    const MaskCommitments& commitments, std::span<const WrappedKey> wrapped) const {
  const Digest masks = commitments.ToDigest();
  AcceptedKeys accepted{KeysOk{scrutineer_, commitments.node, masks}, {}};
  for (uint32_t c : window_.classes.ClassesOf(scrutineer_)) {
    MUTUAL_ASSIGN_OR_RETURN(const Digest committed,
                            CommittedWrapping(commitments, window_.classes, c, scrutineer_));
    const auto found = std::find_if(wrapped.begin(), wrapped.end(), [&](const WrappedKey& one) {
      return one.mask_class == c && one.holder == scrutineer_ && one.ToDigest() == committed;
    });
    if (found == wrapped.end()) {
      return WithCode(NotFound("no wrapping of class %u from %s with the committed digest; ask for "
                               "it again",
                               c, commitments.node.name()),
                      "MASK_KEY_MISSING");
    }
    const WrapBinding binding = window_.Binding(commitments.node, c, scrutineer_);
    const absl::StatusOr<crypto::Secret> key = Unwrap(*found, binding, private_key_);
    const bool matches =
        key.ok() && Ratchet::Commit(key->bytes(), binding.ids).value() == commitments.commits[c];
    if (!matches) return KeyDispute{scrutineer_, commitments.node, masks, c};
    MUTUAL_ASSIGN_OR_RETURN(Ratchet ratchet, Ratchet::Create(key->bytes(), binding.ids));
    accepted.ratchets.push_back(std::move(ratchet));
  }
  return accepted;
}

}  // namespace mutual::aggregation::masking
