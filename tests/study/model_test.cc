// Models as bytes: layout, public start, strict parsing, safetensors.
#include "study/model.h"

#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

Study Trained(const std::string& text) { return *LintText(text).study; }
const std::string kMlp = TrainText(Replaced(kTrain, "\"linear\"", "\"mlp\"\nhidden = [5]"));

}  // namespace

TEST_CASE("Tensors stand in flat order, weights before biases", "[study]") {
  const auto layout = LayoutOf(Trained(kMlp));
  REQUIRE_OK(layout);
  REQUIRE(layout->inputs == 3);
  REQUIRE(layout->layers.size() == 3);
  REQUIRE(layout->parameter_count() == 26);
  const auto tensors = layout->tensors();
  REQUIRE(tensors.size() == 4);
  REQUIRE(tensors[0].name == "layers.0.weight");
  REQUIRE(tensors[0].shape == std::vector<int64_t>{5, 3});
  REQUIRE(tensors[3].name == "layers.1.bias");
}

TEST_CASE("A statistics study has no layout", "[study]") {
  const auto layout = LayoutOf(*LintText(std::string(kHead) + kMean).study);
  REQUIRE(layout.status().code() == absl::StatusCode::kInvalidArgument);
  REQUIRE_THAT(std::string(layout.status().message()), ContainsSubstring("trains no model"));
}

TEST_CASE("The start is zero without hidden layers and a fixed function of the digest with them",
          "[study]") {
  const Study linear = Trained(TrainText(kTrain)), mlp = Trained(kMlp);
  REQUIRE(InitialModel(linear, *LayoutOf(linear)) == std::vector<float>(4, 0.0F));
  const std::vector<float> start = InitialModel(mlp, *LayoutOf(mlp));
  REQUIRE(start == InitialModel(mlp, *LayoutOf(mlp)));
  for (size_t i = 0; i < 15; ++i)
    REQUIRE((start[i] != 0 && std::abs(start[i]) <= 1 / std::sqrt(3.0F)));
  for (size_t i = 15; i < 20; ++i) REQUIRE(start[i] == 0);
  const Study other = Trained(kMlp + "\n");
  REQUIRE(InitialModel(other, *LayoutOf(other)) != start);
}

TEST_CASE("A model's bytes read back, and others are refused", "[study]") {
  const Study study = Trained(kMlp);
  const ModelLayout layout = *LayoutOf(study);
  std::vector<float> model = InitialModel(study, layout);
  const auto back = ParseModel(ModelBytes(model), layout);
  REQUIRE_OK(back);
  REQUIRE(*back == model);
  const auto short_one = ParseModel(ModelBytes(model).substr(1), layout);
  REQUIRE(ErrorCode(short_one.status()) == "MODEL_SHAPE");
  REQUIRE_THAT(std::string(short_one.status().message()), ContainsSubstring("103 bytes"));
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    model[3] = bad;
    REQUIRE(ErrorCode(ParseModel(ModelBytes(model), layout).status()) == "MODEL_NOT_FINITE");
  }
}

TEST_CASE("A safetensors file has an aligned JSON header and the model's bytes", "[study]") {
  const Study study = Trained(kMlp);
  const ModelLayout layout = *LayoutOf(study);
  const std::vector<float> model = InitialModel(study, layout);
  const std::string file = ToSafetensors(layout, model, {{"study", "abc"}, {"odd", "\xff"}});
  uint64_t size = 0;
  std::memcpy(&size, file.data(), 8);
  REQUIRE(size % 8 == 0);
  const auto header = nlohmann::json::parse(file.substr(8, size), nullptr, false);
  REQUIRE(header.is_object());
  REQUIRE(header["__metadata__"]["study"] == "abc");
  REQUIRE(header["layers.1.weight"]["shape"] == nlohmann::json::array({1, 5}));
  REQUIRE(header["layers.1.weight"]["data_offsets"] == nlohmann::json::array({80, 100}));
  REQUIRE(file.substr(8 + size) == ModelBytes(model));
}

}  // namespace mutual::study
