// Every kind of model leaves as safetensors and TorchScript that Python reads and computes alike.
#include <cstdlib>
#include <fstream>

#include "client/learning/trainer.h"
#include "study/model.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace mutual::client {
namespace {

study::Study StudyOf(const std::string& kind) {
  study::Study study;
  study.schema.columns = {
      {"x", study::ColumnType::kReal, -2, 2, {}, "d", "", 1},
      {"z", study::ColumnType::kReal, 0, 4, {}, "d", "", 2},
      {"job", study::ColumnType::kCategory, 0, 0, {"a", "b", "c", "d"}, "d", "", 3},
      {"y", study::ColumnType::kReal, 0, 8, {}, "d", "", 4},
      {"c", study::ColumnType::kCategory, 0, 0, {"no", "yes", "perhaps"}, "d", "", 5}};
  study::Column image{"image", study::ColumnType::kImage, 0, 0, {}, "d", "", 6};
  image.width = image.height = 9;
  image.channels = 1;
  study::Column text{"text", study::ColumnType::kText, 0, 0, {}, "d", "", 7};
  text.words = 6;
  text.buckets = 20;
  study.schema.columns.push_back(image);
  study.schema.columns.push_back(text);
  study.schema.PlaceExtras();
  study::TrainSpec spec;
  spec.features = {"x", "z"};
  spec.target = "y";
  spec.hidden = {5};
  if (kind == "linear" || kind == "logistic" || kind == "poisson") spec.hidden = {};
  if (kind == "logistic") spec.model = study::ModelKind::kLogistic;
  if (kind == "poisson") spec.model = study::ModelKind::kPoisson;
  if (kind == "mlp" || kind == "embedded") spec.model = study::ModelKind::kMlp;
  if (kind == "logistic") {
    spec.target = "c";
    spec.target_class = "yes";
  }
  if (kind == "embedded") {
    spec.features = {"x", "job", "z"};
    spec.network.embedded = {"job"};
    spec.network.embedding_width = 3;
  }
  if (kind == "cnn") {
    spec.model = study::ModelKind::kCnn;
    spec.features = {"image"};
    spec.target = "c";
    spec.network.convolutions = {{4, 3, 2, 1, 2, 2}};
    spec.network.has_group_norm = true;
  }
  if (kind == "text" || kind == "gru") {
    spec.model = study::ModelKind::kText;
    spec.features = {"text"};
    spec.target = "c";
    spec.network.is_relu = true;
    spec.network.embedding_width = 4;
    spec.network.gru_width = kind == "gru" ? 5 : 0;
  }
  study.recipe = spec;
  study.privacy.clip = 1;
  study.privacy.max_rows = 2;
  return study;
}

}  // namespace

TEST_CASE("Python reads both files of every kind of model and predicts the same", "[learning]") {
  if (std::system("/usr/bin/python3 -c 'import torch' 2>/dev/null") != 0) {
    WARN("python3-torch is not installed: exports are not compared");
    return;
  }
  const std::string kind = GENERATE(as<std::string>{}, "linear", "logistic", "poisson", "mlp",
                                    "embedded", "cnn", "text", "gru");
  const study::Study study = StudyOf(kind);
  const auto layout = study::LayoutOf(study);
  REQUIRE_OK(layout);
  std::vector<float> model = study::InitialModel(study, *layout);
  for (size_t i = 0; i < model.size(); ++i) model[i] += 0.01F * static_cast<float>(i % 13);
  testing::TemporaryFolder folder;
  const std::string tensors = (folder.path() / "model.safetensors").string();
  const std::string script = (folder.path() / "model.pt").string();
  std::ofstream(tensors, std::ios::binary)
      << study::ToSafetensors(*layout, model, {{"study", "s"}, {"input.0", "x"}});
  const auto trainer = LoadTrainer();
  REQUIRE_OK(trainer);
  REQUIRE_OK((*trainer)->ExportTorchScript(study, model, script));
  const std::string command = "/usr/bin/python3 " MUTUAL_SOURCE_DIR "/tests/python/load_model.py " +
                              tensors + " " + script + " " + kind + " >" + tensors + ".log 2>&1";
  INFO(kind);
  const bool agrees = std::system(command.c_str()) == 0;
  std::ifstream log(tensors + ".log");
  INFO(std::string(std::istreambuf_iterator<char>(log), {}));
  REQUIRE(agrees);
}

}  // namespace mutual::client
