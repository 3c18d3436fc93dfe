#include "transparency/log.h"

#include <fstream>
#include <set>

#include "base/file.h"
#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/log_fixture.h"
#include "transparency/tile.h"
#include "transparency/tile_files.h"

namespace mutual::transparency {
namespace {

namespace fs = std::filesystem;
using testing::EntriesFrom;
using testing::LogFixture;

void Append(Log& log, uint64_t count) {
  const uint64_t size = log.size();
  const auto first = log.Append(EntriesFrom(size, count));
  REQUIRE_OK(first);
  REQUIRE(*first == size);
  REQUIRE(log.published().size == size + count);
}

void Copy(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

void Write(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// The code of the error with which the log refuses to open.
std::string RefusalOf(LogFixture& fixture) {
  const auto log = fixture.Open();
  REQUIRE_FALSE(log.ok());
  INFO(log.status().ToString());
  CHECK(log.status().code() == absl::StatusCode::kDataLoss);
  return ErrorCode(log.status());
}

}  // namespace

TEST_CASE("The log of alpha, beta and gamma has the published bytes", "[log]") {
  LogFixture fixture;
  const auto log = *fixture.Open();
  REQUIRE_OK(log->Append(std::vector<std::string>{"alpha", "beta", "gamma"}));
  CHECK(*ReadFile(fixture.served() / "checkpoint", 1000) == testing::VectorCheckpoint());
  CHECK(log->checkpoint() == testing::VectorCheckpoint());
  CHECK(HexEncode(AsBytes(*ReadFile(fixture.served() / "tile/entries/000.p/3", 1000))) ==
        "0005616c706861000462657461000567616d6d61");
}

TEST_CASE("Batches of many sizes give the naive tree", "[log]") {
  LogFixture fixture;
  auto log = *fixture.Open();
  for (const uint64_t count : {1u, 2u, 252u, 1u, 1u, 256u, 255u, 100u, 256u, 256u})
    Append(*log, count);
  CHECK(*fixture.Verify() == testing::TreeOfSize(1380).Head(1380));
  log.reset();
  log = *fixture.Open();
  CHECK(log->size() == 1380);
  Append(*log, 7);
  CHECK(*fixture.Verify() == testing::TreeOfSize(1387).Head(1387));
}

TEST_CASE("The files served are those of the size, and partial ones of the unfilled tile",
          "[log]") {
  LogFixture fixture;
  const auto log = *fixture.Open();
  for (int i = 0; i < 60; ++i) Append(*log, 10);
  std::set<std::string> wanted = {"checkpoint"};
  for (const Tile& tile : TilesOfSize(600)) wanted.insert(TilePath(tile));
  for (const Tile& tile : BundlesOfSize(600)) wanted.insert(TilePath(tile));
  for (const std::string& path : wanted) CHECK(fs::exists(fixture.served() / path));
  for (const auto& entry : fs::recursive_directory_iterator(fixture.served())) {
    const std::string path = fs::relative(entry.path(), fixture.served()).string();
    const auto tile = ParseTilePath(path);
    if (entry.is_directory() || wanted.contains(path)) continue;
    INFO(path);
    REQUIRE(tile.ok());
    CHECK(tile->number == (tile->level == 1 ? 0u : 2u));  // of the tile that is not full yet
  }
}

TEST_CASE("A batch makes 5 files durable in a tile and 8 where it fills one", "[log]") {
  LogFixture fixture;
  const auto log = *fixture.Open();
  const auto cost = [&](uint64_t count) {
    const uint64_t before = log->files_synced();
    Append(*log, count);
    return log->files_synced() - before;
  };
  CHECK(cost(1) == 5);  // stage, mark, bundle, tile, checkpoint
  CHECK(cost(200) == 5);
  CHECK(cost(55) == 6);  // and the first tile of level 1
  CHECK(cost(100) == 5);
  CHECK(cost(256) == 8);  // two bundles, two tiles, one of level 1
  CHECK(cost(1) == 5);
}

TEST_CASE("A batch that fills a tile of level 1 makes at most 9 files durable", "[log][.slow]") {
  LogFixture fixture;
  const auto log = *fixture.Open();
  uint64_t most = 0;
  Append(*log, 3);
  while (log->size() < 70000) {
    const uint64_t before = log->files_synced();
    const bool is_border = log->size() < 65536 && log->size() + 256 >= 65536;
    Append(*log, std::min<uint64_t>(256, 70000 - log->size()));
    const uint64_t cost = log->files_synced() - before;
    REQUIRE(cost <= (is_border ? 9 : 8));
    most = std::max(most, cost);
  }
  CHECK(most == 9);
  CHECK(*fixture.Verify() == testing::TreeOfSize(70000).Head(70000));
}

TEST_CASE("Batches that are empty, too large or of bad entries change nothing", "[log]") {
  LogFixture fixture;
  const auto log = *fixture.Open();
  const auto refusal = [&](const std::vector<std::string>& entries) {
    const absl::Status status = log->Append(entries).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  CHECK_THAT(refusal({}), ContainsSubstring("a batch has 0 entries, want 1 to 256"));
  CHECK_THAT(refusal(EntriesFrom(0, 257)), ContainsSubstring("a batch has 257 entries"));
  CHECK_THAT(refusal({"entry 0", ""}), ContainsSubstring("an entry has 0 bytes"));
  CHECK_THAT(refusal({std::string(65536, 'x')}), ContainsSubstring("an entry has 65536 bytes"));
  CHECK(log->size() == 0);
  Append(*log, 1);
}

TEST_CASE("Without a quorum nothing is published and the batch waits", "[log]") {
  LogFixture fixture;
  auto log = *fixture.Open();
  Append(*log, 3);
  const std::string before = log->checkpoint();
  fixture.witness().is_there = false;
  absl::Status status = log->Append(EntriesFrom(3, 2)).status();
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(ErrorCode(status) == "NO_QUORUM");
  CHECK(log->has_pending());
  CHECK(log->size() == 5);
  CHECK(*ReadFile(fixture.served() / "checkpoint", 1000) == before);
  // Later entries are not taken, and a restart keeps the batch.
  CHECK(ErrorCode(log->Append(EntriesFrom(5, 1)).status()) == "NO_QUORUM");
  CHECK(log->size() == 5);
  log.reset();
  log = *fixture.Open();
  CHECK(log->has_pending());
  CHECK(log->published().size == 3);
  fixture.witness().is_there = true;
  REQUIRE_OK(log->Publish());
  CHECK_FALSE(log->has_pending());
  CHECK(fixture.Verify()->size == 5);
}

TEST_CASE(
    "An idle log is cosigned again at the same size, and keeps its checkpoint without a quorum",
    "[log]") {
  LogFixture fixture;
  auto log = *fixture.Open();
  REQUIRE_OK(log->Recosign());  // nothing is published yet
  CHECK(log->checkpoint().empty());
  Append(*log, 3);
  const std::string before = log->checkpoint();
  const uint64_t synced = log->files_synced();
  fixture.witness().time += 600;
  REQUIRE_OK(log->Recosign());
  CHECK(log->files_synced() == synced + 1);
  CHECK(log->checkpoint() != before);
  CHECK(*ReadFile(fixture.served() / "checkpoint", 10000) == log->checkpoint());
  CHECK(*testing::OneWitnessPolicy().RequireQuorum(log->checkpoint())->newest ==
        static_cast<uint64_t>(testing::kVectorTime) + 600);
  CHECK(fixture.Verify()->size == 3);
  const std::string newer = log->checkpoint();
  fixture.witness().is_there = false;
  CHECK(ErrorCode(log->Recosign()) == "NO_QUORUM");
  CHECK(*ReadFile(fixture.served() / "checkpoint", 10000) == newer);
  fixture.witness().is_there = true;
  Append(*log, 3);
  log.reset();
  CHECK((*fixture.Open())->size() == 6);
}

TEST_CASE("Malformed and bad lines of witnesses are left out", "[log]") {
  LogFixture fixture;
  LogOptions options = fixture.Options();
  options.cosign = [&](const CosignRequest& request) -> absl::StatusOr<std::vector<std::string>> {
    MUTUAL_ASSIGN_OR_RETURN(std::vector<std::string> lines, fixture.witness().Cosign(request));
    std::string bad = std::string(testing::kWitnessLine);  // good, of another checkpoint
    lines.insert(lines.begin(), {"rubbish", "", bad, std::string(testing::kLogLine)});
    lines.push_back(lines.back());
    return lines;
  };
  const auto log = *Log::Open(std::move(options), testing::LogSigner());
  Append(*log, 1);
  REQUIRE_OK(fixture.Verify());
  CHECK(ParseNote(log->checkpoint())->signatures.size() == 2);
}

TEST_CASE("A witness that missed checkpoints is given a proof from its own size", "[log]") {
  LogFixture fixture;
  const auto log = *fixture.Open();
  Append(*log, 3);
  const TreeHead early = fixture.witness().seen;
  Append(*log, 300 - 256 + 100);
  fixture.witness().seen = early;
  Append(*log, 200);
  CHECK(fixture.witness().seen == log->published());
}

TEST_CASE("A second writer of the same log is refused by the lock", "[log]") {
  LogFixture fixture;
  auto first = fixture.Open();
  REQUIRE_OK(first);
  const absl::Status second = fixture.Open().status();
  CHECK(second.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(ErrorCode(second) == "LOG_LOCKED");
  CHECK_THAT(std::string(second.message()), ContainsSubstring("stop that one first"));
  first->reset();
  REQUIRE_OK(fixture.Open());
}

TEST_CASE("A served folder restored from an old copy is refused", "[log]") {
  LogFixture fixture;
  auto log = *fixture.Open();
  Append(*log, 3);
  Copy(fixture.served(), fixture.served().string() + ".old");
  Append(*log, 3);
  log.reset();
  Copy(fixture.served().string() + ".old", fixture.served());
  CHECK(RefusalOf(fixture) == "STORAGE_ROLLED_BACK");
  fs::remove_all(fixture.served());
  CHECK(RefusalOf(fixture) == "STORAGE_ROLLED_BACK");
}

TEST_CASE("A state folder restored from an old copy, or lost, is refused", "[log]") {
  LogFixture fixture;
  auto log = *fixture.Open();
  Append(*log, 3);
  Copy(fixture.state(), fixture.state().string() + ".old");
  Append(*log, 3);
  log.reset();
  Copy(fixture.state().string() + ".old", fixture.state());
  CHECK(RefusalOf(fixture) == "STORAGE_ROLLED_BACK");
  fs::remove_all(fixture.state());
  CHECK(RefusalOf(fixture) == "STORAGE_ROLLED_BACK");
}

TEST_CASE("Storage that is behind what a witness has seen is refused", "[log]") {
  LogFixture fixture;
  auto log = *fixture.Open();
  Append(*log, 3);
  log.reset();
  Copy(fixture.served(), fixture.served().string() + ".old");
  Copy(fixture.state(), fixture.state().string() + ".old");
  log = *fixture.Open();
  Append(*log, 1);
  log.reset();
  Copy(fixture.served().string() + ".old", fixture.served());
  Copy(fixture.state().string() + ".old", fixture.state());
  CHECK(RefusalOf(fixture) == "STORAGE_ROLLED_BACK");
}

TEST_CASE("A witness ahead of the log stops it when it says so while cosigning", "[log]") {
  LogFixture fixture;
  LogOptions options = fixture.Options();
  options.cosign = [](const CosignRequest&) -> absl::StatusOr<std::vector<std::string>> {
    return WithCode(DataLoss("north has seen size 9"), "STORAGE_ROLLED_BACK");
  };
  const auto log = *Log::Open(std::move(options), testing::LogSigner());
  const absl::Status status = log->Append(EntriesFrom(0, 1)).status();
  CHECK(ErrorCode(status) == "STORAGE_ROLLED_BACK");
  CHECK(log->Append(EntriesFrom(0, 1)).status() == status);
  CHECK(log->Publish() == status);
}

TEST_CASE("Another root of the size that is marked is refused", "[log]") {
  LogFixture fixture;
  auto log = *fixture.Open();
  Append(*log, 3);
  log.reset();
  const Checkpoint other{std::string(testing::kOrigin), 3, EmptyRoot(), ""};
  Write(fixture.state() / "mark", other.ToText());
  CHECK(RefusalOf(fixture) == "STORAGE_ROLLED_BACK");
}

TEST_CASE("A damaged tile stops the writer before it signs more", "[log]") {
  LogFixture fixture;
  auto log = *fixture.Open();
  Append(*log, 3);
  const std::string before = log->checkpoint();
  const fs::path tile = fixture.served() / "tile/0/000.p/3";
  std::string bytes = *ReadFile(tile, 1000);
  bytes[40] = static_cast<char>(bytes[40] ^ 1);
  Write(tile, bytes);
  CHECK(ErrorCode(log->Append(EntriesFrom(3, 1)).status()) == "LOG_CORRUPT");
  CHECK(*ReadFile(fixture.served() / "checkpoint", 1000) == before);
  log.reset();
  CHECK(RefusalOf(fixture) == "LOG_CORRUPT");
}

TEST_CASE("A tile that is there with other bytes is never overwritten", "[log]") {
  LogFixture fixture;
  const auto log = *fixture.Open();
  Append(*log, 3);
  const fs::path tile = fixture.served() / "tile/0/000.p/4";
  Write(tile, "something else");
  const absl::Status status = log->Append(EntriesFrom(3, 1)).status();
  CHECK(ErrorCode(status) == "LOG_CORRUPT");
  CHECK_THAT(std::string(status.message()), ContainsSubstring("it is not overwritten"));
  CHECK(*ReadFile(tile, 1000) == "something else");
  CHECK(log->Publish() == status);
}

TEST_CASE("Folders of another log are refused", "[log]") {
  LogFixture fixture;
  auto log = *fixture.Open();
  Append(*log, 1);
  log.reset();
  const auto other = [] {
    return *NoteSigner::Create("fed.example/other", testing::KeyOf("other log"));
  };
  LogOptions options = fixture.Options();
  CHECK_THAT(std::string(Log::Open(options, other()).status().message()),
             ContainsSubstring("the policy does not name this log's key"));
  options.policy = *Policy::Parse("log " + other().verifier().ToVkey() + "\nquorum none\n");
  CHECK(Log::Open(options, other()).status().code() == absl::StatusCode::kPermissionDenied);
  fs::remove_all(fixture.served());
  CHECK(Log::Open(options, other()).status().code() == absl::StatusCode::kPermissionDenied);
}

TEST_CASE("A stage cut at any byte was not written whole", "[log]") {
  const auto tree = testing::TreeOfSize(3);
  const Stage stage{"fed.example/audit", tree.Head(1), tree.Head(3), EntriesFrom(1, 2)};
  const std::string bytes = *PrintStage(stage);
  REQUIRE(*ParseStage(bytes) == stage);
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE(ErrorCode(ParseStage(bytes.substr(0, size)).status()) == "STAGE_INCOMPLETE");
    std::string changed = bytes;
    changed[size] = static_cast<char>(changed[size] ^ 1);
    REQUIRE(ErrorCode(ParseStage(changed).status()) == "STAGE_INCOMPLETE");
  }
}

TEST_CASE("A stage whose sizes and entries disagree is refused", "[log]") {
  const auto tree = testing::TreeOfSize(3);
  const Stage stage{"fed.example/audit", tree.Head(1), tree.Head(3), EntriesFrom(1, 1)};
  const absl::Status status = ParseStage(*PrintStage(stage)).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), ContainsSubstring("from size 1 to 3 has 1 entries"));
}

}  // namespace mutual::transparency
