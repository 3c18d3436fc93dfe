#include "client/scrutineer/record_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"

namespace mutual::client {
namespace {

namespace fs = std::filesystem;
using aggregation::masking::RoundRecord;
constexpr size_t kRecordBytes = 8 + 8 + 32 + 32;

std::string BytesOf(const RoundRecord& record) {
  std::string bytes;
  PutUint64BigEndian(record.round, &bytes);
  PutUint64BigEndian(record.end_index, &bytes);
  bytes += AsText(record.end_entry.bytes);
  bytes += AsText(record.answer.bytes);
  return bytes;
}

absl::StatusOr<RoundRecord> RecordOf(const Digest& study, const std::string& bytes) {
  if (bytes.size() != kRecordBytes) {
    return WithCode(DataLoss("a record of a round that this scrutineer answered has %d bytes, want "
                             "%d; restore the newest copy of its folder",
                             bytes.size(), kRecordBytes),
                    "RECORD_CORRUPT");
  }
  RoundRecord record;
  record.study = study;
  const auto all = AsBytes(std::string_view(bytes));
  record.round = GetUint64BigEndian(all.subspan<0, 8>());
  record.end_index = GetUint64BigEndian(all.subspan<8, 8>());
  std::copy_n(all.begin() + 16, 32, record.end_entry.bytes.begin());
  std::copy_n(all.begin() + 48, 32, record.answer.bytes.begin());
  return record;
}

absl::Status SyncFolder(const fs::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return SystemError("cannot open", folder);
  const absl::Status status =
      ::fsync(file) == 0 ? absl::OkStatus() : SystemError("cannot sync", folder);
  ::close(file);
  return status;
}

}  // namespace

absl::StatusOr<RoundRecord> RecordFiles::RecordOnce(const RoundRecord& record) {
  const fs::path folder = folder_ / record.study.ToHex();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Unavailable("cannot create %s: %s", folder.string(), error.message());
  const fs::path path = folder / std::to_string(record.round);
  const fs::path mine =
      folder / (std::to_string(record.round) + ".new-" + std::to_string(::getpid()));
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(mine, BytesOf(record), FileMode::kSecret));
  // link() fails when the name is taken, whoever was first.
  const bool first = ::link(mine.c_str(), path.c_str()) == 0;
  const absl::Status failed =
      first || errno == EEXIST ? absl::OkStatus() : SystemError("cannot record a round in", path);
  fs::remove(mine, error);
  MUTUAL_RETURN_IF_ERROR(failed);
  MUTUAL_RETURN_IF_ERROR(SyncFolder(folder));
  MUTUAL_ASSIGN_OR_RETURN(const std::string kept, ReadFile(path, 4096));
  return RecordOf(record.study, kept);
}

}  // namespace mutual::client
