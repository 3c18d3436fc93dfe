// Kills a program that writes a log at each of its file system calls, lets each call fail, and cuts
// the power at each, then starts it again.
#include <fstream>
#include <map>
#include <sstream>

#include "base/file.h"
#include "base/status.h"
#include "tests/catch.h"
#include "tests/support/faulty_program.h"
#include "tests/transparency/log_fixture.h"

namespace mutual::transparency {
namespace {

namespace fs = std::filesystem;

using mutual::testing::Fault;

// A folder that log_crash_program works in.
class Workshop {
 public:
  Workshop() { fs::create_directories(log()); }

  fs::path log() const { return folder_.path() / "log"; }
  fs::path witnessed() const { return folder_.path() / "witnessed"; }
  fs::path trace() const { return folder_.path() / "trace"; }

  void CopyFrom(const Workshop& other) {
    fs::copy(other.log(), log(), fs::copy_options::recursive);
    if (fs::exists(other.witnessed())) fs::copy(other.witnessed(), witnessed());
  }

  int Run(std::vector<std::string> batches, const Fault& fault) const {
    batches.insert(batches.begin(), folder_.path().string());
    return program().Run(batches, fault);
  }
  std::map<std::string, int> Calls() const { return program().Calls(); }

 private:
  mutual::testing::FaultyProgram program() const { return {"log_crash_program", log(), trace()}; }

  mutual::testing::TemporaryFolder folder_;
};

// Every entry is there, and every checkpoint that the witness ever saw is a prefix of the log.
absl::StatusOr<uint64_t> Verify(const Workshop& workshop) {
  const fs::path served = workshop.log() / "served";
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(served / "checkpoint", 1 << 20));
  MUTUAL_ASSIGN_OR_RETURN(const Evaluation found, testing::OneWitnessPolicy().RequireQuorum(bytes));
  const Checkpoint& newest = found.signed_checkpoint.checkpoint;
  MUTUAL_ASSIGN_OR_RETURN(const auto log,
                          LogReader::Open(FetchFromFolder(served), {newest.size, newest.root}));
  MUTUAL_RETURN_IF_ERROR(log->ForEach(0, newest.size, [](uint64_t index, std::string_view entry) {
    return entry == "entry " + std::to_string(index) ? absl::OkStatus()
                                                     : DataLoss("entry %d differs", index);
  }));
  std::ifstream file(workshop.witnessed());
  std::string origin, size, root;
  while (std::getline(file, origin) && std::getline(file, size) && std::getline(file, root)) {
    MUTUAL_ASSIGN_OR_RETURN(const Checkpoint seen,
                            ParseCheckpoint(origin + "\n" + size + "\n" + root + "\n"));
    MUTUAL_ASSIGN_OR_RETURN(const TreeHead head, log->HeadAt(seen.size));
    if (head.root != seen.root) return DataLoss("the checkpoint of size %d is lost", seen.size);
  }
  return newest.size;
}

struct Scenario {
  std::vector<std::string> before;  // batches that are there
  std::string batch;                // the batch during which the fault comes
  uint64_t size = 0;                // before it
};

// One fault, a restart that appends one entry more, and the checks.
void RequireSurvives(const Workshop& base, const Scenario& scenario, const Fault& fault) {
  INFO(fault.kind << " at call " << fault.at << " of a batch of " << scenario.batch);
  Workshop workshop;
  fs::remove_all(workshop.log());
  workshop.CopyFrom(base);
  const int code = workshop.Run({scenario.batch}, fault);
  const bool is_end = fault.kind == "kill" || fault.kind == "power";
  REQUIRE(code == (is_end ? 128 + SIGKILL : 3));
  REQUIRE(workshop.Run({"1"}, {"", 0}) == 0);
  const auto size = Verify(workshop);
  REQUIRE_OK(size);
  const uint64_t with_batch = scenario.size + std::stoul(scenario.batch) + 1;
  REQUIRE((*size == scenario.size + 1 || *size == with_batch));
}

// Faults at every `step`th call of the scenario; returns how many calls it makes.
int RequireSurvivesEverywhere(const Scenario& scenario, const std::string& kind, int step) {
  Workshop base;
  if (!scenario.before.empty()) REQUIRE(base.Run(scenario.before, {"", 0}) == 0);
  fs::remove(base.trace());
  Workshop whole;
  fs::remove_all(whole.log());
  whole.CopyFrom(base);
  REQUIRE(whole.Run({scenario.batch}, {"", 0}) == 0);
  int calls = 0;
  for (const auto& [call, count] : whole.Calls()) calls += count;
  REQUIRE(calls > 20);
  for (int at = 1; at <= calls; at += step) RequireSurvives(base, scenario, {kind, at});
  return calls;
}

const Scenario kFirst = {{}, "3", 0};
const Scenario kInTile = {{"3"}, "5", 3};
const Scenario kFillsTile = {{"200", "50"}, "20", 250};

}  // namespace

TEST_CASE("A batch survives ends and errors at some of its file system calls", "[log][crash]") {
  const std::string kind = GENERATE(as<std::string>(), "kill", "power", "EIO", "ENOSPC");
  RequireSurvivesEverywhere(kFillsTile, kind, 29);
}

TEST_CASE("A batch survives being killed at each of its file system calls", "[log][crash][.slow]") {
  const Scenario scenario = GENERATE(kFirst, kInTile, kFillsTile);
  RequireSurvivesEverywhere(scenario, "kill", 1);
}

TEST_CASE("A batch survives a loss of power at each of its file system calls",
          "[log][crash][.slow]") {
  const Scenario scenario = GENERATE(kFirst, kInTile, kFillsTile);
  RequireSurvivesEverywhere(scenario, "power", 1);
}

TEST_CASE("A batch survives an I/O error in each of its file system calls", "[log][crash][.slow]") {
  const Scenario scenario = GENERATE(kFirst, kInTile, kFillsTile);
  RequireSurvivesEverywhere(scenario, "EIO", 1);
}

TEST_CASE("A batch survives a full disk in each of its file system calls", "[log][crash][.slow]") {
  const Scenario scenario = GENERATE(kFirst, kInTile, kFillsTile);
  RequireSurvivesEverywhere(scenario, "ENOSPC", 1);
}

TEST_CASE("A batch that fills a tile syncs 8 files, by the calls it makes", "[log][crash]") {
  Workshop workshop;
  REQUIRE(workshop.Run({"200", "50", "100"}, {"", 0}) == 0);
  fs::remove(workshop.trace());
  REQUIRE(workshop.Run({}, {"", 0}) == 0);
  const int opening = workshop.Calls()["fsync"];
  fs::remove(workshop.trace());
  REQUIRE(workshop.Run({"256"}, {"", 0}) == 0);
  const auto calls = workshop.Calls();
  CHECK(calls.at("fsync") - opening == 8);
  std::printf("a batch of 256 that fills a tile, with opening: %d fsyncs of files, %d of folders\n",
              calls.at("fsync"), calls.at("fsync-folder"));
}

}  // namespace mutual::transparency
