// Reads the keys of mlp, cnn and text models.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "study/feature.h"
#include "study/lint.h"
#include "study/network.h"

namespace mutual::study {
namespace {

constexpr size_t kMostLayers = 16;

// A list of whole numbers within `range`, each reported that is not.
std::vector<int> Whole(TableReader& reader, const std::string& key, const Range& range) {
  std::vector<int> whole;
  const std::vector<double> numbers = reader.Numbers(key);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (range.Holds(numbers[i]) && numbers[i] == std::floor(numbers[i])) {
      whole.push_back(static_cast<int>(numbers[i]));
      continue;
    }
    const std::string name = key == "hidden" ? "hidden width" : key;
    reader.Report(reader.LineOf(key, i), "RECIPE",
                  absl::StrFormat("%s is %g, want a whole number from %g to %g", name, numbers[i],
                                  range.least, range.most));
  }
  const bool given = reader.Has(key) && numbers.empty();
  if (numbers.size() > kMostLayers || given) {
    reader.Report(reader.LineOf(key), "RECIPE",
                  absl::StrFormat("%s has %d %s, want 1 to %d", key, numbers.size(),
                                  key == "hidden" ? "widths" : "numbers", kMostLayers));
  }
  return whole;
}

// As Whole, of a key that may be missing.
std::vector<int> OptionalWhole(TableReader& reader, const std::string& key, const Range& range) {
  return reader.Has(key) ? Whole(reader, key, range) : std::vector<int>{};
}

void ReadConvolutions(TableReader& reader, NetworkSpec* network) {
  const size_t problems = reader.problems()->size();
  const std::vector<int> channels = Whole(reader, "channels", {1, 1024});
  const std::vector<int> kernels = Whole(reader, "kernels", {1, 64});
  const std::vector<int> strides = OptionalWhole(reader, "strides", {1, 64});
  const std::vector<int> paddings = OptionalWhole(reader, "paddings", {0, 32});
  const std::vector<int> pools = OptionalWhole(reader, "pools", {1, 64});
  const std::vector<int> pool_strides = OptionalWhole(reader, "pool_strides", {1, 64});
  if (reader.problems()->size() > problems) return;
  for (const auto& [key, list] : {std::pair{"kernels", &kernels}, std::pair{"strides", &strides},
                                  std::pair{"paddings", &paddings}, std::pair{"pools", &pools},
                                  std::pair{"pool_strides", &pool_strides}}) {
    if (list->empty() || list->size() == channels.size()) continue;
    reader.Report(
        reader.LineOf(key), "RECIPE",
        absl::StrFormat("%s has %d numbers for %d channels; want one for each convolution", key,
                        list->size(), channels.size()));
  }
  const auto at = [](const std::vector<int>& list, size_t i, int otherwise) {
    return i < list.size() ? list[i] : otherwise;
  };
  for (size_t i = 0; i < channels.size(); ++i) {
    const int pool = at(pools, i, 1);
    network->convolutions.push_back({channels[i], at(kernels, i, 1), at(strides, i, 1),
                                     at(paddings, i, 0), pool, at(pool_strides, i, pool)});
  }
}

void ReadNormalisation(TableReader& reader, NetworkSpec* network) {
  const std::string kind = reader.OptionalText("normalisation");
  network->has_group_norm = kind == "group";
  if (kind == "batch") {
    reader.Report(reader.LineOf("normalisation"), "RECIPE",
                  "batch normalisation makes every member's gradient depend on all others in the "
                  "batch, so that "
                  "no clipping bounds what one member changes; use \"group\" or \"none\"");
  } else if (!kind.empty() && kind != "group" && kind != "none") {
    reader.Report(reader.LineOf("normalisation"), "RECIPE",
                  absl::StrFormat("normalisation is \"%s\", want none or group", kind));
  }
}

void ReadActivation(TableReader& reader, NetworkSpec* network) {
  const std::string kind = reader.OptionalText("activation");
  network->is_relu = kind == "relu";
  if (!kind.empty() && kind != "relu" && kind != "tanh") {
    reader.Report(reader.LineOf("activation"), "RECIPE",
                  absl::StrFormat("activation is \"%s\", want tanh or relu", kind));
  }
}

void CheckEmbedded(TableReader& reader, const Schema& schema, const TrainSpec& spec) {
  const auto& features = spec.features;
  for (size_t i = 0; i < spec.network.embedded.size(); ++i) {
    const std::string& name = spec.network.embedded[i];
    const int index = schema.Find(name);
    const bool is_category =
        index >= 0 && schema.columns[static_cast<size_t>(index)].type == ColumnType::kCategory;
    if (is_category && std::find(features.begin(), features.end(), name) != features.end())
      continue;
    reader.Report(
        reader.LineOf("embedded", i), "RECIPE",
        absl::StrFormat("embedded names \"%s\", want a category column that is among the features",
                        name));
  }
}

// "conv1.weight 16 1 8 8", and " = 1" behind it when it begins with ones.
bool ParseTensor(const std::string& text, TensorShape* tensor) {
  std::vector<std::string> parts = absl::StrSplit(text, ' ');
  const bool ones = parts.size() > 3 && parts[parts.size() - 2] == "=" && parts.back() == "1";
  if (ones) parts.resize(parts.size() - 2);
  tensor->name = parts[0];
  tensor->fan_in = 1;
  for (size_t i = 1; i < parts.size(); ++i) {
    int64_t side = 0;
    if (!absl::SimpleAtoi(parts[i], &side) || side < 1 || side > (1 << 25)) return false;
    tensor->shape.push_back(side);
    if (i > 1 && (tensor->fan_in *= side) > (1 << 25)) return false;
  }
  if (tensor->shape.size() > 1) tensor->start = TensorStart::kUniform;
  if (ones) tensor->start = TensorStart::kOne;
  return parts.size() >= 2 && parts.size() <= 7 && !parts[0].empty();
}

void ReadScript(TableReader& reader, NetworkSpec* network) {
  network->script = reader.Text("script");
  const bool is_digest = network->script.size() == 64 &&
                         network->script.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!network->script.empty() && !is_digest) {
    reader.Report(reader.LineOf("script"), "RECIPE",
                  "script is the SHA-256 of the model's file, 64 hexadecimal digits; take it from: "
                  "mutual describe-script FILE");
  }
  const std::vector<std::string> tensors = reader.Texts("parameters");
  for (size_t i = 0; i < tensors.size(); ++i) {
    TensorShape tensor;
    if (ParseTensor(tensors[i], &tensor)) {
      network->script_tensors.push_back(tensor);
      continue;
    }
    reader.Report(
        reader.LineOf("parameters", i), "RECIPE",
        absl::StrFormat("parameter \"%s\": want its name and sides, as \"conv1.weight 16 1 8 8\"",
                        tensors[i]));
  }
  if (reader.Has("parameters") && tensors.empty()) {
    reader.Report(reader.LineOf("parameters"), "RECIPE",
                  "parameters is empty; a model without any learns nothing");
  }
}

}  // namespace

