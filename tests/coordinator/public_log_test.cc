#include "coordinator/log/public_log.h"

#include <atomic>
#include <thread>

#include "base/file.h"
#include "base/status.h"
#include "coordinator/service/own_entries.h"
#include "crypto/digest.h"
#include "crypto/own_program.h"
#include "tests/catch.h"
#include "tests/support/one_entry_log.h"
#include "tests/support/temporary_folder.h"
#include "transparency/cosignature.h"
#include "transparency/witness.h"
#include "transparency/witness_store.h"

namespace mutual::coordinator {
namespace {

using mutual::testing::KeyOf;
using mutual::testing::kTestOrigin;
using transparency::Entry;
using transparency::EntryWriter;

// Counts how often it is asked, so that a test can wait for somebody to look at it.
class CountingClock final : public Clock {
 public:
  absl::Time Now() const override {
    ++looks;
    return absl::FromUnixSeconds(seconds);
  }
  void WaitForLooks(int count) const {
    for (const int until = looks + count; looks < until;) std::this_thread::yield();
  }
  std::atomic<int64_t> seconds = 1700000000;
  mutable std::atomic<int> looks = 0;
};

// A log with one witness, "north", that answers at once while it is there.
struct Fixture {
  Fixture() {
    const auto signer = *transparency::NoteSigner::Create(kTestOrigin, KeyOf('l'));
    auto cosigner = *transparency::CosignatureSigner::Create("witness/north", KeyOf('w'));
    witness_vkey = cosigner.verifier().ToVkey();
    log_vkey = signer.verifier().ToVkey();
    witness = *transparency::Witness::Create(
        {std::move(cosigner), {signer.verifier()}, store.get(), &clock});
    Open();
  }
  void Open() {
    log.reset();
    log = *PublicLog::Open({folder.path() / "log", kTestOrigin, &log_key, &entry_key, "fed.example",
                            "rules", &clock, &board, [](const std::string&) {}});
  }
  void Answer() {
    while (is_there) {
      const auto body = board.RequestFor("north");
      if (!body) return;
      ++asked;
      board.TakeAnswer("north", witness->AddCheckpoint(*body));
    }
  }
  LoggedEntry Append(const Entry& entry) { return *log->Append(*log->Sign(entry)); }
  void Found() {
    EntryWriter writer("policy", kTestOrigin);
    writer.Text("policy", "log " + log_vkey)
        .Text("policy", "witness north " + witness_vkey)
        .Text("policy", "quorum north")
        .Integer("dishonest", 0)
        .Integer("admission-quorum", 1)
        .Time("time", clock.Now());
    Append(*writer.Finish());
  }
  Entry Incident(const std::string& code, const std::string& study, int64_t second) const {
    EntryWriter writer("incident", kTestOrigin);
    writer.Text("code", code)
        .Text("what", "Something.")
        .Time("time", absl::FromUnixSeconds(second));
    if (!study.empty()) writer.Study(crypto::Sha256(study));
    return *writer.Finish();
  }
  transparency::Checkpoint CheckpointNow() const {
    return *transparency::ParseCheckpoint(transparency::ParseNote(log->checkpoint())->text);
  }
  std::optional<uint64_t> NewestTime() const {
    return log->policy().Evaluate(log->checkpoint())->newest;
  }

