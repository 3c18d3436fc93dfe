#include "client/node/mask_keys.h"

#include <algorithm>
#include <fstream>
#include <set>

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

std::vector<Digest> StudiesIn(const fs::path& folder) {
  std::set<Digest> studies;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const auto study = Digest::FromHex(at->path().stem().string());
    if (study.ok()) studies.insert(*study);
  }
  return {studies.begin(), studies.end()};
}

std::vector<Digest> MaskKeys::Studies() const { return StudiesIn(folder_); }

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

absl::Status MaskKeys::Reveal(const Digest& study, const RevealedKey& key) {
  const absl::MutexLock lock(&mutex_);
  MUTUAL_RETURN_IF_ERROR(CheckUnused(study));
  MUTUAL_ASSIGN_OR_RETURN(std::vector<RevealedKey> all, Revealed(study));
  if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(key);
  std::string bytes;
  for (const RevealedKey& one : all) {
    PutUint64BigEndian(one.scrutineer, &bytes);
    PutUint64BigEndian(one.mask_class, &bytes);
  }
  MUTUAL_RETURN_IF_ERROR(
      Write(PathOf(study, ".revealed"), crypto::Secret::FromBytes(AsBytes(bytes))));
  return EraseFile(PathOf(study, ".keys"));
}

absl::StatusOr<std::vector<RevealedKey>> MaskKeys::Revealed(const Digest& study) const {
  std::vector<RevealedKey> all;
  const absl::StatusOr<std::string> kept = ReadFile(PathOf(study, ".revealed"), kSmall);
  if (absl::IsNotFound(kept.status())) return all;
  MUTUAL_RETURN_IF_ERROR(kept.status());
  const auto bytes = AsBytes(std::string_view(*kept));
  if (bytes.size() % 16 != 0) {
    return WithCode(DataLoss("the list of revealed mask keys has %d bytes, want a multiple of 16; "
                             "restore the newest copy of the masks folder",
                             bytes.size()),
                    "MASK_STATE_CORRUPT");
  }
  for (size_t at = 0; at < bytes.size(); at += 16) {
    all.push_back({static_cast<uint32_t>(GetUint64BigEndian(bytes.subspan(at).first<8>())),
                   static_cast<uint32_t>(GetUint64BigEndian(bytes.subspan(at + 8).first<8>()))});
  }
  return all;
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
  MUTUAL_RETURN_IF_ERROR(EraseFile(PathOf(study, ".revealed")));
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
  MUTUAL_RETURN_IF_ERROR(EraseFile(PathOf(study, ".revealed")));
  return EraseFile(PathOf(study, ".seed"));
}

absl::Status MaskKeys::Forget(const Digest& study) {
  const absl::MutexLock lock(&mutex_);
  MUTUAL_RETURN_IF_ERROR(EraseFile(PathOf(study, ".seed")));
  MUTUAL_RETURN_IF_ERROR(EraseFile(PathOf(study, ".keys")));
  return EraseFile(PathOf(study, ".revealed"));
}

}  // namespace mutual::client
