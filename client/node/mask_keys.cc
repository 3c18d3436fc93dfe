#include "client/node/mask_keys.h"

#include <algorithm>
#include <fstream>

#include "aggregation/masking/keyring.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"

namespace mutual::client {
namespace {

namespace fs = std::filesystem;
using aggregation::masking::MaskClasses;
using aggregation::masking::Masker;
using aggregation::masking::ParseRatchets;
using aggregation::masking::Ratchet;
using aggregation::masking::SerializeRatchets;
constexpr uint64_t kSmall = 1 << 20;

absl::StatusOr<crypto::Secret> ReadSecret(const fs::path& path) {
  MUTUAL_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path, kSmall));
  crypto::Secret secret = crypto::Secret::FromBytes(AsBytes(bytes));
  std::fill(bytes.begin(), bytes.end(), '\0');
  return secret;
}

}  // namespace

absl::Status EraseFile(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) return absl::OkStatus();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);  // in place
  file << std::string(static_cast<size_t>(size), '\0');
  file.close();
  MUTUAL_RETURN_IF_ERROR(SyncFile(path));
  fs::remove(path, error);
  if (error) return Unavailable("cannot remove %s: %s", path.string(), error.message());
  return absl::OkStatus();
}

fs::path MaskKeys::PathOf(const Digest& study, const char* kind) const {
  return folder_ / (study.ToHex() + kind);
}

absl::Status MaskKeys::Write(const fs::path& path, const crypto::Secret& secret) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return Unavailable("cannot create %s: %s", folder_.string(), error.message());
  fs::permissions(folder_, fs::perms::owner_all, error);
  return WriteFileDurably(path, AsText(secret.bytes()), FileMode::kSecret);
}

absl::Status MaskKeys::CheckUnused(const Digest& study) {
  if (fs::exists(PathOf(study, ".seed")) || !fs::exists(PathOf(study, ".keys"))) {
    return absl::OkStatus();
  }
  return WithCode(
      FailedPrecondition("rounds of study %s were masked already; its keys are not drawn "
                         "again",
                         study.Short()),
      "MASKS_IN_USE");
}

absl::StatusOr<crypto::Secret> MaskKeys::SeedOf(const Digest& study, crypto::RandomSource& random) {
  const absl::MutexLock lock(&mutex_);
  MUTUAL_RETURN_IF_ERROR(CheckUnused(study));
  const fs::path path = PathOf(study, ".seed");
  absl::StatusOr<crypto::Secret> kept = ReadSecret(path);
  if (kept.ok() && kept->size() == 32) return kept;
  if (!kept.ok() && !absl::IsNotFound(kept.status())) return kept.status();
  crypto::Secret seed = crypto::Secret::OfSize(32);
  random.Fill(seed.mutable_bytes());
  MUTUAL_RETURN_IF_ERROR(Write(path, seed));
  return seed;
}

absl::Status MaskKeys::Keep(const Digest& study, const Masker& masker) {
  const absl::MutexLock lock(&mutex_);
  MUTUAL_RETURN_IF_ERROR(CheckUnused(study));
  return Write(PathOf(study, ".keys"), masker.Serialize());
}

absl::StatusOr<Masker> MaskKeys::Load(const Digest& study, const MaskClasses& classes) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<crypto::Secret> kept = ReadSecret(PathOf(study, ".keys"));
  if (absl::IsNotFound(kept.status())) {
    return WithCode(
        FailedPrecondition("this node agreed on no mask keys for study %s; it takes part "
                           "in studies that it accepted while serving",
                           study.Short()),
        "MASK_KEYS_MISSING");
  }
  MUTUAL_RETURN_IF_ERROR(kept.status());
  return Masker::Parse(classes, kept->bytes());
}

absl::Status MaskKeys::Advance(const Digest& study, const Masker& masker) {
  const absl::MutexLock lock(&mutex_);
  MUTUAL_RETURN_IF_ERROR(Write(PathOf(study, ".keys"), masker.Serialize()));
  return EraseFile(PathOf(study, ".seed"));
}

absl::Status MaskKeys::AdvancePast(const Digest& study, uint64_t round) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<crypto::Secret> kept = ReadSecret(PathOf(study, ".keys"));
  if (absl::IsNotFound(kept.status())) return absl::OkStatus();
  MUTUAL_RETURN_IF_ERROR(kept.status());
  MUTUAL_ASSIGN_OR_RETURN(std::vector<Ratchet> ratchets, ParseRatchets(kept->bytes()));
  const bool is_past = std::all_of(ratchets.begin(), ratchets.end(),
                                   [round](const Ratchet& one) { return one.round() > round; });
  if (!is_past) {
    for (Ratchet& one : ratchets) MUTUAL_RETURN_IF_ERROR(one.ForgetThrough(round));
    MUTUAL_RETURN_IF_ERROR(Write(PathOf(study, ".keys"), SerializeRatchets(ratchets)));
  }
  return EraseFile(PathOf(study, ".seed"));
}

absl::Status MaskKeys::Forget(const Digest& study) {
  const absl::MutexLock lock(&mutex_);
  MUTUAL_RETURN_IF_ERROR(EraseFile(PathOf(study, ".seed")));
  return EraseFile(PathOf(study, ".keys"));
}

}  // namespace mutual::client
