// A copy of a log, verified as it arrives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "absl/status/statusor.h"
#include "tools/audit/audited_log.h"

namespace mutual::audit {

struct MirrorResult {
  uint64_t fetched = 0;  // files
  uint64_t kept = 0;     // files that were there and good
};

// Copies every file that the checkpoint of `log` needs into `folder`, each only after it led to the
// root; what is there and good is not fetched again, what is there and damaged is replaced. The
// checkpoint comes last, so that a copy that was cut off is an older copy. Errors as of LogReader
// and of writing. `say` is called with the files done and all there are.
absl::StatusOr<MirrorResult> Mirror(const AuditedLog& log, const std::filesystem::path& folder,
                                    const std::function<void(uint64_t, uint64_t)>& say);

}  // namespace mutual::audit
