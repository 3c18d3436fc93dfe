// The program as its users meet it: commands, words and exit codes.
#include "tests/tools/audit_program.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/tools/honest_drafts.h"
#include "tools/audit/finding.h"
#include "transparency/log_reader.h"
#include "transparency/proof.h"

namespace mutual::audit {
namespace {

using namespace testing;  // NOLINT: the builder

// A folder with the honest log in log/ and the policy in its default place.
class Desk {
 public:
  Desk() : entries_(Render(HonestDrafts())) {
    Put("log", Serve(entries_));
    Write("mutual-audit.policy", PolicyText());
  }
  void Put(const std::string& name, const Files& files) { WriteFiles(files, path() / name); }
  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(path() / name, std::ios::binary) << bytes;
  }
  std::string Read(const std::string& name) {
    return ReadFile(path() / name, uint64_t{1} << 24).value_or("");
  }
  Ran Run(const std::string& arguments) { return RunAudit(path(), arguments); }
  const std::filesystem::path& path() const { return folder_.path(); }
  const Entries& entries() const { return entries_; }
  // The receipt of one entry.
  transparency::Proof Receipt(const std::string& label) {
    const auto reader = *transparency::LogReader::Open(
        transparency::FetchFromFolder(path() / "log"), HeadOf(entries_));
    return *transparency::MakeReceipt(*reader, IndexOf(HonestDrafts(), label),
                                      Read("log/checkpoint"));
  }

 private:
  mutual::testing::TemporaryFolder folder_;
  Entries entries_;
};

}  // namespace

TEST_CASE("verify says what holds, what to do next and exits 0", "[audit]") {
  Desk desk;
  const Ran ran = desk.Run("verify log --save saved");
  INFO(ran.output);
  CHECK(ran.code == kVerified);
  CHECK_THAT(ran.output, ContainsSubstring("cosigned 3 of 4 (need 3)"));
  CHECK_THAT(ran.output,
             ContainsSubstring("pass  CP-QUORUM     east, north, west (absent: south)"));
  CHECK(desk.Read("saved") == desk.Read("log/checkpoint"));
  CHECK(desk.Run("verify log --save again").output == ran.output);
  CHECK_THAT(ran.output, !ContainsSubstring("--save FILE"));  // it has been kept
  CHECK_THAT(desk.Run("verify log").output, ContainsSubstring("(--save FILE)"));
  const Ran since = desk.Run("verify log --since saved");
  CHECK(since.code == kVerified);
  CHECK_THAT(since.output, ContainsSubstring("pass  APPEND"));
}

TEST_CASE("verify without a policy exits 3 and says how to make one", "[audit]") {
  Desk desk;
  std::filesystem::remove(desk.path() / "mutual-audit.policy");
  const Ran ran = desk.Run("verify log");
  CHECK(ran.code == kUnchecked);
  CHECK_THAT(ran.output, ContainsSubstring("skip  CP-SIG"));
  CHECK_THAT(ran.output, ContainsSubstring("mutual-audit trust init"));
  CHECK(desk.Run("verify log --policy absent").code == kUsage);
}

TEST_CASE("Wrong usage exits 2", "[audit]") {
  Desk desk;
  for (const char* const arguments :
       {"", "frobnicate", "verify no-such-folder", "verify ftp://x", "show", "show 99999 --log log",
        "who ffff --log log", "receipt absent", "verify log --since absent", "compare log",
        "explain NO_SUCH_CODE", "trust init", "replay x 1", "verify"}) {
    INFO(arguments);
    CHECK(desk.Run(arguments).code == kUsage);
  }
}

TEST_CASE("What cannot be read exits 3", "[audit]") {
  Desk desk;
  std::filesystem::create_directory(desk.path() / "empty");
  CHECK(desk.Run("verify empty").code == kUnchecked);
  CHECK(desk.Run("verify http://127.0.0.1:9/log").code == kUnchecked);
  std::filesystem::remove_all(desk.path() / "log" / "tile" / "entries");
  CHECK(desk.Run("verify log").code == kUnchecked);
}

TEST_CASE("verify --json is versioned and says the same", "[audit]") {
  Desk desk;
  const Ran ran = desk.Run("verify log --json");
  const auto json = nlohmann::json::parse(ran.output, nullptr, false);
  REQUIRE(!json.is_discarded());
  CHECK(json["version"] == 1);
  CHECK(json["verdict"] == "verified");
  CHECK(json["exit_code"] == 0);
  CHECK(json["findings"].size() > 25);
  for (const auto& finding : json["findings"]) CHECK(finding["does_not_prove"].is_string());
}

