// Who may unmask a study's sums, as its propose entry says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "transparency/entry.h"

namespace mutual::transparency {

struct MaskTerms {
  std::vector<std::string> scrutineers;  // in the order that numbers them from 0
  uint64_t threshold = 0;

  void AddTo(EntryWriter* writer) const;
  // INVALID_ARGUMENT or NOT_FOUND when a line is missing or malformed.
  static absl::StatusOr<MaskTerms> Of(const Entry& propose);
  bool operator==(const MaskTerms&) const = default;
};

}  // namespace mutual::transparency
