// One contribution being received: its signed entry, then bytes straight to disk and hash.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "coordinator/service/federation_core.h"

namespace mutual::coordinator {

// Begin once, Append pieces, End. Whoever stops before End may resume with another intake at what
// the store holds. Not thread-safe; `core` outlives it.
class UploadIntake {
 public:
  UploadIntake(FederationCore* core, Caller caller) : core_(core), caller_(std::move(caller)) {}
  // `offset`: bytes that the coordinator holds already. INVALID_ARGUMENT the second time;
  // FAILED_PRECONDITION WRONG_OFFSET; errors of FederationCore::CheckUpload.
  absl::Status Begin(const std::string& entry, uint64_t offset);
  // INVALID_ARGUMENT before Begin, or WRONG_LENGTH beyond the round's length.
  absl::Status Append(std::string_view bytes);
  // The receipt. May wait for the log. UNAVAILABLE while bytes are missing; DATA_LOSS
  // CONTRIBUTION_CORRUPT; errors of FederationCore::FinishUpload.
  absl::StatusOr<std::string> End();

 private:
  FederationCore* const core_;
  const Caller caller_;
  std::string entry_;
  UploadTicket ticket_;
  std::unique_ptr<ContentStore::Upload> upload_;
};

}  // namespace mutual::coordinator
