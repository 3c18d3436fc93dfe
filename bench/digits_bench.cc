// Accuracy of a cnn study on digit images (IDX files) under privacy, in one process with the node's
// own parts: table, slots, coins, clipped sums, grid, exact noise, and the coordinator's optimizer.
// The members are in one table; with --nodes 20 its sum gets the noise of twenty nodes, each of
// which has the epsilon by itself, else it is in the sum once. Sampled members are packed into full
// batches, which a node may not do (docs/PRIVACY.md section 3): the sum differs in its roundings
// only, and a round costs its members alone.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "aggregation/optimizer/optimizer.h"
#include "base/status.h"
#include "client/data/member_table.h"
#include "client/learning/clipped_step.h"
#include "client/learning/task.h"
#include "client/learning/trainer.h"
#include "client/node/round_guard.h"
#include "crypto/random.h"
#include "privacy/discrete_gaussian.h"
#include "privacy/grid.h"
#include "privacy/sampling.h"
#include "study/model.h"

namespace mutual::bench {
namespace {

struct Options {
  std::string folder;         // with the four IDX files, not compressed
  std::string epsilon = "3";  // or "none"
  int members = 60000, rounds = 400, batch = 2048, runs = 1, nodes = 1;
  bool is_validation = false;  // of settings: no test image is read
  double learning_rate = 4, momentum = 0.9, clip = 0.1, averaging = 0.95;
  double final_share = 1;  // of the learning rate, in the last round
  std::string activation = "tanh", normalisation = "none";
};

constexpr char kStudy[] = R"(title = "Digits"
purpose = "Accuracy of a small network under privacy."
benefit = "None; a benchmark."
contact = "bench@example"
licence = "CC-BY-4.0"
expires = 2099-12-31

[data]
table = "digits"
member = "who"

[[data.column]]
name = "digit"
type = "category"
categories = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
definition = "What was written."

[[data.column]]
name = "image"
type = "image"
width = 28
height = 28
channels = 1
definition = "How it was written."

[recipe]
kind = "train"
model = "cnn"
channels = [16, 32]
kernels = [8, 4]
strides = [2, 2]
paddings = [3, 0]
pools = [2, 2]
pool_strides = [1, 1]
hidden = [32]
activation = "ACTIVATION"
normalisation = "NORMALISATION"
features = ["image"]
target = "digit"
optimizer = "sgd"
learning_rate = 1
rounds = 1
expected_members = 1

[privacy]
noise_multiplier = 1
delta = 1e-5
sampling_rate = 1
clip = CLIP
max_rows = 1

[cohort]
min_nodes = 4
assumed_colluders = 1
deadline = "60s"
join_window = "10m"

[scrutineers]
organisations = ["a", "b", "c", "d"]
threshold = 2
operator_nodes = []
)";

[[noreturn]] void Fail(const absl::Status& status) {
  std::fprintf(stderr, "digits_bench: %s\n", std::string(status.message()).c_str());
  std::exit(1);
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) Fail(value.status());
  return *std::move(value);
}

// `count` images from number `first` of the IDX files that begin with `name`.
struct Images {
  std::string name;
  int first, count;
};

// With validation the last 10,000 training images stand for the test images, and nobody trains on
// them.
constexpr int kTrainImages = 60000, kTestImages = 10000;

Images TrainImages(const Options& options) {
  const int most = kTrainImages - (options.is_validation ? kTestImages : 0);
  return {"train", 0, std::min(options.members, most)};
}

Images ScoredImages(const Options& options) {
  if (options.is_validation) return {"train", kTrainImages - kTestImages, kTestImages};
  return {"t10k", 0, kTestImages};
}

