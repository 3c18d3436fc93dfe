// verify-bundle: an honest bundle holds, and every lie in one is found.
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "privacy/accountant.h"
#include "study/page/dictionary.h"
#include "study/page/result_page.h"
#include "study/recipe.h"
#include "tests/catch.h"
#include "tests/support/study_text.h"
#include "tests/support/temporary_folder.h"
#include "tests/tools/audit_program.h"
#include "tests/tools/honest_drafts.h"
#include "tools/audit/finding.h"
#include "tools/audit/recomputation.h"
#include "transparency/log_reader.h"
#include "transparency/proof.h"

namespace mutual::audit {
namespace {

using namespace testing;  // NOLINT: the builder

const std::vector<std::string> kThree = {"east", "north", "south"};

absl::StatusOr<double> Solve(double epsilon, double delta, double rate, uint64_t rounds) {
  return privacy::NoiseMultiplierFor({epsilon, delta, rate, rounds});
}

// A released statistic: its log in memory, its bundle in the folder bundle/.
class BundledStudy {
 public:
  BundledStudy() : BundledStudy(mutual::testing::MeanStudyText(), {900, 120, 300}) {}
  BundledStudy(const std::string& text, const std::vector<double>& sum)
      : text_(text), study_(*study::ParseStudy(text_, Solve)) {
    terms_ = Recomputation::Begin(text_)->Terms();
    const auto recipe = *study::MakeRecipe(study_);
    result_ = *recipe->Finish({sum, 6, 3});
    log_.Found();
    Fix(&log_.Propose("real", Words()));
    for (const std::string& node : kThree) Fix(&log_.Decide("real", node, "mandate"));
    Fix(&log_.Start("real", Words(), 1, kThree));
    for (const std::string& node : kThree) {
      log_.Contribute("real", 1, node);
      Fix(&log_.drafts().back());
    }
    log_.Close("real", 1, kThree);
    Fix(&log_.drafts().back());
    Fix(&log_.Release("real", Words(), 1, 3));
    Release().Set("result", HashText(study::ToJson(result_)));
  }
  Draft& Release() { return At(log_.drafts(), "release-real1"); }

  // Renders the log and writes the bundle's files, honestly.
  void Write() {
    const Entries entries = Render(log_.drafts());
    WriteFiles(Serve(entries), path() / "log");
    std::ofstream(path() / "mutual-audit.policy") << PolicyText();
    const auto reader = *transparency::LogReader::Open(
        transparency::FetchFromFolder(path() / "log"), HeadOf(entries));
    const std::string checkpoint = *ReadFile(path() / "log" / "checkpoint", 1 << 20);
    for (const char* label : {"propose-real", "contribution-real1-east", "contribution-real1-north",
                              "contribution-real1-south", "close-real1", "release-real1"}) {
      files_["receipts/" + std::string(label) + ".tlog-proof"] = transparency::PrintProof(
          *transparency::MakeReceipt(*reader, IndexOf(log_.drafts(), label), checkpoint));
    }
    const auto release = *transparency::ParseSignedEntry(entries.back());
    const double node = *release.entry.Real("epsilon-node");
    const double released = *release.entry.Real("epsilon-public");
    files_["study.toml"] = text_;
    files_["result.json"] = study::ToJson(result_);
    files_["result.csv"] = study::ToDefinedCsv(result_);
    files_["result.html"] = study::ToHtml(
        {study_, result_, 1e-6, node, released, kThree, release.entry.log(), entries.size() - 1});
    files_["passport.json"] =
        nlohmann::json{
            {"study", study_.digest.ToHex()},
            {"privacy", {{"epsilon_node", node}, {"epsilon_public", released}, {"delta", 1e-6}}}}
            .dump();
    Seal();
  }
  // The files as they are now, under a manifest that vouches for them.
  void Seal() {
    std::filesystem::remove_all(path() / "bundle");
    std::string manifest;
    for (const auto& [name, bytes] : files_) manifest += HashText(bytes) + "  " + name + "\n";
    WriteFiles(files_, path() / "bundle");
    std::ofstream(path() / "bundle" / "MANIFEST") << manifest;
  }
  std::string& File(const std::string& name) { return files_.at(name); }
  Files& files() { return files_; }
  Ran Verify() { return RunAudit(path(), "verify-bundle bundle"); }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  Terms Words() const {
    return {terms_.recipe, terms_.rounds, terms_.noise_multiplier, terms_.sampling_rate};
  }
  void Fix(Draft* draft) const {
    draft->Set("study", "sha256:" + study_.digest.ToHex());
    for (EntryField& field : draft->fields) {
      if (field.key == "vector-len") field.value = std::to_string(terms_.vector_length);
      if (field.key == "clip") field.value = FormatDouble(terms_.member_bound);
    }
  }

