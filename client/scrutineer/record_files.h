// A scrutineer's memory of the rounds it answered: one file a round, made once, never changed.
#pragma once

#include <filesystem>

#include "aggregation/masking/round_record.h"

namespace mutual::client {

// Several processes may use one folder: making a file is atomic.
class RecordFiles final : public aggregation::masking::RoundRecordStore {
 public:
  explicit RecordFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // UNAVAILABLE when the disk cannot take it; DATA_LOSS with code RECORD_CORRUPT when a record that
  // is there cannot be read: then nothing is answered for the round any more.
  absl::StatusOr<aggregation::masking::RoundRecord> RecordOnce(
      const aggregation::masking::RoundRecord& record) override;

 private:
  const std::filesystem::path folder_;
};

}  // namespace mutual::client
