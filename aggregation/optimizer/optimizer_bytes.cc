// The bytes of an OptimizerState, version 1, every number little-endian:
//   "MOPT" version(1 byte)  step(8)  then four times: count(8) and count doubles (8 each),
// in the order parameters, first, second, average. Each count but the first is 0 or the first.
#include <bit>
#include <cstring>

#include "aggregation/optimizer/optimizer.h"
#include "base/status.h"

namespace mutual::aggregation {
namespace {

constexpr std::string_view kMagic("MOPT\x01", 5);

void PutWord(uint64_t word, std::string* out) {
  char bytes[8];
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(word >> (8 * i));
  out->append(bytes, sizeof(bytes));
}

constexpr size_t kPieceBytes = 1 << 19;

absl::Status TakeDoublesOf(std::span<const double> values, const TakeBytes& take) {
  std::string piece;
  PutWord(values.size(), &piece);
  for (const double value : values) {
    if (piece.size() >= kPieceBytes) {
      MUTUAL_RETURN_IF_ERROR(take(piece));
      piece.clear();
    }
    PutWord(std::bit_cast<uint64_t>(value), &piece);
  }
  return take(piece);
}

// False when `bytes` is too short.
bool TakeWord(std::string_view* bytes, uint64_t* word) {
  if (bytes->size() < 8) return false;
  *word = 0;
  for (size_t i = 0; i < 8; ++i) {
    *word |= static_cast<uint64_t>(static_cast<unsigned char>((*bytes)[i])) << (8 * i);
  }
  bytes->remove_prefix(8);
  return true;
}

bool TakeDoubles(std::string_view* bytes, std::vector<double>* values) {
  uint64_t count = 0;
  if (!TakeWord(bytes, &count) || count > bytes->size() / 8) return false;
  values->resize(count);
  for (double& value : *values) {
    uint64_t word = 0;
    if (!TakeWord(bytes, &word)) return false;
    value = std::bit_cast<double>(word);
  }
  return true;
}

bool IsEmptyOr(size_t size, const std::vector<double>& values) {
  return values.empty() || values.size() == size;
}

}  // namespace

std::string Serialize(const OptimizerState& state) {
  std::string bytes;
  const size_t count =
      state.parameters.size() + state.first.size() + state.second.size() + state.average.size();
  bytes.reserve(kMagic.size() + 8 * (5 + count));
  // Appending cannot fail.
  SerializeTo(state, [&](std::string_view piece) {
    bytes.append(piece);
    return absl::OkStatus();
  }).IgnoreError();
  return bytes;
}

absl::Status SerializeTo(const OptimizerState& state, const TakeBytes& take) {
  std::string start(kMagic);
  PutWord(state.step, &start);
  MUTUAL_RETURN_IF_ERROR(take(start));
  MUTUAL_RETURN_IF_ERROR(TakeDoublesOf(state.parameters, take));
  MUTUAL_RETURN_IF_ERROR(TakeDoublesOf(state.first, take));
  MUTUAL_RETURN_IF_ERROR(TakeDoublesOf(state.second, take));
  return TakeDoublesOf(state.average, take);
}

absl::StatusOr<OptimizerState> Parse(std::string_view bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic) {
    return DataLoss(
        "the optimizer's state does not begin with MOPT and version 1: it was damaged "
        "or written by another version; restore it from a copy");
  }
  std::string_view rest = bytes.substr(kMagic.size());
  OptimizerState state;
  const bool is_complete = TakeWord(&rest, &state.step) && TakeDoubles(&rest, &state.parameters) &&
                           TakeDoubles(&rest, &state.first) && TakeDoubles(&rest, &state.second) &&
                           TakeDoubles(&rest, &state.average);
  if (!is_complete || !rest.empty()) {
    return DataLoss(
        "the optimizer's state has %d bytes, which do not match the lengths written in "
        "it; restore it from a copy",
        bytes.size());
  }
  const size_t size = state.parameters.size();
  if (!IsEmptyOr(size, state.first) || !IsEmptyOr(size, state.second) ||
      !IsEmptyOr(size, state.average)) {
    return DataLoss(
        "the optimizer's state holds vectors of different lengths, want all as long as "
        "the model; restore it from a copy");
  }
  return state;
}

}  // namespace mutual::aggregation
