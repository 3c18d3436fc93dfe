#include "aggregation/masking/dispute.h"

#include "aggregation/masking/ratchet.h"
#include "base/status.h"
#include "crypto/key_agreement.h"

namespace mutual::aggregation::masking {

absl::StatusOr<Verdict> JudgeDispute(const KeyWindow& window, const MaskCommitments& commitments,
                                     const KeyReveal& reveal) {
  MUTUAL_RETURN_IF_ERROR(window.Check());
  const KeyDispute& dispute = reveal.dispute;
  if (dispute.node != commitments.node || dispute.masks != commitments.ToDigest()) {
    return InvalidArgument(
        "dispute of scrutineer %u is not about these masks of %s; judge it with "
        "the masks entry that it names",
        dispute.scrutineer, commitments.node.name());
  }
  MUTUAL_ASSIGN_OR_RETURN(
      const Digest committed,
      CommittedWrapping(commitments, window.classes, dispute.mask_class, dispute.scrutineer));
  if (reveal.wrapped.ToDigest() != committed) return Verdict::kNodeLied;
  const auto ephemeral = crypto::AgreementKey::FromBytes(reveal.ephemeral.bytes());
  if (!ephemeral.ok() || ephemeral->public_key() != reveal.wrapped.ephemeral) {
    return Verdict::kNodeLied;
  }
  const WrapBinding binding = window.Binding(dispute.node, dispute.mask_class, dispute.scrutineer);
  const auto key = UnwrapRevealed(reveal.wrapped, binding, *ephemeral);
  if (!key.ok()) return Verdict::kNodeLied;
  MUTUAL_ASSIGN_OR_RETURN(const Digest commit, Ratchet::Commit(key->bytes(), binding.ids));
  return commit == commitments.commits[dispute.mask_class] ? Verdict::kScrutineerLied
                                                           : Verdict::kNodeLied;
}

}  // namespace mutual::aggregation::masking
