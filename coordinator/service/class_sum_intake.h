// One class sum being received from a scrutineer: which one, then bytes straight to disk and hash.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "coordinator/service/federation_core.h"

namespace mutual::coordinator {

// Begin once, Append pieces, End. Not thread-safe; `core` outlives it.
class ClassSumIntake {
 public:
  ClassSumIntake(FederationCore* core, Caller caller) : core_(core), caller_(std::move(caller)) {}
  // INVALID_ARGUMENT the second time; ALREADY_EXISTS when another holder was first: nothing more is
  // wanted; FAILED_PRECONDITION CLASS_NOT_AGREED.
  absl::Status Begin(const ClassSumName& name);
  // INVALID_ARGUMENT before Begin, or WRONG_LENGTH beyond the round's length.
  absl::Status Append(std::string_view bytes);
  // INVALID_ARGUMENT before Begin; DATA_LOSS CONTRIBUTION_CORRUPT when the digest is another.
  absl::Status End();

 private:
  FederationCore* const core_;
  const Caller caller_;
  ClassSumName name_;
  UploadTicket ticket_;
  std::unique_ptr<ContentStore::Upload> upload_;
};

}  // namespace mutual::coordinator
