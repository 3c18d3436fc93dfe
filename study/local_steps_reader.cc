// Reads local_steps and what belongs to it in [recipe] of a training study.
#include "absl/strings/str_format.h"
#include "study/lint.h"

namespace mutual::study {
namespace {

constexpr uint64_t kMostSums = 10'000'000;  // that the accountant adds up

}  // namespace

void ReadLocalSteps(TableReader& reader, TrainSpec* spec) {
  if (!reader.Has("local_steps")) {
    for (const char* const key : {"local_rate", "proximal", "difference_clip"}) {
      if (!reader.OptionalNumber(key, kAnyNumber)) continue;
      reader.Report(
          reader.LineOf(key), "RECIPE",
          absl::StrFormat("%s belongs to a node's own steps; add local_steps or remove it", key));
    }
    return;
  }
  LocalSteps steps;
  steps.count = reader.Integer("local_steps", {2, 1000});
  steps.rate = reader.Number("local_rate", {0, 1e6, true}).value_or(0);
  steps.proximal = reader.OptionalNumber("proximal", {0, 1e6}).value_or(0);
  steps.bound = reader.Number("difference_clip", {1e-6, 1e6}).value_or(0);
  const uint64_t sums = static_cast<uint64_t>(steps.count) * static_cast<uint64_t>(spec->rounds);
  if (sums > kMostSums) {
    reader.Report(reader.LineOf("local_steps"), "RECIPE",
                  absl::StrFormat("%d rounds of %d local_steps are %d noised sums, at most %d are "
                                  "possible; use fewer",
                                  spec->rounds, steps.count, sums, kMostSums));
  }
  spec->local = steps;
}

}  // namespace mutual::study