// A table with one member an image.
client::SlotTable ReadDigits(const Options& options, const study::Study& study,
                             const Images& images) {
  const std::filesystem::path folder(options.folder);
  std::ifstream labels(folder / (images.name + "-labels-idx1-ubyte"), std::ios::binary);
  labels.seekg(8 + images.first);
  const std::string table = (folder / (images.name + ".csv")).string();
  std::ofstream csv(table);
  csv << "who,digit,image\n";
  for (int i = images.first; i < images.first + images.count; ++i)
    csv << i << "," << labels.get() << "," << images.name << "-images-idx3-ubyte#" << i << "\n";
  csv.close();
  client::TableConfig config;
  config.file = table;
  crypto::SystemRandom random;
  const auto in_order =
      [](const std::vector<std::string>& members) -> absl::StatusOr<std::vector<uint64_t>> {
    std::vector<uint64_t> slots;
    for (size_t i = 0; i < members.size(); ++i) slots.push_back(i);
    return slots;
  };
  return Must(
      client::BuildSlotTable(config, study, in_order, static_cast<uint64_t>(images.count), random));
}

double Accuracy(const study::Study& study, std::span<const float> model,
                const client::SlotTable& table) {
  client::Task task = Must(client::TaskOf(study));
  task.plan.sampling_rate = 1;
  const auto step = Must(client::ClippedStep::Create(task.plan));
  step->Bind(model);
  const auto members = static_cast<size_t>(step->batch_members());
  double correct = 0;
  for (size_t first = 0; first < table.slot_count(); first += members) {
    std::vector<study::MemberRows> rows(members);
    for (size_t i = 0; i < members && first + i < table.slot_count(); ++i)
      rows[i] = table.slot(first + i);
    const client::Batch batch = client::MakeBatch(task, rows);
    client::RowResults results;
    if (const absl::Status status = step->Evaluate(batch, &results); !status.ok()) Fail(status);
    for (size_t i = 0; i < members; ++i) correct += batch.weights[i] > 0 ? results.correct[i] : 0;
  }
  return correct / static_cast<double>(table.slot_count());
}

// Study, data and noise of one run.
struct Run {
  study::Study study;
  double rate = 1, noise_multiplier = 0;  // 0: without privacy
  std::unique_ptr<client::SlotTable> train = nullptr, scored = nullptr;
  aggregation::OptimizerOptions optimizer = {};
};

Run Prepare(const Options& options) {
  std::string text = kStudy;
  for (const auto& [name, value] :
       {std::pair<std::string, std::string>{"ACTIVATION", options.activation},
        {"NORMALISATION", options.normalisation},
        {"CLIP", std::to_string(options.clip)}}) {
    text.replace(text.find(name), name.size(), value);
  }
  Run run{Must(study::ParseStudy(text, client::SolveNoise))};
  const Images train = TrainImages(options);
  run.rate = static_cast<double>(options.batch) / train.count;
  if (options.epsilon != "none") {
    run.noise_multiplier =
        Must(client::SolveNoise(std::stod(options.epsilon), run.study.privacy.delta, run.rate,
                                static_cast<uint64_t>(options.rounds)));
  }
  run.train = std::make_unique<client::SlotTable>(ReadDigits(options, run.study, train));
  run.scored =
      std::make_unique<client::SlotTable>(ReadDigits(options, run.study, ScoredImages(options)));
  run.optimizer = {aggregation::OptimizerKind::kSgd,
                   options.learning_rate,
                   options.momentum,
                   0.9,
                   0.999,
                   1e-8,
                   0,
                   options.averaging,
                   aggregation::Schedule::kLinear,
                   0,
                   static_cast<uint64_t>(options.rounds),
                   options.final_share};
  return run;
}

