// Statements: one spelling each; every change is another statement or none.
#include "study/statement.h"

#include "base/status.h"
#include "crypto/digest.h"
#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

RoundStart Start() {
  RoundStart start;
  start.origin = "drivers/audit";
  start.study = crypto::Sha256("study");
  start.round = 3;
  start.model = crypto::Sha256("model");
  start.vector_length = 26;
  start.sampling_rate = 0.1;
  start.member_bound = 0.5;
  start.noise_multiplier = 2;
  start.min_nodes = 4;
  start.roster_size = 6;
  start.roster = RosterDigest({"b", "a"});
  start.deadline = Today();
  return start;
}

std::string Contribution() {
  return ContributionStatement{
      "drivers/audit", crypto::Sha256("study"), 3, "north-07", 26, crypto::Sha256("x"), Today()}
      .ToText();
}

std::string AnswerText() {
  return Answer{"drivers/audit", crypto::Sha256("study"), "north-07", true, Today()}.ToText();
}

// Parse(x).ToText() == x, or INVALID_ARGUMENT STATEMENT_MALFORMED.
template <typename Statement>
void RequireExact(const std::string& text) {
  const auto parsed = Statement::Parse(text);
  if (parsed.ok()) {
    REQUIRE(parsed->ToText() == text);
  } else {
    REQUIRE(parsed.status().code() == absl::StatusCode::kInvalidArgument);
    REQUIRE(ErrorCode(parsed.status()) == "STATEMENT_MALFORMED");
  }
}

template <typename Statement>
void RequireStrict(const std::string& text) {
  REQUIRE_OK(Statement::Parse(text));
  RequireExact<Statement>(text);
  for (size_t i = 0; i < text.size(); ++i) {
    REQUIRE_FALSE(Statement::Parse(text.substr(0, i)).ok());
    for (const char c : {'\n', ' ', '0', '+', '\x1b', '\xff'}) {
      std::string changed = text;
      changed[i] = c;
      RequireExact<Statement>(changed);
      RequireExact<Statement>(text.substr(0, i) + c + text.substr(i));
    }
  }
  for (const std::string& more : {text + "\n", text + "x y\n", "\n" + text, text + text}) {
    REQUIRE_FALSE(Statement::Parse(more).ok());
  }
}

}  // namespace

TEST_CASE("A round start has exactly one spelling", "[study]") {
  RequireStrict<RoundStart>(Start().ToText());
  RoundStart statistics = Start();
  statistics.model.reset();
  RequireStrict<RoundStart>(statistics.ToText());
  REQUIRE_FALSE(RoundStart::Parse(statistics.ToText())->model.has_value());
}

TEST_CASE("A round start reads as written", "[study]") {
  const auto start = RoundStart::Parse(Start().ToText());
  REQUIRE_OK(start);
  REQUIRE(start->origin == "drivers/audit");
  REQUIRE(start->round == 3);
  REQUIRE(start->model == crypto::Sha256("model"));
  REQUIRE(start->sampling_rate == 0.1);
  REQUIRE(start->deadline == Today());
  REQUIRE(start->roster_size == 6);
}

TEST_CASE("A contribution statement and an answer have exactly one spelling", "[study]") {
  RequireStrict<ContributionStatement>(Contribution());
  RequireStrict<Answer>(AnswerText());
}

TEST_CASE("A malformed statement is refused with its place", "[study]") {
  const auto number = RoundStart::Parse(Replaced(Start().ToText(), "min-nodes 4", "min-nodes 04"));
  REQUIRE(number.status().code() == absl::StatusCode::kInvalidArgument);
  REQUIRE(ErrorCode(number.status()) == "STATEMENT_MALFORMED");
  REQUIRE_THAT(std::string(number.status().message()), ContainsSubstring("malformed at min-nodes"));
  REQUIRE_FALSE(
      RoundStart::Parse(Replaced(Start().ToText(), "min-nodes 4", "min-nodes 9999999")).ok());
  REQUIRE_FALSE(RoundStart::Parse(Replaced(Start().ToText(), "drivers/audit", "dri\xffvers")).ok());
  REQUIRE_FALSE(RoundStart::Parse(Replaced(Start().ToText(), "drivers/audit", "")).ok());
  REQUIRE_FALSE(RoundStart::Parse(Contribution()).ok());
  for (const char* name : {"North", "a_b", "", "7a"}) {
    REQUIRE_FALSE(ContributionStatement::Parse(Replaced(Contribution(), "north-07", name)).ok());
    REQUIRE_FALSE(Answer::Parse(Replaced(AnswerText(), "north-07", name)).ok());
  }
  const auto word = Answer::Parse(Replaced(AnswerText(), "answer accept", "answer maybe"));
  REQUIRE(ErrorCode(word.status()) == "STATEMENT_MALFORMED");
  REQUIRE_THAT(std::string(word.status().message()), ContainsSubstring("want accept or refuse"));
}

TEST_CASE("A roster's digest is that of its sorted names, one a line", "[study]") {
  REQUIRE(RosterDigest({"b", "a"}) == crypto::Sha256("a\nb\n"));
  REQUIRE(RosterDigest({}) == crypto::Sha256(""));
}

}  // namespace mutual::study
