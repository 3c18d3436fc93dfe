// Imported TorchScript models: gradients, limits, and docs/PYTHON.md from end to end.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/status.h"
#include "client/learning/clipped_step.h"
#include "client/learning/trainer.h"
#include "study/model.h"
#include "tests/catch.h"
#include "tests/client/sample_model.h"
#include "tests/support/temporary_folder.h"

namespace mutual::client {
namespace {

constexpr double kFine = 0x1p32;
const std::string kPython = "/usr/bin/python3 ";

bool HasTorch() {
  if (std::system((kPython + "-c 'import torch' 2>/dev/null").c_str()) == 0) return true;
  WARN("python3-torch is not installed: imported models are not tested");
  return false;
}

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The files of tests/python/make_scripts.py.
struct Scripts {
  testing::TemporaryFolder folder;
  Scripts() {
    const std::string make = kPython + MUTUAL_SOURCE_DIR "/tests/python/make_scripts.py ";
    REQUIRE(std::system((make + folder.path().string()).c_str()) == 0);
  }
  std::string path(const std::string& name) const {
    return (folder.path() / (name + ".pt")).string();
  }
};

// "name side side = 1" for each parameter, as DescribeScript lists them.
std::vector<study::TensorShape> TensorsIn(const std::string& lines) {
  std::vector<study::TensorShape> tensors;
  const size_t begin = lines.find("parameters = [");
  for (size_t at = begin; (at = lines.find('"', at)) != std::string::npos;) {
    const size_t end = lines.find('"', at + 1);
    std::istringstream words(lines.substr(at + 1, end - at - 1));
    study::TensorShape tensor;
    words >> tensor.name;
    for (std::string side; words >> side && side != "=";) tensor.shape.push_back(std::stoll(side));
    tensors.push_back(tensor);
    at = end + 1;
  }
  return tensors;
}

StepPlan PlanOf(const Scripts& scripts, const std::string& name, int64_t rows) {
  const auto trainer = LoadTrainer({"cpu"});
  REQUIRE_OK(trainer);
  const auto lines = (*trainer)->DescribeScript(scripts.path(name));
  REQUIRE_OK(lines);
  return {.inputs = 3,
          .rows = rows,
          .loss = LossKind::kSoftmax,
          .clip = 0.5,
          .script = scripts.path(name),
          .outputs = 2,
          .script_tensors = TensorsIn(*lines)};
}

std::vector<double> SumOf(const StepPlan& plan, const std::vector<float>& model, uint64_t seed) {
  const auto step = ClippedStep::Create(plan);
  REQUIRE_OK(step);
  (*step)->Bind(model);
  std::mt19937_64 random(seed);
  const Batch batch = SampleBatch(plan, "mlp", (*step)->batch_members(), 20, random);
  std::vector<int64_t> sum(model.size(), 0);
  REQUIRE_OK((*step)->AddGradients(batch, {kFine, sum}));
  std::vector<double> values;
  for (const int64_t value : sum) values.push_back(static_cast<double>(value) / kFine);
  return values;
}

}  // namespace

TEST_CASE("All members at once give the sum that one backward pass a member gives", "[script]") {
  if (!HasTorch()) return;
  const Scripts scripts;
  const std::string name =
      GENERATE(as<std::string>{}, "Mlp", "Recurrent");  // LSTM has no batching rule
  StepPlan plan = PlanOf(scripts, name, 3);
  size_t count = 0;
  for (const study::TensorShape& tensor : plan.script_tensors)
    count += static_cast<size_t>(tensor.size());
  std::vector<float> model;
  std::mt19937_64 random(4);
  for (size_t i = 0; i < count; ++i)
    model.push_back(static_cast<float>(static_cast<double>(random() % 1000) / 1000 - 0.5));
  const std::vector<double> together = SumOf(plan, model, 9);
  plan.script_by_member = true;
  const std::vector<double> one_by_one = SumOf(plan, model, 9);
  double difference = 0, whole = 0;
  for (size_t i = 0; i < count; ++i) {
    difference += std::pow(together[i] - one_by_one[i], 2);
    whole += std::pow(one_by_one[i], 2);
  }
  REQUIRE(whole > 0);
  REQUIRE(std::sqrt(difference) <= 1e-5 * std::sqrt(whole));
}

TEST_CASE(
    "Models that are random, mix members, change themselves or do not fit are refused with the "
    "reason",
    "[script]") {
  if (!HasTorch()) return;
  const Scripts scripts;
  const auto trainer = LoadTrainer({"cpu"});
  REQUIRE_OK(trainer);
  const std::vector<std::pair<std::string, std::string>> by_code = {
      {"Random", "aten::rand_like"},      {"Dropped", "aten::dropout"},
      {"Normalised", "aten::batch_norm"}, {"Endless", "loop whose end"},
      {"Printing", "prim::Print"},        {"Counting", "prim::SetAttr"},
      {"Double", "not float32"}};
  for (const auto& [name, says] : by_code) {
    const absl::Status status = (*trainer)->DescribeScript(scripts.path(name)).status();
    INFO(name << ": " << status.ToString());
    REQUIRE(ErrorCode(status) == "SCRIPT_REFUSED");
    REQUIRE_THAT(std::string(status.message()), ContainsSubstring(says));
  }
  const std::vector<std::pair<std::string, std::string>> by_run = {
      {"Mixing", "mixes rows"}, {"Growing", "buffer that changes"}, {"Wide", "[rows, 2]"}};
  for (const auto& [name, says] : by_run) {
    const absl::Status status = ClippedStep::Create(PlanOf(scripts, name, 2)).status();
    INFO(name << ": " << status.ToString());
    REQUIRE(ErrorCode(status) == "SCRIPT_REFUSED");
    REQUIRE_THAT(std::string(status.message()), ContainsSubstring(says));
  }
  StepPlan other = PlanOf(scripts, "Mlp", 1);
  other.script_tensors[0].shape = {5, 4};
  REQUIRE(ErrorCode(ClippedStep::Create(other).status()) == "SCRIPT_SHAPE");
}

TEST_CASE("docs/PYTHON.md: a Python model becomes a study, is trained and comes back", "[script]") {
  if (!HasTorch()) return;
  const std::string page = ReadAll(MUTUAL_SOURCE_DIR "/docs/PYTHON.md");
  std::vector<std::string> blocks;
  for (size_t at = 0; (at = page.find("```python\n", at)) != std::string::npos;) {
    const size_t begin = at + 10;
    at = page.find("```", begin);
    blocks.push_back(page.substr(begin, at - begin));
  }
  REQUIRE(blocks.size() == 2);
  testing::TemporaryFolder folder;
  const auto run = [&](const std::string& code) {
    std::ofstream(folder.path() / "block.py") << code;
    return std::system(
               ("cd " + folder.path().string() + " && " + kPython + "block.py >block.log 2>&1")
                   .c_str()) == 0;
  };
  REQUIRE(run(blocks[0]));

  const auto trainer = LoadTrainer({"cpu", folder.path().string()});
  REQUIRE_OK(trainer);
  const auto lines = (*trainer)->DescribeScript((folder.path() / "digits.pt").string());
  REQUIRE_OK(lines);
  const size_t quote = lines->find("script = \"") + 10;
  study::Study study;
  study::Column image{"image", study::ColumnType::kImage, 0, 0, {}, "d", "", 1};
  image.width = image.height = 9;
  image.channels = 1;
  study.schema.columns = {{"c", study::ColumnType::kCategory, 0, 0, {"a", "b", "c"}, "d", "", 2},
                          image};
  study.schema.PlaceExtras();
  study::TrainSpec spec;
  spec.model = study::ModelKind::kScript;
  spec.features = {"image"};
  spec.target = "c";
  spec.network.script = lines->substr(quote, 64);
  spec.network.script_tensors = TensorsIn(*lines);
  study.recipe = spec;
  study.privacy.clip = 1;
  study.privacy.max_rows = 1;
  std::filesystem::copy_file(folder.path() / "digits.pt",
                             folder.path() / (spec.network.script + ".pt"));

  const auto layout = study::LayoutOf(study);
  REQUIRE_OK(layout);
  const std::vector<float> model = study::InitialModel(study, *layout);
  std::vector<double> row(study.schema.row_width(), 0.25);
  row[0] = 1;
  const std::vector<study::MemberRows> slots(5, study::MemberRows{row, row.size()});
  const TrainRound round{
      &study, model, slots, std::vector<bool>(5, true), std::vector<bool>(5, false), kFine};
  std::vector<int64_t> sum(model.size(), 0);
  REQUIRE_OK((*trainer)->AddClippedSum(round, sum));
  REQUIRE(std::any_of(sum.begin(), sum.end(), [](int64_t value) { return value != 0; }));
  REQUIRE_OK((*trainer)->ExportTorchScript(study, model, (folder.path() / "trained.pt").string()));
  REQUIRE(run(blocks[1]));

  std::ofstream(folder.path() / (spec.network.script + ".pt"), std::ios::app) << "x";
  REQUIRE(ErrorCode((*trainer)->AddClippedSum(round, sum)) == "SCRIPT_MISSING");
}

TEST_CASE("A device that LibTorch does not have is refused", "[script]") {
  REQUIRE(ErrorCode(LoadTrainer({"cuda:99"}).status()) == "DEVICE_MISSING");
  REQUIRE(ErrorCode(LoadTrainer({"tpu"}).status()) == "DEVICE_MISSING");
}

}  // namespace mutual::client
