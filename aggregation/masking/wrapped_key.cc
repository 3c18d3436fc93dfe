#include "aggregation/masking/wrapped_key.h"

#include "base/encoding.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/digest.h"

namespace mutual::aggregation::masking {
namespace {

constexpr std::array<uint8_t, 12> kNonce{};

// Info of the HKDF and associated data of the cipher: the same bytes bind both.
std::string Bound(const WrapBinding& binding, const PublicKey& ephemeral) {
  std::string info = binding.ids.Info(kWrapLabel);
  AppendNumber(binding.holder, &info);
  AppendLengthPrefixed(AsText(ephemeral), &info);
  AppendLengthPrefixed(AsText(binding.holder_key), &info);
  return info;
}

absl::StatusOr<crypto::Secret> OpenShared(const WrappedKey& wrapped, const WrapBinding& binding,
                                          const crypto::Secret& shared) {
  const std::string bound = Bound(binding, wrapped.ephemeral);
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret key,
                          crypto::HkdfSha256(shared.bytes(), {}, bound, 32));
  MUTUAL_ASSIGN_OR_RETURN(crypto::Secret opened,
                          crypto::Open(key.bytes(), kNonce, AsBytes(wrapped.ciphertext), bound));
  if (opened.size() != 32) {
    return DataLoss("wrapped mask key has %d bytes, want 32", opened.size());
  }
  return opened;
}

absl::StatusOr<crypto::Secret> OpenWith(const WrappedKey& wrapped, const WrapBinding& binding,
                                        const crypto::AgreementKey& mine, const PublicKey& theirs) {
  if (wrapped.mask_class != binding.ids.mask_class || wrapped.holder != binding.holder) {
    return InvalidArgument("wrapping is of class %u for holder %u, want class %u for holder %u",
                           wrapped.mask_class, wrapped.holder, binding.ids.mask_class,
                           binding.holder);
  }
  absl::StatusOr<crypto::Secret> shared = mine.Agree(theirs);
  absl::StatusOr<crypto::Secret> key =
      shared.ok() ? OpenShared(wrapped, binding, *shared) : shared.status();
  if (key.ok()) return key;
  return WithCode(DataLoss("mask key of class %u from %s does not open for scrutineer %u; the "
                           "scrutineer disputes it",
                           wrapped.mask_class, binding.ids.node.name(), binding.holder),
                  "MASK_KEY_MISMATCH");
}

}  // namespace

Digest WrappedKey::ToDigest() const {
  std::string bytes;
  AppendLengthPrefixed(kWrappedLabel, &bytes);
  AppendNumber(mask_class, &bytes);
  AppendNumber(holder, &bytes);
  AppendLengthPrefixed(AsText(ephemeral), &bytes);
  AppendLengthPrefixed(ciphertext, &bytes);
  return crypto::Sha256(bytes);
}

absl::StatusOr<WrappedKey> Wrap(std::span<const uint8_t> key, const crypto::AgreementKey& ephemeral,
                                const WrapBinding& binding) {
  if (key.size() != 32) return InvalidArgument("mask key has %d bytes, want 32", key.size());
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret shared, ephemeral.Agree(binding.holder_key));
  const std::string bound = Bound(binding, ephemeral.public_key());
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret wrapping_key,
                          crypto::HkdfSha256(shared.bytes(), {}, bound, 32));
  MUTUAL_ASSIGN_OR_RETURN(std::string ciphertext,
                          crypto::Seal(wrapping_key.bytes(), kNonce, key, bound));
  return WrappedKey{binding.ids.mask_class, binding.holder, ephemeral.public_key(),
                    std::move(ciphertext)};
}

absl::StatusOr<crypto::Secret> Unwrap(const WrappedKey& wrapped, const WrapBinding& binding,
                                      const crypto::AgreementKey& holder_key) {
  return OpenWith(wrapped, binding, holder_key, wrapped.ephemeral);
}

absl::StatusOr<crypto::Secret> UnwrapRevealed(const WrappedKey& wrapped, const WrapBinding& binding,
                                              const crypto::AgreementKey& ephemeral) {
  return OpenWith(wrapped, binding, ephemeral, binding.holder_key);
}

}  // namespace mutual::aggregation::masking
