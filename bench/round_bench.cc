// Whole rounds over loopback without training: time, coordinator memory, bytes on the wire.
//
// Every node is the node's own code (client/node): checks, budget, model, exact noise, ledger,
// upload over mutual TLS, receipts. Only its gradient sum is zero. Every node is a witness of the
// log, so a round includes its entries and their cosignatures. A round lasts from the first node's
// notice of it to the first notice of the next one, so it includes the release, the optimizer's
// step and the next model. Round 1 warms up and does not count.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/status.h"
#include "bench/bench_study.h"
#include "bench/federation.h"
#include "bench/round_notice.h"
#include "bench/wire.h"
#include "client/node/node.h"
#include "crypto/random.h"
#include "privacy/discrete_gaussian.h"
#include "study/recipe.h"

namespace mutual::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr uint64_t kNodeMemory = uint64_t{4} << 30;  // for all contributions being made at one time
constexpr uint64_t kBytesPerValue = 32;              // in a node that makes one

struct Options {
  int nodes = 16, rounds = 5;
  uint64_t values = 1000000;
  std::string optimizer = "sgd", folder;
  bool json = false;
};

// When each round was first heard of, and how many nodes may work at one time. Thread-safe.
class Referee {
 public:
  Referee(uint16_t port, int places) : port_(port), places_(places) {}

  void Hear(uint64_t round) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (round <= starts_.size()) return;
    starts_.push_back(SteadyClock::now());
    wire_.push_back(BytesToPort(port_));
  }
  void Enter() {
    std::unique_lock<std::mutex> lock(mutex_);
    free_.wait(lock, [this] { return places_ > 0; });
    --places_;
  }
  void Leave(const absl::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (status_.ok()) status_ = status;
    ++places_;
    free_.notify_one();
  }
  // Once the nodes have stopped.
  const std::vector<SteadyClock::time_point>& starts() const { return starts_; }
  const std::vector<WireBytes>& wire() const { return wire_; }
  const absl::Status& status() const { return status_; }

 private:
  uint16_t port_;
  std::mutex mutex_;
  std::condition_variable free_;
  int places_;
  std::vector<SteadyClock::time_point> starts_;  // [r - 1] of round r
  std::vector<WireBytes> wire_;
  absl::Status status_;
};

// One node's life: answers every round before `last`, then leaves.
absl::Status Serve(Member& member, uint64_t last, Referee& referee) {
  crypto::SystemRandom random;
  privacy::DiscreteGaussian noise(random, 1);
  const SystemClock clock;
  // Its witness has a thread of its own, of which TakePart knows nothing.
  client::Node node({member.home.get(), &member.config, member.ledger.get(), member.trust.get(),
                     member.masks.get(), nullptr, &clock, &random, &noise, [](const std::string&) {}});
  absl::Status taken;
  const absl::Status watched = member.channel->WatchRounds([&](const std::string& receipt) {
    if (receipt.empty()) return true;
    const absl::StatusOr<RoundNotice> start = ParseNotice(receipt);
    if (!start.ok()) {
      taken = start.status();
      return false;
    }
    referee.Hear(start->round);
    if (start->round >= last) return false;
    referee.Enter();
    taken = node.TakePart(*member.channel, receipt);
    referee.Leave(taken);
    return taken.ok();
  });
  return taken.ok() ? watched : taken;
}

