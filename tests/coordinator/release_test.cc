#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_replace.h"
#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/release/sum_release.h"
#include "crypto/digest.h"
#include "privacy/accountant.h"
#include "privacy/grid.h"
#include "privacy/loss_accountant.h"
#include "study/model.h"
#include "study/result.h"
#include "tests/catch.h"
#include "tests/support/study_text.h"
#include "tests/support/temporary_folder.h"

namespace mutual::coordinator {
namespace {

absl::StatusOr<double> Solve(double epsilon, double delta, double rate, uint64_t rounds) {
  return privacy::NoiseMultiplierFor({epsilon, delta, rate, rounds});
}

struct Fixture {
  explicit Fixture(const std::string& text)
      : study(*study::ParseStudy(text, Solve)), recipe(*study::MakeRecipe(study)) {
    grid = *privacy::MakeGrid(
        {recipe->dimension(), recipe->member_bound(), study.privacy.noise_multiplier, 4,
         recipe->needs_model() ? privacy::Rounding::kPerBatch : privacy::Rounding::kPerMember});
  }
  // A kept contribution of `units` times one unit of the recipe, per coordinate.
  std::string Keep(const std::vector<double>& units) {
    std::vector<int64_t> values;
    for (const double unit : units) values.push_back(std::llrint(unit * grid.scale));
    const std::string path = (folder.path() / std::to_string(files.size())).string();
    std::ofstream(path, std::ios::binary) << aggregation::ToBytes(aggregation::ToRing(values));
    files.push_back(path);
    return path;
  }
  absl::StatusOr<ReleaseOutput> Release(uint64_t round = 1, aggregation::OptimizerState state = {},
                                        double clip = 0) {
    return ReleaseRound({&study, recipe.get(), round, 4, files, std::move(state), {}, clip});
  }
  testing::TemporaryFolder folder;
  study::Study study;
  std::unique_ptr<study::Recipe> recipe;
  privacy::Grid grid;
  std::vector<std::string> files;
};

}  // namespace

TEST_CASE("A statistic's release adds the kept contributions and finishes them", "[release]") {
  Fixture fixture(testing::MeanStudyText());
  fixture.Keep({4000, 1000, 1000});
  fixture.Keep({3000, -1000, 1000});
  fixture.Keep({5000, 3000, 4000});
  const auto output = fixture.Release();
  REQUIRE_OK(output);
  const auto json = nlohmann::json::parse(output->result_json);
  const auto& estimates = json["tables"][0]["rows"][0]["estimates"];
  REQUIRE_THAT(estimates[0]["value"].get<double>(), WithinRel(12000.0, 1e-12));
  REQUIRE_THAT(estimates[1]["value"].get<double>(), WithinRel(34 + 26.0 * 3000 / 12000, 1e-12));
  // The count's standard error is that of three nodes' noise.
  const double noise =
      static_cast<double>(fixture.grid.noise_stddev) * std::sqrt(3) / fixture.grid.scale;
  REQUIRE_THAT(estimates[0]["standard_error"].get<double>(), WithinRel(noise, 1e-12));
}

TEST_CASE("A clip that adapts follows the count, and gradients are read in its unit", "[release]") {
  const std::string text =
      absl::StrReplaceAll(testing::TrainStudyText(2),
                          {{"clip = 1",
                            "clip = 2\nclip_quantile = 0.5\nclip_rate = 0.4\nclip_weight = 0.5\n"
                            "clip_lowest = 0.01\nclip_highest = 100"}});
  Fixture fixture(text);
  REQUIRE(fixture.recipe->dimension() == 3);
  // Ten members, all unclipped: each adds weight · clip / 2 = 0.5. They came at a clip of 4, so
  // that a gradient of 1 stands as 1 · 2/4.
  fixture.Keep({2.5, -0.5, 5});
  const auto output = fixture.Release(1, aggregation::StartAt(std::vector<double>{1, 1}), 4);
  REQUIRE_OK(output);
  // Rate 0.5, ten members expected.
  CHECK_THAT(output->state.parameters[0], WithinAbs(1 - 0.5 * 0.5, 1e-6));
  CHECK_THAT(output->state.parameters[1], WithinAbs(1 + 0.5 * 0.1, 1e-6));
  CHECK_THAT(output->next_clip, WithinRel(4 * 1.8 / 2.2, 1e-6));  // u = 0.4 (0.5 - 1)
  const auto last = fixture.Release(2, output->state, output->next_clip);
  REQUIRE_OK(last);
  CHECK_THAT(last->result_json, ContainsSubstring("2 in the first round, 3.273 in the last"));
}

TEST_CASE("With local steps the mean difference of the counted nodes is the step", "[release]") {
  Fixture fixture(absl::StrReplaceAll(
      testing::LocalStudyText(2, 5),
      {{"learning_rate = 0.5", "learning_rate = 0.25"},
       {"difference_clip = 1000", "difference_clip = 3"},
       {"expected_members = 10", "expected_members = 10\nevaluation_share = 0.5"}}));
  const double scale = study::DifferenceScale(3, fixture.grid.clamp);
  // What nodes would send: the difference on its own grid, the evaluation on the round's.
  for (const std::vector<double>& difference :
       {std::vector<double>{1.5, -0.5}, {2.5, 0.5}, {-1, 3}}) {
    fixture.Keep({difference[0] * scale / fixture.grid.scale,
                  difference[1] * scale / fixture.grid.scale, 20, 10, 15});
  }
  const auto output = fixture.Release(1, aggregation::StartAt(std::vector<double>{1, 1}));
  REQUIRE_OK(output);
  // The mean is (1, 1); the number of members that were expected plays no part here.
  CHECK_THAT(output->state.parameters[0], WithinAbs(1.25, 1e-6));
  CHECK_THAT(output->state.parameters[1], WithinAbs(1.25, 1e-6));
  const auto last = fixture.Release(2, output->state);
  REQUIRE_OK(last);
  CHECK_THAT(last->result_json, ContainsSubstring("5 noised steps of its own"));
  const auto json = nlohmann::json::parse(last->result_json);
  const double members = std::sqrt(3.0) * 60;  // in units of C/√3
  CHECK_THAT(json["tables"][0]["rows"][0]["estimates"][0]["value"].get<double>(),
             WithinRel(members, 1e-6));
}

TEST_CASE("One local step with rate η at server rate 1 is a plain round with rate η", "[release]") {
  Fixture plain(testing::TrainStudyText(2));  // rate 0.5
  Fixture local(absl::StrReplaceAll(testing::LocalStudyText(2, 2),
                                    {{"learning_rate = 0.5", "learning_rate = 1"}}));
  const double scale = study::DifferenceScale(1000, local.grid.clamp);
  for (const std::vector<double>& sum :
       {std::vector<double>{3.25, -1}, {-0.5, 2}, {7, 0.125}, {1, 1}}) {
    plain.Keep(sum);
    // −η·n/N of the sum, n = 4 nodes, N = 10 members.
    const double unit = -0.5 * 4 / 10 * scale / local.grid.scale;
    local.Keep({unit * sum[0], unit * sum[1]});
  }
  const auto start = aggregation::StartAt(std::vector<double>{1, -1});
  const auto from_sums = plain.Release(1, start), from_differences = local.Release(1, start);
  REQUIRE_OK(from_sums);
  REQUIRE_OK(from_differences);
  for (size_t i = 0; i < 2; ++i) {
    CHECK_THAT(from_differences->state.parameters[i],
               WithinAbs(from_sums->state.parameters[i], 2 / plain.grid.scale / 10 + 1e-5));
  }
}

TEST_CASE("A study with patience ends when the held-out loss no longer falls", "[release]") {
  const std::string text = absl::StrReplaceAll(
      testing::TrainStudyText(9),
      {{"expected_members = 10", "expected_members = 10\nevaluation_share = 0.5\npatience = 2"}});
  Fixture fixture(text);
  REQUIRE(fixture.recipe->dimension() == 5);
  const std::vector<double> losses = {10, 8, 8, 7, 9, 7, 1};
  auto state = aggregation::StartAt(std::vector<double>{0, 0});
  study::StopState stop;
  for (size_t round = 1; round <= 6; ++round) {
    fixture.files.clear();
    fixture.Keep({0.1, 0.1, 20, losses[round - 1], 15});
    auto output = ReleaseRound({&fixture.study,
                                fixture.recipe.get(),
                                round,
                                4,
                                fixture.files,
                                std::move(state),
                                {},
                                0,
                                stop});
    REQUIRE_OK(output);
    CAPTURE(round);
    CHECK(output->is_last == (round == 6));  // 18, then 15, then 16
    CHECK(output->result_json.empty() == (round != 6));
    state = output->state;
    stop = output->stop;
    if (round == 6) {
      CHECK_THAT(output->result_json, ContainsSubstring("Training ended after 6 of 9 rounds"));
    }
  }
  CHECK(nlohmann::json::parse(*PrivacyJson(fixture.study, {3, 6}))["rounds_run"] == 6);
}

TEST_CASE("The order of contributions changes no byte of a release", "[release]") {
  Fixture fixture(testing::MeanStudyText());
  fixture.Keep({4000, 1000, 1000});
  fixture.Keep({-3000.25, -1000, 1000});
  fixture.Keep({5000, 3000.5, 4000});
  const auto first = fixture.Release();
  std::swap(fixture.files[0], fixture.files[2]);
  const auto second = fixture.Release();
  REQUIRE(first->sum == second->sum);
  REQUIRE(first->result_json == second->result_json);
}

TEST_CASE("A training round divides by the declared members and takes a step", "[release]") {
  Fixture fixture(testing::TrainStudyText(2));
  fixture.Keep({5, -1});
  fixture.Keep({5, -1});
  fixture.Keep({10, 0});
  const auto output = fixture.Release(1, aggregation::StartAt(std::vector<double>{1, 1}));
  REQUIRE_OK(output);
  // Gradient (20, -2) / 10 members, learning rate 0.5; one rounding of each contribution.
  const double rounding = 3 / fixture.grid.scale / 10;
  REQUIRE_THAT(output->state.parameters[0], WithinAbs(0.0, rounding));
  REQUIRE_THAT(output->state.parameters[1], WithinAbs(1.1, rounding));
  REQUIRE(output->result_json.empty());
  const auto model = study::ParseModel(output->model, *study::LayoutOf(fixture.study));
  REQUIRE_OK(model);
  REQUIRE((*model)[1] == static_cast<float>(output->state.parameters[1]));
}

TEST_CASE("With averaging the last round's own weights are published beside the average",
          "[release]") {
  Fixture fixture(
      absl::StrReplaceAll(testing::TrainStudyText(2),
                          {{"optimizer = \"sgd\"", "optimizer = \"sgd\"\naveraging = 0.5"}}));
  fixture.Keep({5, -1});
  const auto first = fixture.Release(1, aggregation::StartAt(std::vector<double>{1, 1}));
  REQUIRE_OK(first);
  REQUIRE(first->last_iterate.empty());
  const auto last = fixture.Release(2, first->state);
  REQUIRE_OK(last);
  REQUIRE(last->last_iterate == ModelBytesOf(last->state.parameters));
  REQUIRE(last->model != last->last_iterate);
  const auto result = study::ResultFromJson(last->result_json);
  REQUIRE_OK(result);
  REQUIRE(result->further_models.size() == 1);
  REQUIRE(result->further_models[0].digest == crypto::Sha256(last->last_iterate).ToHex());
  REQUIRE_THAT(result->sentences.back(), ContainsSubstring("average of the weights"));
}

TEST_CASE("A kept contribution of the wrong length is data loss", "[release]") {
  Fixture fixture(testing::MeanStudyText());
  fixture.Keep({1, 1});
  const auto output = fixture.Release();
  REQUIRE(absl::IsDataLoss(output.status()));
  REQUIRE(ErrorCode(output.status()) == "CONTENT_CORRUPT");
}

TEST_CASE("⚔ Local steps are all counted, and other nodes' noise is not", "[release]") {
  const Fixture local(testing::LocalStudyText(3, 5));
  const Fixture plain(testing::TrainStudyText(15));
  const auto json = nlohmann::json::parse(*PrivacyJson(local.study, {4, 3}));
  const auto as_many = nlohmann::json::parse(*PrivacyJson(plain.study, {4, 15}));
  for (const std::string figure : {"epsilon_node", "epsilon_public"}) {
    CHECK(json[figure] == as_many["epsilon_node"]);
    CHECK(json[figure + "_pld"] == as_many["epsilon_node_pld"]);
  }
  CHECK(json["rounds"] == 3);
  CHECK(json["local_steps"] == 5);
  CHECK(json["honest_nodes"] == 1);
  CHECK_THAT(json["assumptions"][0].get<std::string>(),
             ContainsSubstring("epsilon_public is therefore epsilon_node"));
  CHECK_FALSE(as_many.contains("local_steps"));
  CHECK(FiguresOf(local.study, 4)->epsilon_public == json["epsilon_public"]);
}

TEST_CASE("Both figures are those of the accountant, public with the least honest nodes",
          "[release]") {
  const Fixture fixture(testing::MeanStudyText());
  const auto json = nlohmann::json::parse(*PrivacyJson(fixture.study, {3, fixture.study.rounds()}));
  const privacy::Phase node{2, 1, 1}, released{2 * std::sqrt(2.0), 1, 1};
  REQUIRE(json["honest_nodes"] == 2);  // three counted, one assumed to collude
  REQUIRE_THAT(json["epsilon_node"].get<double>(),
               WithinRel(privacy::EpsilonOf(std::span(&node, 1), 1e-6)->epsilon, 1e-12));
  REQUIRE_THAT(json["epsilon_public"].get<double>(),
               WithinRel(privacy::EpsilonOf(std::span(&released, 1), 1e-6)->epsilon, 1e-9));
  REQUIRE_THAT(json["epsilon_node_pld"].get<double>(),
               WithinRel(*privacy::LossEpsilonOf(std::span(&node, 1), 1e-6), 1e-12));
  REQUIRE_THAT(json["epsilon_public_pld"].get<double>(),
               WithinRel(*privacy::LossEpsilonOf(std::span(&released, 1), 1e-6), 1e-9));
  const auto figures = FiguresOf(fixture.study, 3);
  REQUIRE_OK(figures);
  REQUIRE(figures->epsilon_node == json["epsilon_node"]);
  REQUIRE(figures->epsilon_public == json["epsilon_public"]);
}

}  // namespace mutual::coordinator
