// Events of a join window as bytes: length-prefixed fields in order.
#include <array>
#include <limits>

#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/round/key_exchange.h"

namespace mutual::coordinator {
namespace {

absl::Status Corrupt() {
  return WithCode(DataLoss("a journalled event is malformed; restore the journal from a backup"),
                  "JOURNAL_CORRUPT");
}

absl::StatusOr<std::string> Next(std::string_view* bytes) {
  if (bytes->size() < 4) return Corrupt();
  size_t size = 0;
  for (size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<uint8_t>((*bytes)[i]);
  bytes->remove_prefix(4);
  if (bytes->size() < size) return Corrupt();
  std::string field(bytes->substr(0, size));
  bytes->remove_prefix(size);
  return field;
}

absl::StatusOr<uint64_t> NextNumber(std::string_view* bytes, uint64_t largest) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string field, Next(bytes));
  const auto number = ParseUint64(field);
  return number.ok() && *number <= largest ? number : Corrupt();
}

absl::StatusOr<uint32_t> NextSmallNumber(std::string_view* bytes) {
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t number,
                          NextNumber(bytes, std::numeric_limits<uint32_t>::max()));
  return static_cast<uint32_t>(number);
}

}  // namespace

std::string Serialize(const MaskEvent& event) {
  std::string bytes;
  AppendLengthPrefixed(std::to_string(event.index), &bytes);
  AppendLengthPrefixed(event.entry, &bytes);
  for (const aggregation::masking::WrappedKey& one : event.wrapped) {
    AppendLengthPrefixed(std::to_string(one.mask_class), &bytes);
    AppendLengthPrefixed(std::to_string(one.holder), &bytes);
    AppendLengthPrefixed(AsText(one.ephemeral), &bytes);
    AppendLengthPrefixed(one.ciphertext, &bytes);
  }
  return bytes;
}

absl::StatusOr<MaskEvent> ParseMaskEvent(std::string_view bytes) {
  MaskEvent event;
  MUTUAL_ASSIGN_OR_RETURN(event.index, NextNumber(&bytes, std::numeric_limits<uint64_t>::max()));
  MUTUAL_ASSIGN_OR_RETURN(event.entry, Next(&bytes));
  while (!bytes.empty()) {
    aggregation::masking::WrappedKey& one = event.wrapped.emplace_back();
    MUTUAL_ASSIGN_OR_RETURN(one.mask_class, NextSmallNumber(&bytes));
    MUTUAL_ASSIGN_OR_RETURN(one.holder, NextSmallNumber(&bytes));
    MUTUAL_ASSIGN_OR_RETURN(const std::string ephemeral, Next(&bytes));
    MUTUAL_ASSIGN_OR_RETURN(one.ciphertext, Next(&bytes));
    if (ephemeral.size() != one.ephemeral.size()) return Corrupt();
    std::copy_n(AsBytes(ephemeral).begin(), one.ephemeral.size(), one.ephemeral.begin());
  }
  return event;
}

}  // namespace mutual::coordinator
