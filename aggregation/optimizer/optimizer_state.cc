// Saving and restoring OptimizerState. The bytes are specified in docs/REPLAY.md, "Saved state".
#include <array>
#include <bit>
#include <cstddef>

#include "aggregation/optimizer/optimizer.h"
#include "base/status.h"

namespace mutual::aggregation {
namespace {

constexpr std::string_view kMagic = "MUTOPT01";
constexpr size_t kHeaderSize = 8 + 8 + 4 * 8;

void AppendWord(uint64_t word, std::string* bytes) {
  for (int shift = 0; shift < 64; shift += 8) {
    bytes->push_back(static_cast<char>(static_cast<uint8_t>(word >> shift)));
  }
}

uint64_t WordAt(std::string_view bytes, size_t offset) {
  uint64_t word = 0;
  for (size_t i = 0; i < 8; ++i) {
    word |= uint64_t{static_cast<uint8_t>(bytes[offset + i])} << (8 * i);
  }
  return word;
}

}  // namespace

std::string Serialize(const OptimizerState& state) {
  const std::array parts = {&state.parameters, &state.first, &state.second, &state.average};
  std::string bytes(kMagic);
  AppendWord(state.step, &bytes);
  size_t total = 0;
  for (const std::vector<double>* part : parts) {
    AppendWord(part->size(), &bytes);
    total += part->size();
  }
  bytes.reserve(kHeaderSize + 8 * total);
  for (const std::vector<double>* part : parts) {
    for (const double value : *part) AppendWord(std::bit_cast<uint64_t>(value), &bytes);
  }
  return bytes;
}

absl::StatusOr<OptimizerState> Parse(std::string_view bytes) {
  if (bytes.size() < kHeaderSize || bytes.substr(0, kMagic.size()) != kMagic) {
    return DataLoss("the saved optimizer state does not begin with MUTOPT01 and its lengths: "
                    "restore the file from a backup or start the study again");
  }
  OptimizerState state;
  state.step = WordAt(bytes, 8);
  const std::array parts = {&state.parameters, &state.first, &state.second, &state.average};
  const uint64_t length = WordAt(bytes, 16);
  uint64_t words = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const uint64_t size = WordAt(bytes, 16 + 8 * i);
    // Bounding every length by the bytes present keeps the sum from wrapping.
    if ((size != length && size != 0) || size > bytes.size() / 8) {
      return DataLoss("the saved optimizer state has a part of %u values beside %u parameters",
                      size, length);
    }
    words += size;
  }
  if (bytes.size() != kHeaderSize + 8 * words) {
    return DataLoss("the saved optimizer state has %d bytes, want %d", bytes.size(),
                    kHeaderSize + 8 * words);
  }
  size_t offset = kHeaderSize;
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i]->resize(WordAt(bytes, 16 + 8 * i));
    for (double& value : *parts[i]) {
      value = std::bit_cast<double>(WordAt(bytes, offset));
      offset += 8;
    }
  }
  return state;
}

}  // namespace mutual::aggregation
