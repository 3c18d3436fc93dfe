#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "study/recipe.h"
#include "study/study_file.h"
#include "tests/fuzz/promise.h"

namespace mutual {
namespace {

absl::StatusOr<double> Solve(double epsilon, double, double, uint64_t) {
  if (epsilon < 0.001) return absl::OutOfRangeError("no noise gives that epsilon");
  return 2.0;
}

// A file with neither a study nor a problem would leave its author without a word.
void Check(std::string_view bytes) {
  const study::LintResult lint = study::Lint(bytes, absl::FromUnixSeconds(1900000000), Solve);
  fuzz::Promise(lint.study.has_value() == lint.problems.empty(), "a study, or problems");
  for (const study::Problem& problem : lint.problems) {
    fuzz::Promise(problem.line >= 1 && !problem.code.empty() && !problem.message.empty(),
                  "a problem has a line, a code and a sentence");
    fuzz::Promise(problem.message.find('\n') == std::string::npos, "a problem is one line");
  }
  if (!lint.study) return;
  const auto again = study::ParseStudy(bytes, Solve);
  fuzz::Promise(again.ok() && again->digest == lint.study->digest, "a linted study is read");
  const auto recipe = study::MakeRecipe(*lint.study);
  fuzz::Promise(recipe.ok(), "a linted study has its recipe");
  fuzz::Promise((*recipe)->dimension() > 0 && (*recipe)->member_bound() > 0,
                "a recipe has a length and a bound");
  const StudyCost cost = lint.study->cost();
  fuzz::Promise(cost.noised_sums() >= 1 && cost.noised_sums() <= 10'000'000,
                "all noised sums can be added up");
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
