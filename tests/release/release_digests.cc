// Prints the digests of releases of fixed contributions: what another compiler's build must print
// too.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "aggregation/optimizer/optimizer.h"
#include "aggregation/ring.h"
#include "base/status.h"
#include "coordinator/release/sum_release.h"
#include "crypto/digest.h"
#include "privacy/accountant.h"
#include "study/model.h"
#include "tests/support/seeded_random.h"
#include "tests/support/study_text.h"
#include "tests/support/temporary_folder.h"

namespace mutual::coordinator {
namespace {

absl::StatusOr<double> Solve(double epsilon, double delta, double rate, uint64_t rounds) {
  return privacy::NoiseMultiplierFor({epsilon, delta, rate, rounds});
}

// Sums of about ±2^20 units a coordinate, so that every later digit of a product counts.
std::string RandomContribution(size_t length, testing::SeededRandom& random) {
  std::vector<int64_t> values(length);
  for (int64_t& value : values) {
    value = static_cast<int64_t>(random.NextUint64() >> 43) - (int64_t{1} << 20);
  }
  return aggregation::ToBytes(aggregation::ToRing(values));
}

absl::Status PrintReleases(const char* name, const std::string& text) {
  const testing::TemporaryFolder folder;
  MUTUAL_ASSIGN_OR_RETURN(const study::Study study, study::ParseStudy(text, Solve));
  MUTUAL_ASSIGN_OR_RETURN(const auto recipe, study::MakeRecipe(study));
  testing::SeededRandom random(1);
  aggregation::OptimizerState state;
  double clip = study.privacy.clip.value_or(0);
  if (recipe->needs_model()) {
    MUTUAL_ASSIGN_OR_RETURN(const study::ModelLayout layout, study::LayoutOf(study));
    const std::vector<float> initial = study::InitialModel(study, layout);
    state = aggregation::StartAt(std::vector<double>(initial.begin(), initial.end()));
  }
  for (uint64_t round = 1; round <= study.rounds(); ++round) {
    std::vector<std::string> files;
    for (int node = 0; node < 4; ++node) {
      files.push_back((folder.path() / std::to_string(node)).string());
      std::ofstream(files.back(), std::ios::binary)
          << RandomContribution(recipe->dimension(), random);
    }
    MUTUAL_ASSIGN_OR_RETURN(
        ReleaseOutput output,
        ReleaseRound({&study, recipe.get(), round, 4, files, std::move(state), {}, clip}));
    state = std::move(output.state);
    clip = output.next_clip;
    std::printf("%s round %d clip %a sum %s model %s result %s\n", name, static_cast<int>(round),
                clip, output.sum.ToHex().c_str(), crypto::Sha256(output.model).ToHex().c_str(),
                crypto::Sha256(output.result_json).ToHex().c_str());
  }
  if (recipe->needs_model()) {
    std::printf("%s optimizer %s\n", name,
                crypto::Sha256(aggregation::Serialize(state)).ToHex().c_str());
  }
  return absl::OkStatus();
}

absl::Status PrintAll() {
  const std::string train = testing::TrainStudyText(20);
  const auto with = [&](const std::string& lines) {
    return absl::StrReplaceAll(train, {{"optimizer = \"sgd\"\n", lines}});
  };
  MUTUAL_RETURN_IF_ERROR(PrintReleases("mean", testing::MeanStudyText()));
  MUTUAL_RETURN_IF_ERROR(PrintReleases(
      "histogram", absl::StrReplaceAll(testing::MeanStudyText(),
                                       {{"kind = \"mean\"\ncolumns = [\"wage\"]",
                                         "kind = \"histogram\"\ncolumns = [\"wage\"]\nbins = [40]\n"
                                         "quantiles = [0.1, 0.25, 0.5, 0.75, 0.9]"}})));
  MUTUAL_RETURN_IF_ERROR(PrintReleases(
      "sgd", with("optimizer = \"sgd\"\nmomentum = 0.9\nweight_decay = 0.01\naveraging = 0.95\n")));
  MUTUAL_RETURN_IF_ERROR(
      PrintReleases("adam", with("optimizer = \"adam\"\nweight_decay = 0.01\naveraging = 0.9\n")));
  MUTUAL_RETURN_IF_ERROR(PrintReleases(
      "local steps",
      absl::StrReplaceAll(testing::LocalStudyText(20, 5),
                          {{"optimizer = \"sgd\"\n", "optimizer = \"sgd\"\nmomentum = 0.9\n"},
                           {"difference_clip = 1000", "difference_clip = 0.3"}})));
  return PrintReleases(
      "adaptive clip",
      absl::StrReplaceAll(train, {{"clip = 1",
                                   "clip = 1\nclip_quantile = 0.7\nclip_rate = 0.3\n"
                                   "clip_weight = 0.3\nclip_lowest = 0.01\n"
                                   "clip_highest = 1000"}}));
}

}  // namespace
}  // namespace mutual::coordinator

int main() {
  const absl::Status status = mutual::coordinator::PrintAll();
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", mutual::Describe(status).c_str());
  return 1;
}
