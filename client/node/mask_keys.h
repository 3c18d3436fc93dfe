// A node's mask keys on disk, one study after the other.
//
//   DIR/masks/<study>.seed   what the join window's keys are drawn from; gone with the first masked
//   round DIR/masks/<study>.keys   the ratchets: only keys of rounds not yet masked
//   DIR/masks/<study>.revealed     which keys drawn from the seed were revealed in disputes; with
//   it
//
// Keys of a round are erased before its masked vector may leave, so whoever takes the folder later
// learns nothing of earlier rounds; old blocks of the disk are not covered (docs/MASKING.md).
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "aggregation/masking/masker.h"
#include "base/ids.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace mutual::client {

// The key of a class, opened to everybody because this scrutineer disputed its wrapping.
struct RevealedKey {
  uint32_t scrutineer = 0;
  uint32_t mask_class = 0;
  bool operator==(const RevealedKey&) const = default;
};

// Thread-safe.
class MaskKeys {
 public:
  explicit MaskKeys(const std::filesystem::path& home) : folder_(home / "masks") {}

  // 32 bytes, drawn at the first call and durable: the same after a crash, so that a node never
  // publishes two different sets of keys. FAILED_PRECONDITION with code MASKS_IN_USE once a round
  // was masked.
  absl::StatusOr<crypto::Secret> SeedOf(const Digest& study, crypto::RandomSource& random);
  // The ratchets that belong to the published masks, none of whose keys is public. MASKS_IN_USE as
  // above.
  absl::Status Keep(const Digest& study, const aggregation::masking::Masker& masker);

  // Durably, before a key is revealed: the ratchets go, so that nothing is masked with them any
  // more even if the coordinator hides the reveal ⚔, and every later draw knows of it. Once a key
  // is kept twice the second call changes nothing. MASKS_IN_USE as above.
  absl::Status Reveal(const Digest& study, const RevealedKey& key);
  // In the order in which they were revealed.
  absl::StatusOr<std::vector<RevealedKey>> Revealed(const Digest& study) const;

  // FAILED_PRECONDITION with code MASK_KEYS_MISSING when no masks were agreed on, or none since a
  // key of theirs was revealed.
  absl::StatusOr<aggregation::masking::Masker> Load(
      const Digest& study, const aggregation::masking::MaskClasses& classes);
  // After `masker` masked a round and the vector is stored: erases the round's keys and the seed.
  absl::Status Advance(const Digest& study, const aggregation::masking::Masker& masker);
  // The same for a vector stored before a crash: keys of rounds up to `round` and the seed go, if
  // they are there. DATA_LOSS with code MASK_STATE_CORRUPT.
  absl::Status AdvancePast(const Digest& study, uint64_t round);
  // Erases everything of the study.
  absl::Status Forget(const Digest& study);
  // Whose keys lie here.
  std::vector<Digest> Studies() const;

 private:
  std::filesystem::path PathOf(const Digest& study, const char* kind) const;
  absl::Status CheckUnused(const Digest& study) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Write(const std::filesystem::path& path, const crypto::Secret& secret)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::filesystem::path folder_;
  absl::Mutex mutex_;
};

// Overwrites the file once and removes it. Absent files are fine.
absl::Status EraseFile(const std::filesystem::path& path);
// The studies of which `folder` holds files, named by their digests.
std::vector<Digest> StudiesIn(const std::filesystem::path& folder);

}  // namespace mutual::client
