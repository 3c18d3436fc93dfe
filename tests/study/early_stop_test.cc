// Ending a training study early.
#include "study/early_stop.h"

#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

// The round after which it ends, of losses a round and a count of ten; 0: never.
uint64_t EndOf(int patience, const std::vector<double>& losses) {
  StopState state;
  for (size_t i = 0; i < losses.size(); ++i) {
    if (EndsWith(patience, i + 1, {losses[i], 10}, &state)) return i + 1;
  }
  return 0;
}

std::string Patient(const std::string& keys) { return TrainText(kTrain) + keys; }

}  // namespace

TEST_CASE("A study ends at the end of the first window that is not better", "[study]") {
  CHECK(EndOf(1, {5, 4, 3, 3, 1}) == 4);
  CHECK(EndOf(2, {5, 5, 1, 8, 4, 5, 0, 0}) == 6);  // 10, 9, 9
  CHECK(EndOf(2, {5, 5, 1, 8, 4, 4, 0, 0}) == 0);
  CHECK(EndOf(3, {1, 2, 3, 1, 2, 3}) == 6);
  CHECK(EndOf(3, {1, 2, 3, 9, 9}) == 0);  // the second window is not over
  CHECK(EndOf(1, {1}) == 0);              // nothing to compare with
}

TEST_CASE("A window that noise left without members decides nothing", "[study]") {
  StopState state;
  CHECK_FALSE(EndsWith(1, 1, {5, 10}, &state));
  CHECK_FALSE(EndsWith(1, 2, {9, -3}, &state));
  CHECK(state == StopState{0.5, 0, 0});
  CHECK_FALSE(EndsWith(1, 3, {4, 10}, &state));
  CHECK(EndsWith(1, 4, {4.5, 10}, &state));
}

TEST_CASE("Patience needs an evaluation and two windows", "[study]") {
  const LintResult good = LintText(Patient("evaluation_share = 0.1\npatience = 2\n"));
  REQUIRE(good.study.has_value());
  CHECK(std::get<TrainSpec>(good.study->recipe).patience == 2);
  const LintResult blind = LintText(Patient("patience = 2\n"));
  REQUIRE_FALSE(blind.study.has_value());
  CHECK_THAT(blind.problems[0].message, ContainsSubstring("add evaluation_share"));
  const LintResult late = LintText(Patient("evaluation_share = 0.1\npatience = 3\n"));
  REQUIRE_FALSE(late.study.has_value());
  CHECK_THAT(late.problems[0].message, ContainsSubstring("less than half of rounds (5)"));
  CHECK_FALSE(LintText(Patient("evaluation_share = 0.1\npatience = 0\n")).study.has_value());
}

}  // namespace mutual::study