  mutual::testing::TemporaryFolder folder_;
  std::string text_;
  study::Study study_;
  study::Result result_;
  transparency::StudyTerms terms_;
  HonestWriter log_;
  Files files_;
};

// After `lie`, with a manifest that goes along with it, the check fails with this exit code.
void RequireFound(const std::string& check, int code,
                  const std::function<void(BundledStudy&)>& lie) {
  BundledStudy study;
  study.Write();
  lie(study);
  study.Seal();
  const Ran ran = study.Verify();
  INFO(ran.output);
  CHECK(ran.code == code);
  CHECK_THAT(ran.output, ContainsSubstring("FAIL  " + check));
}

void Replace(std::string* text, const std::string& from, const std::string& to) {
  const size_t at = text->find(from);
  REQUIRE(at != std::string::npos);
  text->replace(at, from.size(), to);
}

// A demo's study file, for three organisations.
std::string DemoText(const std::string& name, const std::string& min_nodes) {
  std::string text =
      *ReadFile(std::string(MUTUAL_SOURCE_DIR) + "/examples/" + name, uint64_t{1} << 20);
  Replace(&text, "min_nodes = " + min_nodes, "min_nodes = 3");
  return text;
}

}  // namespace

TEST_CASE("An honest bundle is verified offline", "[audit]") {
  BundledStudy study;
  study.Write();
  std::filesystem::remove_all(study.path() / "log");
  const Ran ran = study.Verify();
  INFO(ran.output);
  CHECK(ran.code == kVerified);
  for (const char* const id : {"BUNDLE-FILES", "BUNDLE-STUDY", "BUNDLE-RESULT", "BUNDLE-PEOPLE",
                               "BUNDLE-PAGES", "EPSILON", "RECEIPT", "CP-QUORUM"}) {
    CHECK_THAT(ran.output, ContainsSubstring(std::string("pass  ") + id));
  }
  CHECK_THAT(ran.output, ContainsSubstring("east, north, south"));
}

TEST_CASE("A result, page, table or passport that says something else is found", "[audit]") {
  RequireFound("BUNDLE-RESULT", kWrong,
               [](BundledStudy& study) { Replace(&study.File("result.json"), "900", "950"); });
  RequireFound("BUNDLE-PAGES", kWrong,
               [](BundledStudy& study) { Replace(&study.File("result.html"), "900", "950"); });
  RequireFound("BUNDLE-PAGES", kWrong,
               [](BundledStudy& study) { Replace(&study.File("result.csv"), "900", "950"); });
  RequireFound("BUNDLE-PAGES", kWrong, [](BundledStudy& study) {
    auto passport = nlohmann::json::parse(study.File("passport.json"));
    passport["privacy"]["epsilon_node"] = 0.1;
    study.File("passport.json") = passport.dump();
  });
}

TEST_CASE("Another study, or one with other words, is found", "[audit]") {
  RequireFound("BUNDLE-STUDY", kWrong, [](BundledStudy& study) {
    Replace(&study.File("study.toml"), "Per hour.", "Per month.");
  });
  RequireFound("BUNDLE-STUDY", kWrong, [](BundledStudy& study) {
    study.files().erase("receipts/release-real1.tlog-proof");
  });
}

TEST_CASE("Contributions of others are found, and missing receipts are said to be missing",
          "[audit]") {
  BundledStudy study;
  study.Write();
  study.files().erase("receipts/contribution-real1-east.tlog-proof");
  study.Seal();
  const Ran ran = study.Verify();
  INFO(ran.output);
  CHECK_THAT(ran.output, ContainsSubstring("skip  BUNDLE-PEOPLE"));
  CHECK(ran.code == kWrong);  // the page names three organisations, the receipts two
  RequireFound("BUNDLE-PEOPLE", kWrong, [](BundledStudy& lying) {
    lying.Release().Set("count", "2");
    lying.files().clear();
    lying.Write();
  });
}

TEST_CASE("A release that claims too little privacy loss breaks a rule", "[audit]") {
  RequireFound("EPSILON", kRuleBroken, [](BundledStudy& study) {
    study.Release().Set("epsilon-node", "0.5");
    study.files().clear();
    study.Write();
  });
}

TEST_CASE("A receipt that was changed, or is of another log, is found", "[audit]") {
  RequireFound("RECEIPT", kWrong, [](BundledStudy& study) {
    std::string& receipt = study.File("receipts/close-real1.tlog-proof");
    Replace(&receipt, "index ", "index 1");
  });
}

TEST_CASE("Files that the manifest does not vouch for are found", "[audit]") {
  BundledStudy study;
  study.Write();
  const auto run = [&](const std::string& words) {
    const Ran ran = study.Verify();
    INFO(ran.output);
    CHECK(ran.code == kWrong);
    CHECK_THAT(ran.output, ContainsSubstring(words));
    study.Seal();
  };
  std::ofstream(study.path() / "bundle" / "extra.html") << "<p>Other figures.</p>";
  run("does not vouch for");
  std::ofstream(study.path() / "bundle" / "result.csv") << "table\n";
  run("result.csv is not the file");
  std::filesystem::remove(study.path() / "bundle" / "result.html");
  run("result.html cannot be read");
  std::ofstream(study.path() / "bundle" / "MANIFEST", std::ios::app)
      << std::string(64, 'a') << "  ../mutual-audit.policy\n";
  run("not DIGEST  NAME");
  std::filesystem::remove_all(study.path() / "bundle");
  std::filesystem::create_directory(study.path() / "bundle");
  CHECK(study.Verify().code == kWrong);
}

TEST_CASE("Without a policy a bundle is not verified but unchecked", "[audit]") {
  BundledStudy study;
  study.Write();
  std::filesystem::remove(study.path() / "mutual-audit.policy");
  CHECK(study.Verify().code == kUnchecked);
}

// The wrong-doings of the demos; the drivers' is in tests/e2e/federation_test.
TEST_CASE("Warehouses: a page on which large sites hurt fewer workers is found", "[audit]") {
  BundledStudy study(DemoText("warehouses/injuries.toml", "8"),
                     {1400, 95, 2600, 50, 5, 900, 2200, 290, 4000, 150, 20, 1500, 0, 0, 0, 0});
  study.Write();
  const std::string page = study.File("result.html");
  const size_t large = page.find(", large: about ") + 15;
  study.File("result.html").replace(large, 3, "3.1");
  study.Seal();
  const Ran ran = study.Verify();
  INFO(ran.output);
  CHECK(ran.code == kWrong);
  CHECK_THAT(ran.output, ContainsSubstring("FAIL  BUNDLE-PAGES"));
}

TEST_CASE("Pay survey: a definition changed after the vote is found", "[audit]") {
  BundledStudy study(DemoText("pay_survey/mean.toml", "20"), {9000, -2800, 2000});
  study.Write();
  CHECK(study.Verify().code == kVerified);
  Replace(&study.File("study.toml"), "without overtime", "with overtime");
  study.Seal();
  const Ran ran = study.Verify();
  INFO(ran.output);
  CHECK(ran.code == kWrong);
  CHECK_THAT(ran.output, ContainsSubstring("FAIL  BUNDLE-STUDY"));
}

}  // namespace mutual::audit