  mutual::testing::TemporaryFolder folder;
  CountingClock clock;
  crypto::SigningKey log_key = KeyOf('l'), entry_key = KeyOf('c');
  std::unique_ptr<transparency::FileWitnessStore> store =
      *transparency::FileWitnessStore::Create(folder.path() / "witness");
  std::unique_ptr<transparency::Witness> witness;
  std::string witness_vkey, log_vkey;
  std::atomic<bool> is_there = true;
  std::atomic<int> asked = 0;
  CosignBoard board{[this] { Answer(); }};
  std::unique_ptr<PublicLog> log;  // last: its thread uses the others
};

}  // namespace

TEST_CASE("An idle log asks its witnesses for newer times every ten minutes", "[log]") {
  Fixture f;
  f.Found();
  f.Append(f.Incident("DISK_FULL", "", 1));
  const uint64_t size = f.CheckpointNow().size;
  const int asked = f.asked;
  CHECK(*f.NewestTime() == 1700000000);
  f.clock.seconds += 599;
  f.clock.WaitForLooks(3);
  CHECK(f.asked == asked);
  CHECK(*f.NewestTime() == 1700000000);
  for (const int64_t later : {1700000600, 1700001200}) {
    f.clock.seconds = later;
    while (*f.NewestTime() != static_cast<uint64_t>(later)) std::this_thread::yield();
  }
  CHECK(f.asked == asked + 2);
  CHECK(f.CheckpointNow().size == size);
  CHECK(*ReadFile(f.log->served_folder() / "checkpoint", 10000) == f.log->checkpoint());
}

TEST_CASE("A clock that is set back does not stop the newer times for long", "[log]") {
  Fixture f;
  f.Found();
  f.Append(f.Incident("DISK_FULL", "", 1));
  f.clock.seconds -= 86400;
  f.clock.WaitForLooks(3);
  f.clock.seconds += 600;
  const auto now = static_cast<uint64_t>(f.clock.seconds.load());
  while (*f.NewestTime() != now) std::this_thread::yield();
  CHECK(f.log->status().ok());
}

TEST_CASE("Before the founding nobody is asked for newer times", "[log]") {
  Fixture f;
  f.Append(f.Incident("DISK_FULL", "", 1));
  const std::string before = f.log->checkpoint();
  f.clock.seconds += 6000;
  f.clock.WaitForLooks(3);
  CHECK(f.asked == 0);
  CHECK(f.log->checkpoint() == before);
}

TEST_CASE("What happened to a study is logged once, other incidents as often as they happen",
          "[log]") {
  Fixture f;
  const LoggedEntry first = f.Append(f.Incident("RELEASE_FAILED", "study", 1));
  CHECK(f.Append(f.Incident("RELEASE_FAILED", "study", 2)).index == first.index);
  CHECK(f.log->Has(f.Incident("RELEASE_FAILED", "study", 3)));
  CHECK(f.Append(f.Incident("OPERATOR_STOPPED", "study", 3)).index == first.index + 1);
  CHECK(f.Append(f.Incident("RELEASE_FAILED", "other", 3)).index == first.index + 2);
  CHECK(f.Append(f.Incident("POWER_CUT", "", 4)).index == first.index + 3);
  CHECK_FALSE(f.log->Has(f.Incident("POWER_CUT", "", 5)));
  CHECK(f.Append(f.Incident("POWER_CUT", "", 5)).index == first.index + 4);
}

TEST_CASE("The coordinator's program is logged when it differs from the last", "[log]") {
  Fixture f;
  REQUIRE_OK(LogSoftware(*f.log, f.clock));
  REQUIRE_OK(LogSoftware(*f.log, f.clock));
  CHECK(f.CheckpointNow().size == 2);  // genesis and one software entry
  const std::string own = crypto::DigestOfOwnProgram()->ToHex();
  CHECK(f.log->DeclaredSoftware("coordinator", "mutual-coordinator") == own);
  CHECK(f.log->DeclaredSoftware("node/north", "mutual-node").empty());
  EntryWriter other("software", kTestOrigin);
  other.Text("program", "mutual-coordinator")
      .Text("version", "0.0.1")
      .Hash("sha256", crypto::Sha256("another"))
      .Time("time", f.clock.Now());
  f.Append(*other.Finish());
  ++f.clock.seconds;
  f.Open();  // read back from the disk
  CHECK(f.log->DeclaredSoftware("coordinator", "mutual-coordinator") ==
        crypto::Sha256("another").ToHex());
  REQUIRE_OK(LogSoftware(*f.log, f.clock));
  CHECK(f.CheckpointNow().size == 4);
}

TEST_CASE("The digest of the own program is that of its file", "[log]") {
  const auto bytes = ReadFile("/proc/self/exe", uint64_t{1} << 30);
  REQUIRE_OK(bytes);
  CHECK(*crypto::DigestOfOwnProgram() == crypto::Sha256(*bytes));
}

TEST_CASE("Incidents that the operator recorded are logged once each, stopped studies named",
          "[log]") {
  Fixture f;
  const auto journal = *Journal::Open((f.folder.path() / "journal").string());
  const Digest study = crypto::Sha256("study");
  REQUIRE_OK(
      journal->AddIncident({"POWER_CUT", "An hour without power.", "2026-11-23T10:00:00Z", ""}));
  REQUIRE_OK(journal->AddIncident(
      {kOperatorStopped, "The question was wrong.", "2026-11-23T11:00:00Z", study.ToHex()}));
  CHECK(*LogIncidents(*f.log, *journal) == std::vector<Digest>{study});
  CHECK(*LogIncidents(*f.log, *journal) == std::vector<Digest>{study});
  CHECK(f.CheckpointNow().size == 3);
  REQUIRE_OK(
      journal->AddIncident({"POWER_CUT", "An hour without power.", "2026-11-23T10:00:00Z", ""}));
  REQUIRE_OK(LogIncidents(*f.log, *journal));
  CHECK(f.CheckpointNow().size == 3);  // the same words of the same second are the same incident
  REQUIRE_OK(journal->AddIncident({"POWER_CUT", "Again.", "no time", ""}));
  CHECK(LogIncidents(*f.log, *journal).status().code() == absl::StatusCode::kInternal);
}

}  // namespace mutual::coordinator
