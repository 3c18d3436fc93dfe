// Replays the rounds of one study from kept files and compares them with what was released.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "tools/audit/finding.h"
#include "tools/audit/history.h"
#include "tools/audit/recomputation.h"

namespace mutual::audit {

// What the log says of kept files: digests of contributions, and of class sums, by entry index.
class KeptFiles {
 public:
  explicit KeptFiles(const Digest& study) : study_(study) {}
  // Takes an entry of the log; those of other studies are passed over.
  void Take(uint64_t index, std::string_view bytes);

  const std::map<uint64_t, Digest>& contributions() const { return contributions_; }
  // The sums of all mask classes: what a majority of each class's holders published in the tallies
  // that the release names. DATA_LOSS when there is none.
  absl::StatusOr<std::vector<Digest>> ClassSums(const MaskHistory& masks, const Round& round) const;

 private:
  Digest study_;
  std::map<uint64_t, Digest> contributions_;
  std::map<uint64_t, std::map<uint64_t, Digest>> tallies_;
};

struct ReplayRequest {
  const StudyHistory* study;
  const KeptFiles* kept;
  uint64_t round;  // the last to replay
  std::filesystem::path
      folder;  // files named by their SHA-256: "9f3c…", or "9f/3c…" as coordinators keep
  std::filesystem::path study_file;  // empty: it is in the folder too
};

// Reports REPLAY-STUDY, REPLAY-FILES, REPLAY-SUM, REPLAY-RESULT, REPLAY-MODEL,
// REPLAY-CLIP.
void ReplayStudy(const ReplayRequest& request, Findings* findings);

}  // namespace mutual::audit