absl::Status PlayRounds(Federation& federation, uint64_t last, Referee& referee) {
  std::vector<std::thread> threads;
  std::vector<absl::Status> statuses(federation.members().size());
  for (size_t i = 0; i < statuses.size(); ++i) {
    threads.emplace_back([&, i] { statuses[i] = Serve(federation.members()[i], last, referee); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) MUTUAL_RETURN_IF_ERROR(status);
  return referee.status();
}

double Megabytes(uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

struct Played {
  uint64_t values;
  uint64_t idle_memory;
  const Federation* federation;
  const Referee* referee;
};

nlohmann::ordered_json Figures(const Options& options, const Played& played) {
  const auto& starts = played.referee->starts();
  const auto& wire = played.referee->wire();
  std::vector<double> seconds;
  for (size_t i = 1; i + 1 < starts.size(); ++i) {
    seconds.push_back(std::chrono::duration<double>(starts[i + 1] - starts[i]).count());
  }
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  const double median = (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2;
  const uint64_t shares = seconds.size() * static_cast<uint64_t>(options.nodes);
  const uint64_t sent = (wire.back().sent - wire[1].sent) / shares;
  const uint64_t received = (wire.back().received - wire[1].received) / shares;
  return {{"nodes", options.nodes},
          {"values", played.values},
          {"rounds", seconds.size()},
          {"optimizer", options.optimizer},
          {"median_s", median},
          {"coordinator_peak_mb", Megabytes(played.federation->coordinator().PeakMemory())},
          {"wire_bytes_per_node", sent + received},
          {"sent_bytes_per_node", sent},
          {"received_bytes_per_node", received},
          {"vector_mb", Megabytes(played.values * 4)},
          {"coordinator_idle_mb", Megabytes(played.idle_memory)},
          {"coordinator_disk_mb", Megabytes(played.federation->KeptBytes())},
          {"round_s", seconds}};
}

void Print(const Options& options, const nlohmann::ordered_json& figures) {
  if (options.json) {
    std::printf("%s\n", figures.dump().c_str());
    return;
  }
  std::printf(
      "%d nodes, %d values, %d rounds: median %.3f s; coordinator peak %.0f MB; "
      "%.2f MB sent and %.2f MB received a node and round\n",
      options.nodes, figures["values"].get<int>(), figures["rounds"].get<int>(),
      figures["median_s"].get<double>(), figures["coordinator_peak_mb"].get<double>(),
      figures["sent_bytes_per_node"].get<double>() / 1e6,
      figures["received_bytes_per_node"].get<double>() / 1e6);
}

absl::Status Run(const Options& options) {
  ::setenv("MUTUAL_LEARNING", (ProgramFolder() + "/../lib/libmutual-zero-learning.so").c_str(), 1);
  const auto nodes = static_cast<uint64_t>(options.nodes);
  const auto last = static_cast<uint64_t>(options.rounds) + 2;  // heard of, not played
  const uint64_t disk = options.values * 4 * (nodes * (last + 2) + 16) + (uint64_t{1} << 28);
  MUTUAL_ASSIGN_OR_RETURN(const auto folder, RoomFor(disk, options.folder));
  MUTUAL_ASSIGN_OR_RETURN(
      const std::string text,
      StudyText({options.values, options.nodes, static_cast<int>(last), options.optimizer}));
  MUTUAL_ASSIGN_OR_RETURN(const auto federation, Federation::Begin(folder, options.nodes));
  const uint64_t idle = federation->coordinator().PeakMemory();
  MUTUAL_ASSIGN_OR_RETURN(const study::Study study, federation->Propose(text));
  MUTUAL_ASSIGN_OR_RETURN(const auto recipe, study::MakeRecipe(study));
  const uint64_t places =
      std::clamp<uint64_t>(kNodeMemory / (recipe->dimension() * kBytesPerValue), 2, nodes);
  Referee referee(federation->port(), static_cast<int>(places));
  MUTUAL_RETURN_IF_ERROR(PlayRounds(*federation, last, referee));
  Print(options, Figures(options, {recipe->dimension(), idle, federation.get(), &referee}));
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  CLI::App app("bench/round: whole rounds over loopback, without training.");
  app.footer(
      "\nExample:\n  bench/round --nodes 16 --values 1000000 --rounds 5 --json\n"
      "\nExit codes: 0 done, 1 failed, 2 wrong usage.\n");
  Options options;
  app.add_option("--nodes", options.nodes, "nodes, 2 to 256")
      ->check(CLI::Range(2, 256))
      ->capture_default_str();
  app.add_option("--values", options.values, "numbers in a contribution")->capture_default_str();
  app.add_option("--rounds", options.rounds, "rounds that count")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--optimizer", options.optimizer, "sgd or adam")->capture_default_str();
  app.add_option("--dir", options.folder, "where to make a folder, removed at the end");
  app.add_flag("--json", options.json, "print JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::Status status = Run(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "bench/round: %s\n", Describe(status).c_str());
  return 1;
}

}  // namespace
}  // namespace mutual::bench

int main(int argc, char** argv) { return mutual::bench::Main(argc, argv); }
