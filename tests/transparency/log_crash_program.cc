// Appends batches to a log, for crash_test.cc: log_crash_program FOLDER BATCH...
//
// FOLDER/log holds the log's two folders. FOLDER/witnessed gets the text of every checkpoint that
// the witness has cosigned, and is where the witness finds what it has seen. Each BATCH is a number
// of entries. Exit codes: 0 all published, 3 the log stopped with an error, 9 the log went on
// after an error or the witness found a fork.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/transparency/log_fixture.h"

namespace mutual::transparency {
namespace {

constexpr int kStopped = 3;
constexpr int kBroken = 9;

TreeHead LastSeen(const std::filesystem::path& file) {
  std::ifstream stream(file);
  TreeHead head{0, EmptyRoot()};
  std::string origin, size, root;
  while (std::getline(stream, origin) && std::getline(stream, size) && std::getline(stream, root)) {
    const auto checkpoint = ParseCheckpoint(origin + "\n" + size + "\n" + root + "\n");
    if (checkpoint.ok()) head = {checkpoint->size, checkpoint->root};
  }
  return head;
}

int Stop(Log* log, const absl::Status& status) {
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  if (log == nullptr) return kStopped;
  const bool refuses =
      !log->Publish().ok() && !log->Append(testing::EntriesFrom(log->size(), 1)).ok();
  return refuses ? kStopped : kBroken;
}

int Run(const std::filesystem::path& folder, int argc, char** argv) {
  testing::FakeWitness witness;
  witness.seen = LastSeen(folder / "witnessed");
  bool has_fork = false;
  const auto cosign = [&](const CosignRequest& request) {
    auto lines = witness.Cosign(request);
    has_fork = has_fork || !lines.ok();
    std::ofstream(folder / "witnessed", std::ios::app) << ParseNote(request.checkpoint)->text;
    return lines;
  };
  const auto seen = [&]() -> absl::StatusOr<uint64_t> { return witness.seen.size; };
  auto log = Log::Open(
      {folder / "log/served", folder / "log/state", testing::OneWitnessPolicy(), cosign, seen},
      testing::LogSigner());
  if (!log.ok()) return Stop(nullptr, log.status());
  if (const absl::Status status = (*log)->Publish(); !status.ok()) return Stop(log->get(), status);
  for (int i = 2; i < argc; ++i) {
    uint64_t count = 0;
    std::from_chars(argv[i], argv[i] + std::strlen(argv[i]), count);
    const auto first = (*log)->Append(testing::EntriesFrom((*log)->size(), count));
    if (!first.ok()) return has_fork ? kBroken : Stop(log->get(), first.status());
  }
  return has_fork ? kBroken : 0;
}

}  // namespace
}  // namespace mutual::transparency

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  return mutual::transparency::Run(argv[1], argc, argv);
}
