// What the log says of a finished study, from the receipts that came with its outcome.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/channel/channel.h"
#include "study/page/result_page.h"
#include "study/result.h"
#include "study/study_file.h"

namespace mutual::research {

struct NamedReceipt {
  std::string name;  // "000041-release.tlog-proof"
  std::string bytes;
};

struct ReleaseFacts {
  study::Study study;
  study::Result result;
  double delta = 0, epsilon_node = 0, epsilon_public = 0;
  std::vector<NamedReceipt> receipts;
  std::vector<std::string> organisations;  // whose contributions were counted, sorted
  std::string log_origin;
  std::optional<uint64_t> release_index;

  study::ResultPage page() const {
    return {study,         result,         delta,      epsilon_node, epsilon_public,
            organisations, log_origin, release_index};
  }
};

// Reads the outcome of a finished study; receipts that are none are left out (verify-bundle judges
// them, not this). DATA_LOSS RESULT_MALFORMED when the result cannot be read.
absl::StatusOr<ReleaseFacts> FactsOf(const client::Outcome& outcome);

}  // namespace mutual::research
