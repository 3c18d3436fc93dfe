// A node's mask keys on disk, one study after the other.
//
//   DIR/masks/<study>.seed   what the join window's keys are drawn from; gone with the first masked
//   round DIR/masks/<study>.keys   the ratchets: only keys of rounds not yet masked
//
// Keys of a round are erased before its masked vector may leave, so whoever takes the folder later
// learns nothing of earlier rounds; old blocks of the disk are not covered (docs/MASKING.md).
#pragma once

#include <filesystem>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "aggregation/masking/masker.h"
#include "base/ids.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace mutual::client {

// Thread-safe.
class MaskKeys {
 public:
  explicit MaskKeys(const std::filesystem::path& home) : folder_(home / "masks") {}

  // 32 bytes, drawn at the first call and durable: the same after a crash, so that a node never
  // publishes two different sets of keys. FAILED_PRECONDITION with code MASKS_IN_USE once a round
  // was masked.
  absl::StatusOr<crypto::Secret> SeedOf(const Digest& study, crypto::RandomSource& random);
  // The ratchets that belong to the published masks. MASKS_IN_USE as above.
  absl::Status Keep(const Digest& study, const aggregation::masking::Masker& masker);

  // FAILED_PRECONDITION with code MASK_KEYS_MISSING when no masks were agreed on.
  absl::StatusOr<aggregation::masking::Masker> Load(
      const Digest& study, const aggregation::masking::MaskClasses& classes);
  // After `masker` masked a round and the vector is stored: erases the round's keys and the seed.
  absl::Status Advance(const Digest& study, const aggregation::masking::Masker& masker);
  // The same for a vector stored before a crash: keys of rounds up to `round` and the seed go, if
  // they are there. DATA_LOSS with code MASK_STATE_CORRUPT.
  absl::Status AdvancePast(const Digest& study, uint64_t round);
  // Erases everything of the study.
  absl::Status Forget(const Digest& study);

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

}  // namespace mutual::client
