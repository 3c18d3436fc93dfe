#include "aggregation/masking/ratchet.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"

namespace mutual::aggregation::masking {
namespace {

constexpr std::string_view kMagic = "MRAT\x01";  // and version

absl::Status Corrupt(const char* what) {
  return WithCode(DataLoss("saved mask state %s; restore the ledger from its last good copy", what),
                  "MASK_STATE_CORRUPT");
}

// Cuts one length-prefixed field off the front of `bytes`; false when there is none.
bool TakeField(std::span<const uint8_t>* bytes, std::string_view* field) {
  if (bytes->size() < 4) return false;
  size_t size = 0;
  for (size_t i = 0; i < 4; ++i) size = size << 8 | (*bytes)[i];
  if (bytes->size() - 4 < size) return false;
  *field = AsText(bytes->subspan(4, size));
  *bytes = bytes->subspan(4 + size);
  return true;
}

uint64_t Number(std::string_view field) { return GetUint64BigEndian(AsBytes(field).first<8>()); }

}  // namespace

absl::StatusOr<Ratchet> Ratchet::Create(std::span<const uint8_t> key, const MaskIds& ids) {
  if (key.size() != 32) return InvalidArgument("mask key has %d bytes, want 32", key.size());
  return Ratchet(crypto::Secret::FromBytes(key), ids, 0);
}

absl::StatusOr<crypto::Secret> Ratchet::KeyAt(uint64_t round) const {
  if (round - round_ > kMaxAhead) {
    return WithCode(OutOfRange("round %d is %d after round %d, want at most %d; check the round "
                               "that the log announces",
                               round, round - round_, round_, kMaxAhead),
                    "ROUND_TOO_FAR");
  }
  crypto::Secret key = key_.Clone();
  const std::string info = ids_.Info(kRatchetLabel);
  for (uint64_t at = round_; at < round; ++at) {
    MUTUAL_ASSIGN_OR_RETURN(key, crypto::HkdfSha256(key.bytes(), {}, info, 32));
  }
  return key;
}

absl::StatusOr<crypto::Secret> Ratchet::StreamKey(uint64_t round) const {
  if (round < round_) {
    return WithCode(FailedPrecondition("mask keys of round %d are erased, the earliest kept is "
                                       "round %d; the round is over for this program",
                                       round, round_),
                    "ROUND_PASSED");
  }
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret key, KeyAt(round));
  std::string info = ids_.Info(kRoundLabel);
  AppendNumber(round, &info);
  return crypto::HkdfSha256(key.bytes(), {}, info, 32);
}

absl::Status Ratchet::ForgetThrough(uint64_t round) {
  if (round < round_) return absl::OkStatus();
  if (round == std::numeric_limits<uint64_t>::max()) {
    return WithCode(OutOfRange("round %d is the last number there is, want a smaller one", round),
                    "ROUND_TOO_FAR");
  }
  MUTUAL_ASSIGN_OR_RETURN(key_, KeyAt(round + 1));
  round_ = round + 1;
  return absl::OkStatus();
}

crypto::Secret Ratchet::Serialize() const {
  std::string head(kMagic);
  AppendLengthPrefixed(ids_.origin, &head);
  AppendLengthPrefixed(AsText(ids_.study.bytes), &head);
  AppendLengthPrefixed(ids_.node.name(), &head);
  AppendNumber(ids_.mask_class, &head);
  AppendNumber(round_, &head);
  crypto::Secret bytes = crypto::Secret::OfSize(head.size() + 32);
  const std::span<uint8_t> out = bytes.mutable_bytes();
  std::copy(head.begin(), head.end(), out.begin());
  std::copy(key_.bytes().begin(), key_.bytes().end(), out.end() - 32);
  return bytes;
}

absl::StatusOr<Ratchet> Ratchet::Parse(std::span<const uint8_t> bytes) {
  if (bytes.size() < kMagic.size() || AsText(bytes.first(kMagic.size())) != kMagic) {
    return Corrupt("does not begin with MRAT and version 1");
  }
  bytes = bytes.subspan(kMagic.size());
  std::vector<std::string_view> fields(5);
  for (std::string_view& field : fields) {
    if (!TakeField(&bytes, &field)) return Corrupt("is cut short");
  }
  if (fields[1].size() != 32 || fields[3].size() != 8 || fields[4].size() != 8 ||
      bytes.size() != 32 || Number(fields[3]) > std::numeric_limits<uint32_t>::max()) {
    return Corrupt("has fields of wrong sizes");
  }
  absl::StatusOr<NodeId> node = NodeId::Parse(std::string(fields[2]));
  if (!node.ok()) return Corrupt("names no node");
  Digest study;
  std::copy(fields[1].begin(), fields[1].end(), study.bytes.begin());
  const MaskIds ids{std::string(fields[0]), study, *std::move(node),
                    static_cast<uint32_t>(Number(fields[3]))};
  return Ratchet(crypto::Secret::FromBytes(bytes), ids, Number(fields[4]));
}

absl::StatusOr<Digest> Ratchet::Commit(std::span<const uint8_t> key, const MaskIds& ids) {
  if (key.size() != 32) return InvalidArgument("mask key has %d bytes, want 32", key.size());
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret commit,
                          crypto::HkdfSha256(key, {}, ids.Info(kCommitLabel), 32));
  Digest digest;
  std::copy(commit.bytes().begin(), commit.bytes().end(), digest.bytes.begin());
  return digest;
}

}  // namespace mutual::aggregation::masking
