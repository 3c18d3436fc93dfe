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
#include "transparency/checkpoint.h"
#include "transparency/cosignature.h"
#include "transparency/proof.h"
#include "transparency/witness.h"
#include "transparency/witness_request.h"
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
  void Open(absl::Duration patience = absl::Seconds(20)) {
    log.reset();
    PublicLog::Options options{folder.path() / "log",
                               kTestOrigin,
                               &log_key,
                               &entry_key,
                               "fed.example",
                               "rules",
                               &clock,
                               &board,
                               [](const std::string&) {}};
    options.patience = patience;
    log = *PublicLog::Open(options);
  }
  void Answer() {
    while (is_there) {
      const auto body = board.RequestFor("north");
      if (!body) return;
      ++asked;
      bodies.push_back(*body);
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
  std::vector<std::string> bodies;  // that the witness was asked to cosign, by one thread at a time
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

TEST_CASE("The policy's receipt is under the newest checkpoint", "[log]") {
  Fixture f;
  f.Found();
  const std::string first = *f.log->PolicyReceipt();
  CHECK(*f.log->PolicyReceipt() == first);
  CHECK(transparency::ParseProof(first)->checkpoint == f.log->checkpoint());
  f.Append(f.Incident("DISK_FULL", "", 1));
  const transparency::Proof second = *transparency::ParseProof(*f.log->PolicyReceipt());
  CHECK(second.checkpoint == f.log->checkpoint());
  CHECK(second.index == 1);
  REQUIRE_OK(transparency::VerifyReceipt(second, f.log->policy()));
}

TEST_CASE("A cosignature by another key is not counted for a witness", "[log][attack]") {
  Fixture f;
  f.Found();
  f.Open(absl::Milliseconds(1));
  const transparency::SignedEntry first = *f.log->Sign(f.Incident("DISK_FULL", "", 0));
  while (!f.log->Append(first).ok()) std::this_thread::yield();
  f.is_there = false;
  CHECK(ErrorCode(f.log->Append(*f.log->Sign(f.Incident("DISK_FULL", "", 1))).status()) ==
        "NO_QUORUM");
  const auto impostor = *transparency::CosignatureSigner::Create("witness/north", KeyOf('x'));
  std::optional<std::string> body;
  while (!(body = f.board.RequestFor("north"))) std::this_thread::yield();
  const std::string text =
      transparency::ParseNote(transparency::ParseAddCheckpoint(*body)->checkpoint)->text;
  f.board.TakeAnswer("north", {200, transparency::kTextContentType,
                               transparency::PrintSignatureLine(*impostor.Sign(text, 1700000000))});
  CHECK(f.CheckpointNow().size == 3);
  f.board.Reconnected("north");  // asked again, since nothing was answered
  while (!(body = f.board.RequestFor("north"))) std::this_thread::yield();
  f.board.TakeAnswer("north", f.witness->AddCheckpoint(*body));
  while (f.CheckpointNow().size == 3) std::this_thread::yield();
  CHECK(f.CheckpointNow().size == 4);
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

TEST_CASE("⚔ A log whose folder was set back stops at the start, before anything is appended",
          "[log]") {
  Fixture f;
  const std::filesystem::path log = f.folder.path() / "log", old = f.folder.path() / "old";
  const auto options = std::filesystem::copy_options::recursive;
  f.Found();
  f.log.reset();
  std::filesystem::copy(log, old, options);
  f.Open();
  const LoggedEntry lost = f.Append(f.Incident("POWER_CUT", "", 1));
  f.log.reset();
  std::filesystem::remove_all(log);
  std::filesystem::copy(old, log, options);
  f.Open();
  while (f.log->status().ok()) std::this_thread::yield();
  CHECK(ErrorCode(f.log->status()) == "STORAGE_ROLLED_BACK");
  const auto refused = f.log->Append(*f.log->Sign(f.Incident("POWER_CUT", "", 2)));
  CHECK(ErrorCode(refused.status()) == "STORAGE_ROLLED_BACK");
  CHECK(f.CheckpointNow().size == lost.index);
}

TEST_CASE("Nothing is appended at a start before a quorum agreed to what is there", "[log]") {
  Fixture f;
  f.Found();
  f.is_there = false;
  f.Open();
  f.bodies.clear();
  f.is_there = true;
  f.Answer();
  const uint64_t index = f.Append(f.Incident("POWER_CUT", "", 1)).index;
  CHECK(index == 2);
  REQUIRE(f.bodies.size() >= 2);
  CHECK_THAT(f.bodies.back(), ContainsSubstring("\nfed.example/audit\n3\n"));
  f.bodies.pop_back();
  for (const std::string& earlier : f.bodies) {
    CHECK_THAT(earlier, ContainsSubstring("\nfed.example/audit\n2\n"));
  }
}

TEST_CASE("⚔ What others have seen of a log before its founding stops it when it is behind that",
          "[log]") {
  Fixture f;
  f.Append(f.Incident("POWER_CUT", "", 1));
  const std::string first = f.log->checkpoint();
  const auto goes_on = [&](const std::string& checkpoint, int64_t second) {
    f.log->Heed(checkpoint);
    return f.log->Append(*f.log->Sign(f.Incident("POWER_CUT", "", second))).status();
  };
  REQUIRE_OK(goes_on(first, 2));
  REQUIRE_OK(goes_on(first, 3));  // older, of this log
  REQUIRE_OK(goes_on("", 4));
  REQUIRE_OK(goes_on("no checkpoint", 5));
  const auto thief = *transparency::NoteSigner::Create(kTestOrigin, KeyOf('x'));
  REQUIRE_OK(
      goes_on(*transparency::SignCheckpoint({kTestOrigin, 90, crypto::Sha256("x"), ""}, thief), 6));
  const bool is_ahead = GENERATE(true, false);
  const auto own = *transparency::NoteSigner::Create(kTestOrigin, KeyOf('l'));
  f.log->Heed(*transparency::SignCheckpoint(
      {kTestOrigin, is_ahead ? uint64_t{90} : uint64_t{2}, crypto::Sha256("x"), ""}, own));
  while (f.log->status().ok()) std::this_thread::yield();
  CHECK(ErrorCode(f.log->status()) == "STORAGE_ROLLED_BACK");
}

TEST_CASE("⚔ A witness that shows what it was asked to cosign does not stop a log",
          "[log][.slow]") {
  Fixture f;
  f.Found();
  f.Open(absl::Milliseconds(1));
  const transparency::SignedEntry first = *f.log->Sign(f.Incident("POWER_CUT", "", 0));
  while (!f.log->Append(first).ok()) std::this_thread::yield();
  f.is_there = false;  // nobody cosigns: what is appended stays pending
  const auto late = f.log->Append(*f.log->Sign(f.Incident("POWER_CUT", "", 1)));
  CHECK(ErrorCode(late.status()) == "NO_QUORUM");
  const auto asked_for = [&f](uint64_t size) {
    while (f.log->status().ok()) {
      const std::optional<std::string> body = f.board.RequestFor("north");
      if (!body) {
        std::this_thread::yield();
        continue;
      }
      std::string checkpoint = transparency::ParseAddCheckpoint(*body)->checkpoint;
      const auto note = transparency::ParseNote(checkpoint);
      if (transparency::ParseCheckpoint(note->text)->size == size) return checkpoint;
    }
    return std::string();
  };
  const std::string pending = asked_for(4);
  REQUIRE_FALSE(pending.empty());
  // After a new start the quorum is late again, and the witness tells what it knows.
  f.Open();
  f.log->Heed(pending);
  REQUIRE(asked_for(4) == pending);
  REQUIRE(asked_for(4) == pending);  // asked a second time: what was told has been looked at
  CHECK(f.log->status().ok());
  f.is_there = true;
  CHECK(f.Append(f.Incident("POWER_CUT", "", 2)).index == 4);
}

TEST_CASE("⚔ A log that an outside witness has seen further is not opened", "[log]") {
  Fixture f;
  f.log.reset();
  const auto own = *transparency::NoteSigner::Create(kTestOrigin, KeyOf('l'));
  PublicLog::Options options{f.folder.path() / "log",
                             kTestOrigin,
                             &f.log_key,
                             &f.entry_key,
                             "fed.example",
                             "rules",
                             &f.clock,
                             &f.board,
                             [](const std::string&) {}};
  const auto ahead = [&](const transparency::Policy&) {
    return std::vector<std::string>{
        "garbage", *transparency::SignCheckpoint({kTestOrigin, 2, crypto::Sha256("x"), ""}, own)};
  };
  CHECK(ErrorCode(PublicLog::Open(options, ahead).status()) == "STORAGE_ROLLED_BACK");
  REQUIRE_OK(PublicLog::Open(options).status());
}

TEST_CASE("The coordinator's program is logged when it differs from the last", "[log]") {
  Fixture f;
  const std::vector<Program> programs = {{"mutual-coordinator", *crypto::DigestOfOwnProgram()},
                                         {"mutual-audit", crypto::Sha256("an auditor")}};
  REQUIRE_OK(LogSoftware(*f.log, programs, f.clock));
  REQUIRE_OK(LogSoftware(*f.log, programs, f.clock));
  CHECK(f.CheckpointNow().size == 3);  // genesis and two software entries
  const std::string own = programs[0].digest.ToHex();
  CHECK(f.log->DeclaredSoftware("coordinator", "mutual-coordinator") == own);
  CHECK(f.log->DeclaredSoftware("coordinator", "mutual-audit") == programs[1].digest.ToHex());
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
  REQUIRE_OK(LogSoftware(*f.log, programs, f.clock));
  CHECK(f.CheckpointNow().size == 5);
}

TEST_CASE("What a researcher declares is not the coordinator's", "[log]") {
  Fixture f;
  EntryWriter writer("software", kTestOrigin);
  writer.Text("researcher", "ada")
      .Text("program", "mutual-coordinator")
      .Text("version", "0.0.1")
      .Hash("sha256", crypto::Sha256("another"))
      .Time("time", f.clock.Now());
  f.Append(*writer.Finish());
  CHECK(f.log->DeclaredSoftware("coordinator", "mutual-coordinator").empty());
  CHECK(f.log->DeclaredSoftware("researcher/ada", "mutual-coordinator") ==
        crypto::Sha256("another").ToHex());
}

TEST_CASE("The digest of the own program is that of its file", "[log]") {
  const auto bytes = ReadFile("/proc/self/exe", uint64_t{1} << 30);
  REQUIRE_OK(bytes);
  CHECK(*crypto::DigestOfOwnProgram() == crypto::Sha256(*bytes));
  const std::string name = std::filesystem::read_symlink("/proc/self/exe").filename().string();
  CHECK(*crypto::DigestOfProgramBeside(name) == crypto::Sha256(*bytes));
  CHECK(absl::IsNotFound(crypto::DigestOfProgramBeside("no-such-program").status()));
  CHECK(ProgramsHere()->front().digest == crypto::Sha256(*bytes));
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