TEST_CASE("A receipt proves its entry offline, and nothing when a byte changed", "[audit]") {
  Desk desk;
  const transparency::Proof proof = desk.Receipt("contribution-shift2-north");
  desk.Write("good", PrintProof(proof));
  const Ran good = desk.Run("receipt good");
  INFO(good.output);
  CHECK(good.code == kVerified);
  CHECK_THAT(good.output, ContainsSubstring("is your contribution, round 2 of north"));
  transparency::Proof other = proof;
  other.entry = desk.entries()[2];
  desk.Write("other", PrintProof(other));
  CHECK(desk.Run("receipt other").code == kWrong);
  transparency::Proof moved = proof;
  ++moved.index;
  desk.Write("moved", PrintProof(moved));
  CHECK(desk.Run("receipt moved").code == kWrong);
  transparency::Proof bare = proof;
  bare.entry.reset();
  desk.Write("bare", PrintProof(bare));
  CHECK(desk.Run("receipt bare").code == kUnchecked);
  desk.Write("junk", "junk");
  CHECK(desk.Run("receipt junk").code == kWrong);
  CHECK(desk.Run("receipt good other").code == kWrong);
}

TEST_CASE("Entries are shown, listed and exported as they stand", "[audit]") {
  Desk desk;
  const size_t index = IndexOf(HonestDrafts(), "release-wage1");
  CHECK(desk.Run("show " + std::to_string(index) + " --log log").output == desk.entries()[index]);
  const Ran list = desk.Run("list --type release --log log");
  CHECK(list.code == kVerified);
  CHECK(std::count(list.output.begin(), list.output.end(), '\n') == 4);
  const Ran all = desk.Run("export --jsonl --log log");
  CHECK(std::count(all.output.begin(), all.output.end(), '\n') ==
        static_cast<long>(desk.entries().size()));
  const auto first = nlohmann::json::parse(all.output.substr(0, all.output.find('\n')));
  CHECK(*Base64Decode(first["bytes"].get<std::string>()) == desk.entries()[0]);
}

TEST_CASE("privacy recomputes epsilons of studies and of one organisation", "[audit]") {
  Desk desk;
  const auto json = nlohmann::json::parse(desk.Run("privacy --node west --log log --json").output);
  REQUIRE(json["studies"].size() == 2);
  // z = 4, q = 0.5, 3 rounds and z = 2, q = 1, 1 round (2.42 by docs/PRIVACY.md).
  for (const auto& study : json["studies"]) {
    if (study["title"] == "Study pay") {
      CHECK_THAT(study["epsilon_node"].get<double>(), WithinAbs(2.42, 0.01));
    }
  }
  CHECK(json["composed_epsilon"].get<double>() > 2.42);
  CHECK_THAT(desk.Run("privacy --log log").output, ContainsSubstring("epsilon_public"));
}

TEST_CASE("who says who agreed to a study", "[audit]") {
  Desk desk;
  const Ran ran = desk.Run("who " + HashText("wage").substr(0, 8) + " --log log");
  INFO(ran.output);
  CHECK(ran.code == kVerified);
  CHECK_THAT(ran.output, ContainsSubstring("accepted  east"));
  CHECK_THAT(ran.output, ContainsSubstring("refused   west"));
}

TEST_CASE("compare finds the first entry that differs and keeps evidence", "[audit]") {
  Desk desk;
  Drafts drafts = HonestDrafts();
  At(drafts, "incident").Set("what", "Nothing happened.");
  drafts.push_back(Copy(drafts, "incident", "more").Set("what", "Nothing at all."));
  desk.Put("other", Serve(Render(drafts)));
  const Ran ran = desk.Run("compare log other");
  INFO(ran.output);
  CHECK(ran.code == kWrong);
  const std::string index = std::to_string(desk.entries().size() - 1);
  CHECK_THAT(ran.output, ContainsSubstring("entry " + index + " differs"));
  CHECK(desk.Read("evidence/one.entry") == desk.entries().back());
  CHECK(desk.Read("evidence/other.checkpoint") == desk.Read("other/checkpoint"));
  CHECK(desk.Run("compare log log").code == kVerified);
}

TEST_CASE("consistency links two checkpoints through a log", "[audit]") {
  Desk desk;
  Entries shorter = desk.entries();
  shorter.resize(20);
  desk.Write("old", SignedCheckpoint(HeadOf(shorter)));
  desk.Write("new", desk.Read("log/checkpoint"));
  CHECK(desk.Run("consistency old new --log log").code == kVerified);
  CHECK(desk.Run("consistency new old --log log").code == kVerified);
  CHECK(desk.Run("consistency old new").code == kUnchecked);
  std::swap(shorter[3], shorter[4]);
  desk.Write("forked", SignedCheckpoint(HeadOf(shorter)));
  CHECK(desk.Run("consistency forked new --log log").code == kWrong);
  CHECK(desk.Run("consistency old forked").code == kWrong);
}

TEST_CASE("A mirror is verified, goes on where it was cut off, and refuses a fork of itself",
          "[audit]") {
  Desk desk;
  CHECK(desk.Run("mirror log copy").code == kVerified);
  CHECK(desk.Run("verify copy").code == kVerified);
  // A copy that was cut off: the checkpoint and some files are not there yet.
  std::filesystem::remove(desk.path() / "copy/checkpoint");
  std::filesystem::remove_all(desk.path() / "copy/tile/entries");
  CHECK(desk.Run("mirror log copy").code == kVerified);
  CHECK(desk.Run("verify copy").code == kVerified);
  Entries forked = desk.entries();
  std::swap(forked[3], forked[4]);
  desk.Put("forked", Serve(forked));
  CHECK(desk.Run("mirror forked copy").code == kWrong);
  CHECK(desk.Read("copy/checkpoint") == desk.Read("log/checkpoint"));
}

