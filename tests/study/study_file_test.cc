// Parsing of the study file: identity, every key's absence and type, expiry.
#include "study/study_file.h"

#include <algorithm>

#include "base/status.h"
#include "crypto/digest.h"
#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines{""};
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  lines.pop_back();
  return lines;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string Print(const LintResult& result) {
  std::string text;
  for (const Problem& problem : result.problems) {
    text += std::to_string(problem.line) + " " + problem.code + ": " + problem.message + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("A sound study has no problems and reads as written", "[study]") {
  const LintResult result = LintText(std::string(kHead) + kMean);
  INFO(Print(result));
  REQUIRE(result.study.has_value());
  const Study& study = *result.study;
  REQUIRE(study.title == "Pay");
  REQUIRE(study.table == "trips");
  REQUIRE(study.expires == absl::CivilDay(2035, 12, 31));
  REQUIRE(study.schema.member_column == "member_ref");
  REQUIRE(study.schema.columns.size() == 3);
  REQUIRE(study.schema.columns[0].categories == std::vector<std::string>{"north", "south", "west"});
  REQUIRE(study.schema.columns[1].unit == "pounds");
  REQUIRE(study.schema.columns[2].type == ColumnType::kInteger);
  REQUIRE(study.schema.columns[2].line == 26);
  REQUIRE(study.privacy.noise_multiplier == 2);
  REQUIRE(study.privacy.max_rows == 4);
  REQUIRE(study.cohort.deadline == absl::Seconds(60));
  REQUIRE(study.cohort.join_window == absl::Minutes(10));
  REQUIRE(study.rounds() == 1);
}

TEST_CASE("A study's digest is the SHA-256 of its exact bytes", "[study]") {
  const std::string text = std::string(kHead) + kMean;
  const std::string crlf = Replaced(text, "Figures.\"\n", "Figures.\"\r\n");
  for (const std::string& each : {text, text + "\n", crlf, "# a comment\n" + text}) {
    const LintResult result = LintText(each);
    REQUIRE(result.study.has_value());
    REQUIRE(result.study->text == each);
    REQUIRE(result.study->digest == crypto::Sha256(each));
  }
}

TEST_CASE("Every key that is taken away is missed", "[study]") {
  const std::vector<std::string> optional = {"unit", "by", "quantiles"};
  for (const std::string& text :
       {std::string(kHead) + kMean, std::string(kHead) + kHistogram, TrainText(kTrain)}) {
    const std::vector<std::string> lines = Lines(text);
    for (size_t i = 0; i < lines.size(); ++i) {
      const size_t equals = lines[i].find(" = ");
      if (equals == std::string::npos) continue;
      const std::string key = lines[i].substr(0, equals);
      std::vector<std::string> fewer = lines;
      fewer.erase(fewer.begin() + static_cast<long>(i));
      const LintResult result = LintText(Joined(fewer));
      INFO("without line " << i + 1 << ": " << lines[i] << "\n" << Print(result));
      const bool may_go = std::find(optional.begin(), optional.end(), key) != optional.end();
      REQUIRE(result.study.has_value() == may_go);
    }
  }
}

TEST_CASE("Every key of a wrong type is reported on its line", "[study]") {
  for (const std::string& text :
       {std::string(kHead) + kMean, std::string(kHead) + kHistogram, TrainText(kTrain)}) {
    const std::vector<std::string> lines = Lines(text);
    for (size_t i = 0; i < lines.size(); ++i) {
      const size_t equals = lines[i].find(" = ");
      if (equals == std::string::npos) continue;
      for (const char* value : {"true", "[[1]]", "{ a = 1 }", "nan", "12:00:00"}) {
        std::vector<std::string> wrong = lines;
        wrong[i] = lines[i].substr(0, equals) + " = " + value;
        const LintResult result = LintText(Joined(wrong));
        INFO(wrong[i] << "\n" << Print(result));
        REQUIRE_FALSE(result.study.has_value());
        const int line = static_cast<int>(i) + 1;
        REQUIRE(std::any_of(result.problems.begin(), result.problems.end(), [&](const Problem& p) {
          return p.line == line && (p.code == "WRONG_TYPE" || p.code == "RECIPE");
        }));
      }
    }
  }
}

TEST_CASE("A key that nobody knows is reported in every section", "[study]") {
  const std::vector<std::string> lines = Lines(TrainText(kTrain));
  for (size_t i = 0; i < lines.size(); ++i) {
    std::vector<std::string> more = lines;
    if (lines[i].empty() || lines[i][0] == '[') continue;
    more.insert(more.begin() + static_cast<long>(i), "noise_multiplyer = 1");
    const LintResult result = LintText(Joined(more));
    REQUIRE(result.problems.size() == 1);
    REQUIRE(result.problems[0].code == "UNKNOWN_KEY");
    REQUIRE(result.problems[0].line == static_cast<int>(i) + 1);
    REQUIRE_THAT(result.problems[0].message, ContainsSubstring("noise_multiplyer"));
  }
}

TEST_CASE("Lint refuses an expired study, parsing reads it", "[study]") {
  const std::string text = "# expires\n" + Replaced(kHead, "2035-12-31", "2030-05-31") + kMean;
  const LintResult result = LintText(text);
  REQUIRE(result.problems.size() == 1);
  REQUIRE(result.problems[0].code == "EXPIRED");
  REQUIRE(result.problems[0].line == 7);
  const auto study = ParseStudy(text, FakeSolver());
  REQUIRE_OK(study);
  REQUIRE(study->expired(Today()));
  REQUIRE_FALSE(study->expired(Today() - absl::Hours(1)));
}

TEST_CASE("A target of epsilon gives the noise that the solver finds", "[study]") {
  const std::string text = Replaced(kHead, "noise_multiplier = 2", "target_epsilon_node = 1.5");
  const auto study = ParseStudy(
      text + kMean,
      [](double epsilon, double delta, double rate, uint64_t rounds) -> absl::StatusOr<double> {
        return epsilon == 1.5 && delta == 1e-6 && rate == 1 && rounds == 1 ? 3.25 : 1;
      });
  REQUIRE_OK(study);
  REQUIRE(study->privacy.noise_multiplier == 3.25);
  REQUIRE(study->privacy.target_epsilon_node == 1.5);
}

TEST_CASE("Parsing a bad study names every problem with its line", "[study]") {
  const auto study = ParseStudy(
      Replaced(Replaced(kHead, "upper = 40", "upper = -1"), "1e-6", "2") + kMean, FakeSolver());
  REQUIRE(study.status().code() == absl::StatusCode::kInvalidArgument);
  REQUIRE(ErrorCode(study.status()) == "STUDY_INVALID");
  REQUIRE_THAT(std::string(study.status().message()), ContainsSubstring("2 problems"));
  REQUIRE_THAT(std::string(study.status().message()), ContainsSubstring("line 18: column \"pay\""));
  REQUIRE_THAT(std::string(study.status().message()),
               ContainsSubstring("line 35: [privacy]: delta"));
}

TEST_CASE("Any truncation and any changed byte of a study is read without a crash", "[study]") {
  const std::string text = TrainText(kTrain);
  for (size_t size = 0; size < text.size(); size += 3) LintText(text.substr(0, size));
  std::mt19937_64 random(3);
  for (int i = 0; i < 3000; ++i) {
    std::string changed = text;
    changed[random() % changed.size()] = static_cast<char>(random());
    const LintResult result = LintText(changed);
    REQUIRE(result.study.has_value() == result.problems.empty());
  }
}

}  // namespace mutual::study
