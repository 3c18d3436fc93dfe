// Reads [recipe] of a training study.
#include <cmath>
#include <set>

#include "absl/strings/str_format.h"
#include "study/feature.h"
#include "study/lint.h"

namespace mutual::study {
namespace {

// False when the model is not known.
bool ReadModel(TableReader& reader, TrainSpec* spec) {
  const std::string model = reader.Text("model");
  if (model == "linear") {
    spec->model = ModelKind::kLinear;
  } else if (model == "logistic") {
    spec->model = ModelKind::kLogistic;
  } else if (model == "poisson") {
    spec->model = ModelKind::kPoisson;
  } else if (model == "mlp") {
    spec->model = ModelKind::kMlp;
  } else if (model == "cnn") {
    spec->model = ModelKind::kCnn;
  } else if (model == "text") {
    spec->model = ModelKind::kText;
  } else if (model == "script") {
    spec->model = ModelKind::kScript;
  } else {
    reader.AllowAnyKey();
    if (!model.empty()) {
      reader.Report(
          reader.LineOf("model"), "RECIPE",
          absl::StrFormat(
              "model is \"%s\", want linear, logistic, poisson, mlp, cnn, text or script", model));
    }
    return false;
  }
  ReadNetwork(reader, spec);
  return true;
}

void ReadOptimizer(TableReader& reader, TrainSpec* spec) {
  const std::string optimizer = reader.Text("optimizer");
  if (optimizer == "sgd") {
    spec->momentum = reader.OptionalNumber("momentum", {0, 1, false, true}).value_or(0);
  } else if (optimizer == "adam") {
    spec->optimizer = Optimizer::kAdam;
  } else if (!optimizer.empty()) {
    reader.AllowAnyKey();
    reader.Report(reader.LineOf("optimizer"), "RECIPE",
                  absl::StrFormat("optimizer is \"%s\", want sgd or adam", optimizer));
  }
  spec->learning_rate = reader.Number("learning_rate", {0, 1e6, true}).value_or(0);
  spec->weight_decay = reader.OptionalNumber("weight_decay", {0, 1e6}).value_or(0);
  spec->averaging = reader.OptionalNumber("averaging", {0, 1, false, true}).value_or(0);
}

void ReadStartModel(TableReader& reader, TrainSpec* spec) {
  const std::string text = reader.OptionalText("start_model");
  if (text.empty()) return;
  const absl::StatusOr<Digest> digest = Digest::FromHex(text);
  if (digest.ok()) {
    spec->start_model = *digest;
  } else {
    reader.Report(
        reader.LineOf("start_model"), "RECIPE",
        absl::StrFormat("start_model is \"%s\", want the SHA-256 of a published model, 64 "
                        "digits of 0 to 9 and a to f",
                        text));
  }
}

// After `rounds`, which bounds the warm-up.
void ReadSchedule(TableReader& reader, TrainSpec* spec) {
  const std::string schedule = reader.OptionalText("schedule");
  if (schedule == "linear") {
    spec->schedule = RateSchedule::kLinear;
    spec->final_share = reader.OptionalNumber("final_share", {0, 1}).value_or(0);
  } else if (schedule == "inverse_root") {
    spec->schedule = RateSchedule::kInverseRoot;
  } else if (!schedule.empty() && schedule != "constant") {
    reader.Report(
        reader.LineOf("schedule"), "RECIPE",
        absl::StrFormat("schedule is \"%s\", want constant, linear or inverse_root", schedule));
  }
  const double warmup = reader.OptionalNumber("warmup_rounds", {0, 1e6}).value_or(0);
  if (warmup != std::floor(warmup) || (spec->rounds > 0 && warmup >= spec->rounds)) {
    reader.Report(reader.LineOf("warmup_rounds"), "RECIPE",
                  absl::StrFormat("warmup_rounds is %g, want a whole number below rounds (%d)",
                                  warmup, spec->rounds));
  } else {
    spec->warmup_rounds = static_cast<int>(warmup);
  }
}

// After `rounds` and `evaluation_share`.
void ReadPatience(TableReader& reader, TrainSpec* spec) {
  spec->patience = reader.Integer("patience", {1, 1e6});
  if (spec->patience > 0 && !(spec->evaluation_share > 0)) {
    reader.Report(
        reader.LineOf("patience"), "RECIPE",
        "patience watches the loss of held-out members; add evaluation_share or remove it");
  } else if (spec->patience > 0 && spec->rounds > 0 && 2 * spec->patience >= spec->rounds) {
    reader.Report(
        reader.LineOf("patience"), "RECIPE",
        absl::StrFormat("patience is %d, want less than half of rounds (%d): two windows are "
                        "compared",
                        spec->patience, spec->rounds));
  }
}

void CheckFeatures(TableReader& reader, const Schema& schema, const TrainSpec& spec) {
  if (FeatureMap::TakesWide(schema, spec)) {
    if (spec.features.empty()) return;
    const absl::Status status = FeatureMap::CheckWide(schema, spec);
    if (!status.ok())
      reader.Report(reader.LineOf("features"), "FREE_TEXT", std::string(status.message()));
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < spec.features.size(); ++i) {
    const std::string& text = spec.features[i];
    const int line = reader.LineOf("features", i);
    const absl::Status status = FeatureMap::CheckFeature(schema, text);
    if (!status.ok()) {
      reader.Report(line, "UNKNOWN_COLUMN", std::string(status.message()));
    } else if (!seen.insert(text).second) {
      reader.Report(line, "RECIPE",
                    absl::StrFormat("feature \"%s\" stands twice; remove one", text));
    } else if (FeatureMap::SameColumn(schema, text, spec.target)) {
      reader.Report(
          line, "RECIPE",
          absl::StrFormat("feature \"%s\" is the target's own column; the model would only "
                          "repeat it",
                          text));
    }
  }
}

}  // namespace

TrainSpec ReadTrain(TableReader& reader, const Schema& schema) {
  TrainSpec spec;
  const bool known = ReadModel(reader, &spec);
  ReadOptimizer(reader, &spec);
  const size_t problems = reader.problems()->size();
  spec.features = reader.Texts("features");
  if (spec.features.empty() && reader.problems()->size() == problems) {
    reader.Report(reader.LineOf("features"), "RECIPE",
                  "features is empty; name at least one column");
  }
  spec.target = reader.Text("target");
  spec.target_class = reader.OptionalText("target_class");
  spec.rounds = reader.Integer("rounds", {1, 1e6});
  ReadLocalSteps(reader, &spec);
  ReadSchedule(reader, &spec);
  ReadStartModel(reader, &spec);
  spec.expected_members = reader.Number("expected_members", {1, 1e9}).value_or(0);
  spec.evaluation_share = reader.OptionalNumber("evaluation_share", {0, 0.5}).value_or(0);
  if (reader.Has("patience")) ReadPatience(reader, &spec);
  CheckFeatures(reader, schema, spec);
  CheckNetwork(reader, schema, spec);
  if (known && !spec.target.empty()) {
    const absl::Status status = FeatureMap::CheckTarget(schema, spec);
    if (!status.ok()) {
      reader.Report(reader.LineOf("target"), "UNKNOWN_COLUMN", std::string(status.message()));
    }
  }
  return spec;
}

}  // namespace mutual::study