TEST_CASE("trust init writes a policy that verifies, and shows fingerprints", "[audit]") {
  Desk desk;
  const Ran ran = desk.Run("trust init mine --from-log log");
  INFO(ran.output);
  CHECK(ran.code == kVerified);
  CHECK_THAT(ran.output, ContainsSubstring("Compare these fingerprints"));
  CHECK(desk.Run("verify log --policy mine").code == kVerified);
  CHECK(desk.Run("trust init mine --from-log log").code == kUsage);  // exists
  const Ran by_hand = desk.Run("trust init hand --log-key " + std::string(kLogVkey) +
                               " --witness east=" + Vkey("witness/east", KeyType::kCosignature));
  CHECK(by_hand.code == kVerified);
  CHECK(desk.Run("verify log --policy hand").code == kVerified);
}

TEST_CASE("explain prints the page's words for codes and checks", "[audit]") {
  Desk desk;
  const Ran code = desk.Run("explain BUDGET_SPENT");
  CHECK(code.code == kVerified);
  CHECK_THAT(code.output, ContainsSubstring("It renews on 1 January."));
  CHECK_THAT(desk.Run("explain CERTIFICATE_NOT_YET_VALID").output, ContainsSubstring("clocks"));
  CHECK_THAT(desk.Run("explain EPSILON").output, ContainsSubstring("it does not prove"));
}

TEST_CASE("Reports hold the verdict, the studies and what was not checked", "[audit]") {
  Desk desk;
  for (const char* const format : {"html", "md", "json"}) {
    INFO(format);
    CHECK(desk.Run(std::string("report log --format ") + format + " -o page").code == kVerified);
    const std::string page = desk.Read("page");
    CHECK_THAT(page, ContainsSubstring("Study wage"));
    CHECK_THAT(page, ContainsSubstring("everything that was asked holds"));
    CHECK_THAT(page, ContainsSubstring("That the people behind the key agreed"));
  }
  desk.Run("report log -o page");
  const std::string html = desk.Read("page");
  CHECK_THAT(html, ContainsSubstring("<svg"));
  CHECK_THAT(html, ContainsSubstring("<h3>Study wage"));
  CHECK(html.find("src=") == std::string::npos);
  CHECK(html.find("http://") == html.find("http://www.w3.org/2000/svg"));
}

TEST_CASE("A report shows hostile text as text", "[audit]") {
  Desk desk;
  Drafts drafts = HonestDrafts();
  At(drafts, "propose-wage").Set("title", "<script>alert(1)</script>");
  desk.Put("hostile", Serve(Render(drafts)));
  desk.Run("report hostile -o page");
  CHECK(desk.Read("page").find("<script>") == std::string::npos);
}

TEST_CASE("watch remembers after its work, and a fork stays an alarm", "[audit]") {
  Desk desk;
  CHECK(desk.Run("watch log --once").code == kVerified);
  CHECK(desk.Read("mutual-audit.watch") == desk.Read("log/checkpoint"));
  CHECK_THAT(desk.Run("watch log --once").output, ContainsSubstring("nothing new"));
  Entries forked = desk.entries();
  std::swap(forked[3], forked[4]);
  desk.Put("forked", Serve(forked));
  const Ran alarm = desk.Run("watch forked --once --exec 'echo \"$MUTUAL_ALARM\" > rang'");
  CHECK(alarm.code == kWrong);
  CHECK_THAT(desk.Read("rang"), ContainsSubstring("evidence"));
  CHECK(desk.Read("mutual-audit.watch") == desk.Read("log/checkpoint"));
  CHECK_THAT(desk.Read("mutual-audit.watch.alarm"), ContainsSubstring("FAIL  APPEND"));
  CHECK(desk.Run("watch log --once").code == kWrong);  // latched
  CHECK(desk.Run("watch --test-alert --exec 'touch tested'").code == kVerified);
  CHECK(std::filesystem::exists(desk.path() / "tested"));
}

TEST_CASE("docs/AUDIT.md lists every check with its words", "[audit]") {
  const auto page = ReadFile(MUTUAL_SOURCE_DIR "/docs/AUDIT.md", uint64_t{1} << 20);
  REQUIRE_OK(page);
  for (const Check& check : Checks()) {
    INFO(check.id);
    const std::string row = std::string("| `") + check.id + "` | " +
                            (check.gravity == Gravity::kProof ? "1" : "4") + " | " +
                            check.sentence + " | " + check.not_proved + " |";
    CHECK(page->find(row) != std::string::npos);
  }
}

}  // namespace mutual::audit
