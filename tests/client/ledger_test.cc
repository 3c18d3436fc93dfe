#include "client/ledger/ledger.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/status.h"
#include "tests/support/temporary_folder.h"
#include "tests/catch.h"

namespace mutual::client {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);

privacy::BudgetPolicy Policy(double yearly) {
  return {1e-6, yearly, yearly, 100, 100, {3, 4, 6, 8, 12, 20, 32, 64}};
}

Digest StudyNumber(uint8_t number) {
  Digest digest;
  digest.bytes.fill(number);
  return digest;
}

RoundCharge Charge(uint8_t study, uint64_t round, int year) {
  RoundCharge charge;
  charge.study = StudyNumber(study);
  charge.round = round;
  charge.year = year;
  charge.study_delta = 1e-6;
  charge.node = *privacy::CurveOf({2, 1, 1});
  charge.public_figure = *privacy::CurveOf({4, 1, 1});
  return charge;
}

ContributionRecord Record(const RoundCharge& charge) {
  ContributionRecord record;
  record.study = charge.study;
  record.round = charge.round;
  record.bytes = 8;
  record.entry = "statement";
  record.file = "file";
  record.created = kNow;
  return record;
}

absl::Status Store(Ledger& ledger, double yearly, const RoundCharge& charge) {
  return ledger.ChargeAndStore(Policy(yearly), charge, Record(charge));
}

struct Fixture {
  testing::TemporaryFolder folder;
  std::string path = (folder.path() / "ledger.sqlite").string();
};

}  // namespace

TEST_CASE("A charged round is remembered with its contribution, and once only", "[ledger]") {
  const Fixture fixture;
  const auto ledger = *Ledger::Open(fixture.path);
  REQUIRE_OK(Store(*ledger, 1000, Charge(1, 1, 2027)));
  REQUIRE(ErrorCode(Store(*ledger, 1000, Charge(1, 1, 2027))) == "ROUND_REPEATED");
  REQUIRE_OK(Store(*ledger, 1000, Charge(1, 5, 2027)));
  REQUIRE(ErrorCode(Store(*ledger, 1000, Charge(1, 3, 2027))) == "ROUND_NOT_INCREASING");
  REQUIRE_OK(ledger->MarkSent(StudyNumber(1), 1, kNow));
  const auto found = ledger->FindContribution(StudyNumber(1), 1);
  REQUIRE_OK(found);
  REQUIRE((*found)->sent == kNow);
  REQUIRE((*found)->entry == "statement");
  REQUIRE(ledger->Contributions()->size() == 2);
  struct stat info{};
  REQUIRE(::stat(fixture.path.c_str(), &info) == 0);
  REQUIRE((info.st_mode & 0777) == 0600);
}

TEST_CASE("A round above the yearly limit is refused, writes nothing, and renews", "[ledger]") {
  const Fixture fixture;
  const auto ledger = *Ledger::Open(fixture.path);
  uint64_t admitted = 0;
  while (Store(*ledger, 8, Charge(static_cast<uint8_t>(admitted + 1), 1, 2027)).ok()) ++admitted;
  REQUIRE(admitted > 0);
  REQUIRE(admitted < 50);
  const absl::Status refused = Store(*ledger, 8, Charge(99, 1, 2027));
  REQUIRE(ErrorCode(refused) == "BUDGET_SPENT");
  REQUIRE(ledger->Contributions()->size() == admitted);
  REQUIRE(ErrorCode(ledger->WouldAdmit(Policy(8), Charge(99, 1, 2027))) == "BUDGET_SPENT");
  REQUIRE_OK(Store(*ledger, 8, Charge(99, 1, 2028)));
}

TEST_CASE("⚔ A clock that is set back renews no budget", "[ledger]") {
  const Fixture fixture;
  const auto ledger = *Ledger::Open(fixture.path);
  uint8_t study = 0;
  while (Store(*ledger, 8, Charge(++study, 1, 2027)).ok()) REQUIRE(study < 50);
  REQUIRE(ErrorCode(Store(*ledger, 8, Charge(study, 1, 2026))) == "BUDGET_SPENT");
  REQUIRE(ErrorCode(ledger->WouldAdmit(Policy(8), Charge(study, 1, 2026))) == "BUDGET_SPENT");
  // What is charged after the clock went back counts against the newest year.
  while (Store(*ledger, 8, Charge(++study, 1, 2028)).ok()) REQUIRE(study < 100);
  REQUIRE(ErrorCode(Store(*ledger, 8, Charge(study, 1, 2027))) == "BUDGET_SPENT");
}

