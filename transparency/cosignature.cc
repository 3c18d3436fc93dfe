#include "transparency/cosignature.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/status.h"
#include "transparency/checkpoint.h"

namespace mutual::transparency {
namespace {

// The newest time at which `witness` cosigned `note`, if it did.
absl::StatusOr<std::optional<uint64_t>> NewestTime(const Note& note, const NoteVerifier& witness) {
  std::optional<uint64_t> newest;
  for (const NoteSignature& signature : note.signatures) {
    if (!witness.Names(signature)) continue;
    const absl::Status status = witness.Verify(note.text, signature);
    if (!status.ok()) return Annotate(status, "cosignature of " + witness.name());
    const uint64_t time = GetUint64BigEndian(AsBytes(signature.bytes).first<8>());
    newest = std::max(newest.value_or(0), time);
  }
  return newest;
}

}  // namespace

absl::StatusOr<CosignatureSigner> CosignatureSigner::Create(std::string_view name,
                                                            crypto::SigningKey key) {
  MUTUAL_ASSIGN_OR_RETURN(NoteVerifier verifier,
                          NoteVerifier::Create(name, KeyType::kCosignature, key.verify_key()));
  return CosignatureSigner(std::move(verifier), std::move(key));
}

absl::StatusOr<NoteSignature> CosignatureSigner::Sign(std::string_view text,
                                                      uint64_t unix_seconds) const {
  const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(text);
  if (!checkpoint.ok()) return Annotate(checkpoint.status(), "only checkpoints are cosigned");
  NoteSignature signature{verifier_.name(), verifier_.key_id(), ""};
  PutUint64BigEndian(unix_seconds, &signature.bytes);
  signature.bytes += key_.Sign(CosignedMessage(unix_seconds, text));
  return signature;
}

absl::StatusOr<std::vector<Cosignature>> ReadCosignatures(const Note& note,
                                                          std::span<const NoteVerifier> witnesses) {
  std::vector<Cosignature> cosignatures;
  for (const NoteVerifier& witness : witnesses) {
    if (witness.type() != KeyType::kCosignature) {
      return InvalidArgument("the key of %s is a note key (1), want a cosignature key (4)",
                             witness.name());
    }
    MUTUAL_ASSIGN_OR_RETURN(const std::optional<uint64_t> time, NewestTime(note, witness));
    if (!time.has_value()) continue;
    const auto same =
        std::find_if(cosignatures.begin(), cosignatures.end(),
                     [&](const Cosignature& c) { return c.witness.key() == witness.key(); });
    if (same == cosignatures.end()) {
      cosignatures.push_back({witness, *time});
    } else {
      same->unix_seconds = std::max(same->unix_seconds, *time);
    }
  }
  return cosignatures;
}

}  // namespace mutual::transparency