// One round's mean gradient, noised.
std::vector<double> Gradient(const Options& options, const Run& run, std::span<const float> model,
                             client::Trainer& trainer) {
  static crypto::SystemRandom random;
  static privacy::DiscreteGaussian noise(random, 1);
  const bool is_private = run.noise_multiplier > 0;
  const privacy::Grid grid =
      Must(privacy::MakeGrid({model.size(), options.clip, is_private ? run.noise_multiplier : 1,
                              std::max(4, options.nodes), privacy::Rounding::kPerBatch}));
  const std::vector<bool> coins =
      Must(privacy::SampleSlots(run.train->slot_count(), run.rate, random));
  std::vector<study::MemberRows> slots;
  for (size_t i = 0; i < coins.size(); ++i) {
    if (coins[i]) slots.push_back(run.train->slot(i));
  }
  const client::TrainRound work{&run.study,
                                model,
                                slots,
                                std::vector<bool>(slots.size(), true),
                                std::vector<bool>(slots.size(), false),
                                grid.scale};
  std::vector<int64_t> sum(model.size(), 0);
  if (const absl::Status status = trainer.AddClippedSum(work, sum); !status.ok()) Fail(status);
  for (int64_t& value : sum) value = std::clamp(value, -grid.clamp, grid.clamp);
  for (int i = 0; is_private && i < options.nodes; ++i) noise.AddNoise(grid.noise_stddev, sum);
  std::vector<double> gradient;
  for (const int64_t value : sum) {
    gradient.push_back(static_cast<double>(value) / (grid.scale * options.batch));
  }
  return gradient;
}

void Train(const Options& options, const Run& run) {
  std::vector<float> model = study::InitialModel(run.study, Must(study::LayoutOf(run.study)));
  const client::TrainerPtr trainer = Must(client::LoadTrainer({"cpu"}));
  aggregation::OptimizerState state =
      aggregation::StartAt(std::vector<double>(model.begin(), model.end()));
  const auto averaged = [&] {
    return Accuracy(run.study, aggregation::AveragedModel(run.optimizer, state), *run.scored);
  };
  for (int round = 1; round <= options.rounds; ++round) {
    const std::vector<double> gradient = Gradient(options, run, model, *trainer);
    const absl::Status status = aggregation::Step(run.optimizer, gradient, &state);
    if (!status.ok()) Fail(status);
    model.assign(state.parameters.begin(), state.parameters.end());
    if (round % 100 == 0) std::fprintf(stderr, "round %d: %.4f\n", round, averaged());
  }
  std::printf("epsilon %s, noise multiplier %.3f: %s accuracy %.4f (last iterate %.4f)\n",
              options.epsilon.c_str(), run.noise_multiplier,
              options.is_validation ? "validation" : "test", averaged(),
              Accuracy(run.study, model, *run.scored));
  std::fflush(stdout);
}

}  // namespace
}  // namespace mutual::bench

int main(int argc, char** argv) {
  mutual::bench::Options options;
  CLI::App app(
      "Accuracy of a cnn study on digits under privacy. Example: bench/digits ../shared/data/mnist "
      "--epsilon 3");
  app.add_option("folder", options.folder, "folder with the IDX files")->required();
  app.add_option("--epsilon", options.epsilon, "a number, or none")->capture_default_str();
  app.add_option("--members", options.members, "the first so many images")->capture_default_str();
  app.add_option("--rounds", options.rounds)->capture_default_str();
  app.add_option("--batch", options.batch, "expected members of a round")->capture_default_str();
  app.add_option("--learning-rate", options.learning_rate)->capture_default_str();
  app.add_option("--momentum", options.momentum)->capture_default_str();
  app.add_option("--clip", options.clip)->capture_default_str();
  app.add_option("--averaging", options.averaging)->capture_default_str();
  app.add_option("--final-share", options.final_share, "of the learning rate, in the last round")
      ->capture_default_str();
  app.add_option("--activation", options.activation, "tanh or relu")->capture_default_str();
  app.add_option("--normalisation", options.normalisation, "none or group")->capture_default_str();
  app.add_option("--nodes", options.nodes, "nodes that add noise, each with the epsilon by itself")
      ->capture_default_str();
  app.add_flag("--validate", options.is_validation,
               "train on the first 50,000 training images and score the last 10,000: to choose "
               "settings without the test images");
  app.add_option("--runs", options.runs, "trainings, one after the other")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const mutual::bench::Run run = mutual::bench::Prepare(options);
  for (int i = 0; i < options.runs; ++i) mutual::bench::Train(options, run);
  return 0;
}