TEST_CASE("What was acknowledged before a kill -9 stays charged", "[ledger]") {
  const Fixture fixture;
  REQUIRE_OK(Ledger::Open(fixture.path));
  size_t before = 0;
  for (uint8_t attempt = 1; attempt <= 4; ++attempt) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto ledger = Ledger::Open(fixture.path);
      for (uint64_t round = 1; ledger.ok(); ++round) {
        if (!Store(**ledger, 1e6, Charge(attempt, round, 2027)).ok()) ::_exit(1);
        if (::write(ends[1], "x", 1) != 1) ::_exit(1);
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    size_t acknowledged = 0;
    for (char byte = 0; acknowledged < 5u + attempt && ::read(ends[0], &byte, 1) == 1;) {
      ++acknowledged;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ends[0]);
    const auto ledger = Ledger::Open(fixture.path);
    REQUIRE_OK(ledger);
    REQUIRE(acknowledged > 0);
    const size_t after = (*ledger)->Contributions()->size();
    REQUIRE(after >= before + acknowledged);
    before = after;
  }
}

TEST_CASE("Two processes that race for the last of a budget: one passes", "[ledger]") {
  const Fixture fixture;
  const auto ledger = *Ledger::Open(fixture.path);
  // A limit that admits exactly one round.
  const double limit = privacy::YearlyEpsilon(Policy(1), Charge(1, 1, 2027).node) * 1.05;
  std::vector<pid_t> children;
  for (uint8_t number = 1; number <= 4; ++number) {
    children.push_back(::fork());
    if (children.back() == 0) {
      const auto mine = Ledger::Open(fixture.path);
      ::_exit(mine.ok() && Store(**mine, limit, Charge(number, 1, 2027)).ok() ? 0 : 1);
    }
  }
  int passed = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    passed += WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
  }
  REQUIRE(passed == 1);
  REQUIRE(ledger->Contributions()->size() == 1);
}

TEST_CASE("Members keep their slots, others get free ones, and full is said", "[ledger]") {
  const Fixture fixture;
  std::vector<uint64_t> first;
  {
    const auto ledger = *Ledger::Open(fixture.path);
    REQUIRE_OK(ledger->SetSlotCount(4));
    first = *ledger->SlotsOf({"anna", "ben"});
  }
  const auto ledger = *Ledger::Open(fixture.path);
  REQUIRE(ErrorCode(ledger->SetSlotCount(8)) == "SLOTS_DIFFER");
  const auto again = ledger->SlotsOf({"ben", "carla", "anna"});
  REQUIRE_OK(again);
  REQUIRE(again->at(2) == first[0]);
  REQUIRE(again->at(0) == first[1]);
  REQUIRE(std::set<uint64_t>(again->begin(), again->end()).size() == 3);
  REQUIRE(ErrorCode(ledger->SlotsOf({"d", "e"}).status()) == "SLOTS_FULL");
  std::ifstream file(fixture.path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  REQUIRE(bytes.find("anna") == std::string::npos);  // no member reference on disk
}

TEST_CASE("A damaged ledger is never replaced", "[ledger]") {
  const Fixture fixture;
  std::ofstream(fixture.path) << std::string(8192, 'z');
  const auto ledger = Ledger::Open(fixture.path);
  REQUIRE(ErrorCode(ledger.status()) == "LEDGER_CORRUPT");
  REQUIRE_THAT(std::string(ledger.status().message()), ContainsSubstring("never delete"));
}

TEST_CASE("A later answer replaces an earlier one", "[ledger]") {
  const Fixture fixture;
  const auto ledger = *Ledger::Open(fixture.path);
  REQUIRE_OK(ledger->RecordAnswer({StudyNumber(1), "text", true, "yes", kNow}));
  REQUIRE_OK(ledger->RecordAnswer({StudyNumber(1), "text", false, "no", kNow}));
  const auto answer = ledger->FindAnswer(StudyNumber(1));
  REQUIRE_OK(answer);
  REQUIRE_FALSE((*answer)->accepted);
  REQUIRE((*answer)->entry == "no");
  REQUIRE_FALSE(ledger->FindAnswer(StudyNumber(2))->has_value());
}

// Run as a program of its own by the next test.
TEST_CASE("A program beside writes an answer", "[.child]") {
  const char* const path = std::getenv("MUTUAL_TEST_LEDGER");
  if (path == nullptr) return;
  REQUIRE_OK(Ledger::Open(path).value()->RecordAnswer({StudyNumber(1), "text", true, "", kNow}));
}

TEST_CASE("Two objects in one process and a program beside them see each other's writes",
          "[ledger]") {
  const Fixture fixture;
  const auto first = Ledger::Open(fixture.path);
  const auto second = Ledger::Open(fixture.path);  // must not drop the locks of the first
  REQUIRE_OK(first);
  REQUIRE_OK(second);
  REQUIRE((*second)->Answers()->empty());
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string child =
      "MUTUAL_TEST_LEDGER='" + fixture.path + "' '" + self + "' '[.child]' >/dev/null";
  REQUIRE(std::system(child.c_str()) == 0);
  CHECK((*second)->FindAnswer(StudyNumber(1))->has_value());
  REQUIRE_OK((*first)->RecordAnswer({StudyNumber(2), "text", true, "", kNow}));
  CHECK(Ledger::Open(fixture.path).value()->Answers()->size() == 2);
}

}  // namespace mutual::client
