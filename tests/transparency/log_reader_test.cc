#include "transparency/log_reader.h"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/transparency/served_log.h"
#include "tests/transparency/vector.h"
#include "transparency/checkpoint.h"
#include "transparency/mirror.h"

namespace mutual::transparency {

using testing::ServedLog;

TEST_CASE("Every root, entry and proof of sampled sizes to 600 is read from tiles",
          "[log_reader]") {
  const size_t step = 59;  // of sizes; the slow test reads every one
  for (size_t size = 1; size <= 600; size += step) {
    const ServedLog log(size);
    auto reader = *LogReader::Open(log.Fetcher(), log.Head());
    for (size_t index = 0; index < size; ++index) {
      REQUIRE(*reader->Entry(index) == ServedLog::EntryAt(index));
      const auto proof = reader->InclusionProof(index, size);
      REQUIRE(VerifyInclusion(log.tree().leaves()[index], index, log.Head(), *proof).ok());
    }
    for (size_t old = 0; old <= size; ++old) {
      const TreeHead old_head = *reader->HeadAt(old);
      const auto proof = reader->ConsistencyProof(old, size);
      REQUIRE(VerifyConsistency(old_head, log.Head(), *proof).ok());
    }
  }
}

TEST_CASE("Every size from 1 to 600 gives the naive roots", "[log_reader][.slow]") {
  for (size_t size = 1; size <= 600; ++size) {
    const ServedLog log(size);
    auto reader = *LogReader::Open(log.Fetcher(), log.Head());
    for (size_t old = 0; old <= size; old += 1 + size % 5) {
      REQUIRE(*reader->HeadAt(old) == log.tree().Head(old));
    }
  }
}

TEST_CASE("Proofs and roots at the borders of tiles are the naive ones", "[log_reader]") {
  const size_t size = GENERATE(255u, 256u, 257u, 65535u, 65536u, 65537u, 70000u);
  const ServedLog log(size);
  const auto reader = *LogReader::Open(log.Fetcher(), log.Head());
  for (const size_t index : {size_t{0}, size_t{254}, size / 2, size - 1}) {
    const auto proof = reader->InclusionProof(index, size);
    REQUIRE_OK(proof);
    CHECK(*proof == log.tree().Path(index, 0, size));
    CHECK(*reader->Entry(index) == ServedLog::EntryAt(index));
  }
  for (const size_t old : {size_t{1}, size_t{254}, size_t{255}, size / 2, size - 1}) {
    const auto head = reader->HeadAt(old);
    REQUIRE_OK(head);
    CHECK(*head == log.tree().Head(old));
    CHECK(VerifyConsistency(*head, log.Head(), *reader->ConsistencyProof(old, size)).ok());
  }
}

TEST_CASE("All entries are visited in order and a visitor's error stops it", "[log_reader]") {
  const ServedLog log(600);
  const auto reader = *LogReader::Open(log.Fetcher(), log.Head());
  uint64_t next = 5;
  REQUIRE_OK(reader->ForEach(5, 600, [&](uint64_t index, std::string_view entry) {
    REQUIRE(index == next++);
    REQUIRE(entry == ServedLog::EntryAt(index));
    return absl::OkStatus();
  }));
  CHECK(next == 600);
  const absl::Status stopped = reader->ForEach(0, 600, [&](uint64_t index, std::string_view) {
    return index == 300 ? Aborted("enough") : absl::OkStatus();
  });
  CHECK(stopped.code() == absl::StatusCode::kAborted);
}

TEST_CASE("One flipped bit in any file is found", "[log_reader]") {
  const size_t size = GENERATE(3u, 256u, 700u);
  ServedLog log(size);
  const TreeHead head = log.Head();
  for (auto& [path, bytes] : log.files()) {
    for (const size_t at : {size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
      bytes[at] = static_cast<char>(bytes[at] ^ 4);
      const auto reader = LogReader::Open(log.Fetcher(), head);
      absl::Status status = reader.status();
      const auto nothing = [](uint64_t, std::string_view) { return absl::OkStatus(); };
      if (status.ok()) status = (*reader)->ForEach(0, size, nothing);
      INFO(path << " at " << at);
      REQUIRE(status.code() == absl::StatusCode::kDataLoss);
      REQUIRE(ErrorCode(status) == "LOG_CORRUPT");
      bytes[at] = static_cast<char>(bytes[at] ^ 4);
    }
  }
}

TEST_CASE("A tile or bundle of another length is damage", "[log_reader]") {
  ServedLog log(300);
  const TreeHead head = log.Head();
  log.files()["tile/entries/000"].push_back('x');
  CHECK(ErrorCode((*LogReader::Open(log.Fetcher(), head))->Entry(0).status()) == "LOG_CORRUPT");
  log.files()["tile/0/001.p/44"].pop_back();
  const absl::Status status = LogReader::Open(log.Fetcher(), head).status();
  CHECK(ErrorCode(status) == "LOG_CORRUPT");
  CHECK_THAT(std::string(status.message()), ContainsSubstring("want 44 hashes of 32 bytes"));
}

TEST_CASE("A missing file is NOT_FOUND and another root is LOG_CORRUPT", "[log_reader]") {
  ServedLog log(300);
  TreeHead head = log.Head();
  log.files().erase("tile/0/000");
  const auto reader = *LogReader::Open(log.Fetcher(), head);
  CHECK(absl::IsNotFound(reader->Entry(0).status()));
  CHECK(reader->Entry(299).ok());
  head.root.bytes[0] ^= 1;
  CHECK(ErrorCode(LogReader::Open(log.Fetcher(), head).status()) == "LOG_CORRUPT");
  log.files().erase("tile/0/001.p/44");
  CHECK(absl::IsNotFound(LogReader::Open(log.Fetcher(), head).status()));
}

TEST_CASE("A partial tile that is gone is read from the full one", "[log_reader]") {
  const ServedLog full(256);
  const auto reader = LogReader::Open(full.Fetcher(), full.tree().Head(200));
  REQUIRE_OK(reader);
  CHECK(*(*reader)->Entry(199) == ServedLog::EntryAt(199));
  CHECK_FALSE((*reader)->Entry(200).ok());
}

TEST_CASE("Indices and sizes beyond the log are the caller's fault", "[log_reader]") {
  const ServedLog log(10);
  const auto reader = *LogReader::Open(log.Fetcher(), log.Head());
  const auto is_fault = [](const absl::Status& status) {
    return status.code() == absl::StatusCode::kInvalidArgument;
  };
  CHECK(is_fault(reader->Entry(10).status()));
  CHECK(is_fault(reader->HeadAt(11).status()));
  CHECK(is_fault(reader->InclusionProof(10, 10).status()));
  CHECK(is_fault(reader->InclusionProof(3, 11).status()));
  CHECK(is_fault(reader->ConsistencyProof(3, 11).status()));
  CHECK(is_fault(reader->ConsistencyProof(4, 3).status()));
  CHECK(is_fault(reader->ForEach(0, 11, nullptr)));
}

TEST_CASE("100,000 entries are verified from a folder, and time and memory are printed",
          "[log_reader][.slow]") {
  const mutual::testing::TemporaryFolder folder;
  TreeHead head;
  {
    const ServedLog log(100000);
    head = log.Head();
    const std::string checkpoint = *SignCheckpoint(
        {std::string(testing::kOrigin), head.size, head.root, ""}, testing::LogSigner());
    REQUIRE_OK(MirrorLog(log.Fetcher(), folder.path(), checkpoint, testing::LogVerifier()));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto reader = *LogReader::Open(FetchFromFolder(folder.path()), head);
  uint64_t bytes = 0;
  REQUIRE_OK(reader->ForEach(0, head.size, [&](uint64_t, std::string_view entry) {
    bytes += entry.size();
    return absl::OkStatus();
  }));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "100,000 entries (%.1f MB) verified in %.2f s; the program, which also made them, "
      "took at most %ld MB\n",
      static_cast<double>(bytes) / 1e6, seconds.count(), usage.ru_maxrss / 1024);
}

}  // namespace mutual::transparency