void ReadNetwork(TableReader& reader, TrainSpec* spec) {
  NetworkSpec& network = spec->network;
  if (spec->model == ModelKind::kScript) return ReadScript(reader, &network);
  const bool is_mlp = spec->model == ModelKind::kMlp, is_text = spec->model == ModelKind::kText;
  if (!is_mlp && !is_text && spec->model != ModelKind::kCnn) return;
  if (is_mlp || reader.Has("hidden")) spec->hidden = Whole(reader, "hidden", {1, 4096});
  ReadActivation(reader, &network);
  if (spec->model == ModelKind::kCnn) {
    ReadConvolutions(reader, &network);
    ReadNormalisation(reader, &network);
  }
  if (is_mlp && reader.Has("embedded")) network.embedded = reader.Texts("embedded");
  if (is_text || !network.embedded.empty()) {
    network.embedding_width = reader.Integer("embedding_width", {1, 1024});
  }
  if (is_text && reader.Has("gru_width"))
    network.gru_width = reader.Integer("gru_width", {1, 1024});
}

void CheckNetwork(TableReader& reader, const Schema& schema, const TrainSpec& spec) {
  CheckEmbedded(reader, schema, spec);
  const auto features = FeatureMap::Create(schema, spec);
  if (!features.ok() || spec.model != ModelKind::kCnn) return;
  const auto layers = LayersOf(schema, spec, *features);
  if (!layers.ok()) {
    reader.Report(reader.LineOf("kernels"), "RECIPE", std::string(layers.status().message()));
  }
}

}  // namespace mutual::study
