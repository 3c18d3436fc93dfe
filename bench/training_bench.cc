// A private training step beside a plain LibTorch step of the same model in the same run, one
// thread.
//
// Plain: forward, loss, autograd, SGD update in float32. Private: clipped sum in fixed batches,
// rounding to the grid, one exact discrete Gaussian a parameter, SGD update. Times are the
// process's own CPU time, median over steps that alternate. A node may draw the noise while it
// waits for a round; the ratio without drawing it is given too.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "base/status.h"
#include "bench/training_case.h"
#include "client/learning/plain_step.h"
#include "crypto/random.h"
#include "privacy/discrete_gaussian.h"

namespace mutual::bench {
namespace {

constexpr double kScale = 0x1p20;
constexpr int64_t kNoise = int64_t{1} << 20;

struct Options {
  double seconds = 4;  // a case
  std::string only, peak_of;
  bool json = false;
};

double CpuSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Rows of `members` members, all present; the batch is then cut as the step wants it.
client::Batch MakeRows(const TrainingCase& c, int64_t members, std::mt19937_64& random) {
  const auto rows = static_cast<size_t>(members * c.plan.rows),
             width = static_cast<size_t>(c.plan.inputs);
  client::Batch batch{std::vector<float>(rows * width), std::vector<float>(rows),
                      std::vector<float>(rows, 1.0F / static_cast<float>(c.plan.rows))};
  std::uniform_real_distribution<float> unit(-1, 1);
  for (float& value : batch.inputs) {
    value = c.has_words ? static_cast<float>(1 + random() % static_cast<uint64_t>(c.vocabulary - 1))
                        : unit(random);
  }
  for (float& target : batch.targets) target = static_cast<float>(random() % 2);
  return batch;
}

std::vector<float> MakeModel(const TrainingCase& c, std::mt19937_64& random) {
  std::vector<float> model;
  std::uniform_real_distribution<double> unit(-1, 1);
  for (const study::TensorShape& tensor : study::TensorsOf(c.plan.layers)) {
    const double limit = 1 / std::sqrt(static_cast<double>(tensor.fan_in));
    for (int64_t i = 0; i < tensor.size(); ++i) {
      model.push_back(
          static_cast<float>(tensor.start == study::TensorStart::kOne ? 1 : limit * unit(random)));
    }
  }
  return model;
}

// The private side of one case.
class PrivateRun {
 public:
  PrivateRun(const TrainingCase& c, std::vector<float> model, std::mt19937_64& random)
      : model_(std::move(model)), members_(c.members), noise_(random_, 1), sum_(model_.size(), 0) {
    client::StepPlan plan = c.plan;
    plan.places = c.members;
    step_ = *client::ClippedStep::Create(plan);
    const int64_t own = step_->batch_members();
    for (int64_t first = 0; first < c.members; first += own) {
      batches_.push_back(MakeRows(c, own, random));
      const auto present = static_cast<size_t>(std::min(own, c.members - first) * c.plan.rows);
      std::fill(batches_.back().weights.begin() + static_cast<long>(present),
                batches_.back().weights.end(), 0.0F);
    }
  }

  void Sum() {
    std::fill(sum_.begin(), sum_.end(), 0);
    step_->Bind(model_);
    for (const client::Batch& batch : batches_) {
      if (!step_->AddGradients(batch, {kScale, sum_}).ok()) std::abort();
    }
  }
  void Noise() { noise_.AddNoise(kNoise, sum_); }
  void Update(double learning_rate) {
    const double factor = learning_rate / (kScale * static_cast<double>(members_));
    for (size_t i = 0; i < model_.size(); ++i)
      model_[i] -= static_cast<float>(factor * static_cast<double>(sum_[i]));
  }
  int64_t batch_members() const { return step_->batch_members(); }

