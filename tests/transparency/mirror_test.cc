#include "transparency/mirror.h"

#include "base/file.h"
#include "base/status.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/transparency/served_log.h"
#include "tests/transparency/vector.h"
#include "transparency/checkpoint.h"
#include "transparency/log_reader.h"

namespace mutual::transparency {
namespace {

using mutual::testing::TemporaryFolder;
using testing::ServedLog;

std::string CheckpointOf(const TreeHead& head) {
  return *SignCheckpoint({std::string(testing::kOrigin), head.size, head.root, ""},
                         testing::LogSigner());
}

absl::Status Mirror(const Fetch& source, const TemporaryFolder& folder, const TreeHead& head) {
  return MirrorLog(source, folder.path(), CheckpointOf(head), testing::LogVerifier());
}

absl::Status ReadAll(const TemporaryFolder& folder, const TreeHead& head) {
  MUTUAL_ASSIGN_OR_RETURN(const auto reader, LogReader::Open(FetchFromFolder(folder.path()), head));
  return reader->ForEach(0, head.size, [](uint64_t index, std::string_view entry) {
    return entry == ServedLog::EntryAt(index) ? absl::OkStatus() : DataLoss("entry %d", index);
  });
}

}  // namespace

TEST_CASE("A copy that grows with the log verifies at every size", "[mirror]") {
  const TemporaryFolder folder;
  for (const size_t size : {1u, 255u, 256u, 700u, 700u}) {
    const ServedLog log(size);
    REQUIRE_OK(Mirror(log.Fetcher(), folder, log.Head()));
    REQUIRE_OK(ReadAll(folder, log.Head()));
    CHECK(*ReadFile(folder.path() / "checkpoint", 1000) == CheckpointOf(log.Head()));
  }
}

TEST_CASE("An interrupted copy goes on with the files that are missing", "[mirror]") {
  const TemporaryFolder folder;
  const ServedLog log(2000);
  int fetched = 0;
  const Fetch counted = [&, source = log.Fetcher()](const std::string& path) {
    ++fetched;
    return source(path);
  };
  const Fetch failing = [&](const std::string& path) -> absl::StatusOr<std::string> {
    if (fetched == 9) return Unavailable("the server is away");
    return counted(path);
  };
  CHECK(absl::IsUnavailable(Mirror(failing, folder, log.Head())));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "checkpoint"));
  REQUIRE_OK(Mirror(counted, folder, log.Head()));
  REQUIRE_OK(ReadAll(folder, log.Head()));
  CHECK(fetched < 17 + 9);  // of 17 files; hashes that only verified others are fetched again
  fetched = 0;
  REQUIRE_OK(Mirror(counted, folder, log.Head()));
  CHECK(fetched == 0);
}

TEST_CASE("Damaged files are not copied", "[mirror]") {
  const TemporaryFolder folder;
  ServedLog log(300);
  const TreeHead head = log.Head();
  log.files()["tile/entries/000"][5] = 'X';
  CHECK(ErrorCode(Mirror(log.Fetcher(), folder, head)) == "LOG_CORRUPT");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "tile/entries/000"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "checkpoint"));
}

TEST_CASE("A log that rewrote its history is found by its copy", "[mirror]") {
  const TemporaryFolder folder;
  const ServedLog log(600);
  const TreeHead other{512, log.tree().Root(88, 600)};  // no prefix of the log
  REQUIRE_OK(Mirror(log.Fetcher(), folder, log.tree().Head(512)));
  REQUIRE_OK(
      WriteFileDurably(folder.path() / "checkpoint", CheckpointOf(other), FileMode::kPublic));
  const absl::Status status = Mirror(log.Fetcher(), folder, log.Head());
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK(ErrorCode(status) == "LOG_FORKED");
}

TEST_CASE("An older checkpoint, and one of another log, are refused", "[mirror]") {
  const TemporaryFolder folder;
  const ServedLog log(20);
  REQUIRE_OK(Mirror(log.Fetcher(), folder, log.Head()));
  CHECK(Mirror(log.Fetcher(), folder, {0, EmptyRoot()}).code() ==
        absl::StatusCode::kFailedPrecondition);
  const auto other = *NoteSigner::Create("fed.example/other", testing::KeyOf("other log"));
  CHECK(
      MirrorLog(log.Fetcher(), folder.path(), CheckpointOf(log.Head()), other.verifier()).code() ==
      absl::StatusCode::kPermissionDenied);
}

}  // namespace mutual::transparency
