// The whole audit of one log: checkpoint, history, tree, entries, rules.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/audit/audited_log.h"
#include "tools/audit/finding.h"
#include "tools/audit/replayer.h"

namespace mutual::audit {

struct VerifyRequest {
  std::string source;
  const transparency::Policy* policy =
      nullptr;        // may be null: signatures of the checkpoint are skipped
  std::string since;  // bytes of a checkpoint saved before; empty for none
  // Called with every entry whose bytes lead to the root, in order. May be null.
  std::function<void(uint64_t index, std::string_view bytes)> visit;
};

struct Verification {
  Findings findings;
  std::optional<AuditedLog> log;  // nothing when there was no checkpoint to begin with
  std::unique_ptr<Replayer> replayer;
  std::string headline;
};

// INVALID_ARGUMENT when the source is neither folder nor URL. Everything else is a finding.
absl::StatusOr<std::unique_ptr<Verification>> Verify(const VerifyRequest& request);

// Reports APPEND: that the log of `reader` extends `since`, a checkpoint that `policy` must accept.
void CheckAppend(const std::string& since, const transparency::Policy* policy,
                 transparency::LogReader* reader, Findings* findings);

}  // namespace mutual::audit