 private:
  std::vector<float> model_;
  int64_t members_;
  crypto::SystemRandom random_;
  privacy::DiscreteGaussian noise_;
  std::vector<int64_t> sum_;
  std::unique_ptr<client::ClippedStep> step_;
  std::vector<client::Batch> batches_;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Times {
  std::vector<double> plain, sum, noise, update;
};

Times Measure(const TrainingCase& c, const Options& options, int64_t* batch_members) {
  std::mt19937_64 random(1);
  const std::vector<float> model = MakeModel(c, random);
  const client::Batch rows = MakeRows(c, c.members, random);
  PrivateRun ours(c, model, random);
  *batch_members = ours.batch_members();
  const auto plain = *client::PlainStep::Create(c.plan, model);
  Times times;
  const double begun = CpuSeconds();
  for (int i = 0; i < 4 || (CpuSeconds() - begun < options.seconds && i < 2000); ++i) {
    const double a = CpuSeconds();
    if (const absl::Status status = plain->Run(rows, 1e-3); !status.ok()) {
      std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
      std::exit(1);
    }
    const double b = CpuSeconds();
    ours.Sum();
    const double d = CpuSeconds();
    ours.Noise();
    const double e = CpuSeconds();
    ours.Update(1e-6);
    const double f = CpuSeconds();
    if (i == 0) continue;  // warms up
    times.plain.push_back(b - a);
    times.sum.push_back(d - b);
    times.noise.push_back(e - d);
    times.update.push_back(f - e);
  }
  return times;
}

void MakeSteps(const TrainingCase& c, const std::string& side) {
  if (side == "none") return;
  std::mt19937_64 random(1);
  const std::vector<float> model = MakeModel(c, random);
  if (side == "private") {
    PrivateRun ours(c, model, random);
    for (int i = 0; i < 2; ++i) ours.Sum(), ours.Noise(), ours.Update(1e-6);
    return;
  }
  const client::Batch rows = MakeRows(c, c.members, random);
  const auto plain = *client::PlainStep::Create(c.plan, model);
  for (int i = 0; i < 2; ++i) {
    if (!plain->Run(rows, 1e-3).ok()) std::exit(1);
  }
}

// What this process took at most, in MB. Not getrusage's: that begins with what the parent had.
double OwnPeakMegabytes() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    double kibibytes = 0;
    if (word == "VmHWM:" && file >> kibibytes) return kibibytes / 1024;
  }
  return 0;
}

// Peak memory of a new process that makes some steps and nothing before: other cases leave the heap
// in pieces, and how much more one then takes depends on their order.
double PeakMegabytes(const TrainingCase& c, const char* side) {
  int ends[2];
  if (::pipe(ends) != 0) return 0;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl("/proc/self/exe", "training_bench", "--peak", side, "--only", c.name.c_str(), nullptr);
    ::_exit(1);
  }
  ::close(ends[1]);
  char text[32] = {};
  const ssize_t size = ::read(ends[0], text, sizeof(text) - 1);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return size > 0 ? std::atof(text) : 0;
}

// The child's part of PeakMegabytes.
int ShowPeak(const Options& options) {
  for (const TrainingCase& c : TrainingCases()) {
    if (c.name != options.only) continue;
    MakeSteps(c, options.peak_of);
    std::printf("%.3f\n", OwnPeakMegabytes());
    return 0;
  }
  return 1;
}

nlohmann::ordered_json Report(const TrainingCase& c, const Options& options) {
  const double plain_peak = PeakMegabytes(c, "plain"), private_peak = PeakMegabytes(c, "private");
  int64_t batch_members = 0;
  const Times times = Measure(c, options, &batch_members);
  const double plain = Median(times.plain), sum = Median(times.sum), noise = Median(times.noise),
               update = Median(times.update);
  int64_t parameters = 0;
  for (const study::TensorShape& tensor : study::TensorsOf(c.plan.layers))
    parameters += tensor.size();
  return {{"case", c.name},
          {"parameters", parameters},
          {"members", c.members},
          {"rows", c.members * c.plan.rows},
          {"batch_members", batch_members},
          {"plain_ms", 1e3 * plain},
          {"clipped_sum_ms", 1e3 * sum},
          {"noise_ms", 1e3 * noise},
          {"update_ms", 1e3 * update},
          {"ratio", (sum + noise + update) / plain},
          {"ratio_noise_ready", (sum + update) / plain},
          {"bar", c.bar},
          {"peak_mb_idle", PeakMegabytes(c, "none")},
          {"peak_mb_plain", plain_peak},
          {"peak_mb_private", private_peak},
          {"peak_ratio", private_peak / plain_peak}};
}

int Run(const Options& options) {
  client::UseOneThread();
  if (!options.peak_of.empty()) return ShowPeak(options);
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  if (!options.json)
    std::printf("%-38s %9s %9s %8s %6s %6s %5s %6s\n", "case", "plain ms", "sum ms", "noise ms",
                "ratio", "ready", "bar", "memory");
  for (const TrainingCase& c : TrainingCases()) {
    if (!options.only.empty() && c.name.find(options.only) == std::string::npos) continue;
    const nlohmann::ordered_json report = Report(c, options);
    if (!options.json) {
      std::printf("%-38s %9.3f %9.3f %8.3f %6.2f %6.2f %5.2f %6.2f\n", c.name.c_str(),
                  double(report["plain_ms"]), double(report["clipped_sum_ms"]),
                  double(report["noise_ms"]), double(report["ratio"]),
                  double(report["ratio_noise_ready"]), c.bar, double(report["peak_ratio"]));
      std::fflush(stdout);
    }
    all.push_back(report);
  }
  if (options.json) std::printf("%s\n", all.dump(2).c_str());
  return 0;
}

}  // namespace
}  // namespace mutual::bench

int main(int argc, char** argv) {
  mutual::bench::Options options;
  CLI::App app("A private training step beside a plain one. Example: bench/training --json");
  app.add_option("--seconds", options.seconds, "processor time for each case");
  app.add_option("--only", options.only, "cases whose name holds this text");
  app.add_option(
         "--peak", options.peak_of,
         "print only the peak memory in MB of two steps of the case --only: plain, private, or "
         "none, which makes no step")
      ->check(CLI::IsMember({"plain", "private", "none"}));
  app.add_flag("--json", options.json, "print JSON");
  CLI11_PARSE(app, argc, argv);
  return mutual::bench::Run(options);
}
