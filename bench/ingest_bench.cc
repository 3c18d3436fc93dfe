// How fast the coordinator takes contributions, next to a bare gRPC byte stream of the same bytes
// in the same run.
//
// "upload" ends when every ready contribution is acknowledged: mutual TLS, digest, durable file,
// log entry cosigned by the nodes' witnesses. "release" goes on to the next round's notice:
// addition, optimizer step and state, next model. The bare streams, plain and over TLS, go into a
// server that drops the messages. All have one connection a node, all nodes send at once, every
// receiver is a process of its own. Processor time counts senders and receiver; unlike elapsed time
// it hardly depends on what else runs.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "bench/bare_stream.h"
#include "bench/bench_study.h"
#include "bench/federation.h"
#include "bench/round_notice.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "study/recipe.h"
#include "transparency/signed_entry.h"

namespace mutual::bench {
namespace {

struct Options {
  int nodes = 16, rounds = 5;
  uint64_t values = 1000000;
  std::string folder, keys;
  bool json = false, bare = false;
};

// Runs `work(i)` for every i < count at once.
absl::Status InParallel(size_t count, const std::function<absl::Status(size_t)>& work) {
  std::vector<absl::Status> statuses(count);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) threads.emplace_back([&, i] { statuses[i] = work(i); });
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) MUTUAL_RETURN_IF_ERROR(status);
  return absl::OkStatus();
}

// Waits for the notice of `round` on a new stream.
absl::StatusOr<RoundNotice> Await(Member& member, uint64_t round) {
  absl::StatusOr<RoundNotice> start = Unavailable("round %d did not open", round);
  MUTUAL_RETURN_IF_ERROR(member.channel->WatchRounds([&](const std::string& receipt) {
    if (receipt.empty()) return true;
    start = ParseNotice(receipt);
    return start.ok() && start->round < round;
  }));
  return start;
}

// One contribution of random words, ready to be sent.
absl::StatusOr<client::UploadCall> Prepare(const Member& member, const RoundNotice& start) {
  MUTUAL_ASSIGN_OR_RETURN(const client::VerifiedEntry verified,
                          member.trust->Verify(start.receipt));
  std::string bytes(start.vector_length * 4, '\0');
  crypto::SystemRandom seed;
  crypto::FastRandom(seed).Fill(std::span(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()));
  transparency::EntryWriter writer("contribution", member.home->origin());
  writer.Head("seen", verified.tree)
      .Study(start.study)
      .Integer("round", start.round)
      .Text("node", member.home->organisation())
      .Integer("vector-len", start.vector_length)
      .Hash("sha256", crypto::Sha256(bytes))
      .Time("time", SystemClock().Now());
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Entry entry, writer.Finish());
  client::UploadCall call{start.study, start.round, "",
                          (member.home->folder() / "contribution").string(), bytes.size()};
  MUTUAL_ASSIGN_OR_RETURN(call.entry, member.home->SignEntry(entry));
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(call.file, bytes, FileMode::kPublic));
  return call;
}

// Elapsed and processor seconds of senders and receiver together.
struct Cost {
  double wall = 0, cpu = 0;
};

double OwnCpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Measures from its making.
class Meter {
 public:
  explicit Meter(const Process& receiver) : receiver_(receiver), cpu_(Cpu()) {}
  Cost Read() const {
    return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(),
            Cpu() - cpu_};
  }

 private:
  double Cpu() const { return OwnCpuSeconds() + receiver_.CpuSeconds(); }
  const Process& receiver_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double cpu_;
};

struct BareStream {
  const Process* server;
  std::vector<std::unique_ptr<BareChannel>> channels;  // one a node
};

struct Round {
  Cost upload;   // all contributions acknowledged
  Cost release;  // the same and the sum released
  Cost plain, tls;
};

absl::StatusOr<Cost> SendBare(const BareStream& bare,
                              const std::vector<client::UploadCall>& calls) {
  const Meter meter(*bare.server);
  MUTUAL_RETURN_IF_ERROR(
      InParallel(calls.size(), [&](size_t i) { return bare.channels[i]->Send(calls[i].file); }));
  return meter.Read();
}

struct Streams {
  BareStream plain, tls;
};

absl::StatusOr<Round> Play(Federation& federation, const Streams& bare, uint64_t number) {
  std::vector<Member>& members = federation.members();
  MUTUAL_ASSIGN_OR_RETURN(const RoundNotice start, Await(members[0], number));
  std::vector<client::UploadCall> calls(members.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    MUTUAL_ASSIGN_OR_RETURN(calls[i], Prepare(members[i], start));
  }
  Round round;
  MUTUAL_ASSIGN_OR_RETURN(round.plain, SendBare(bare.plain, calls));
  MUTUAL_ASSIGN_OR_RETURN(round.tls, SendBare(bare.tls, calls));
  const Meter meter(federation.coordinator());
  MUTUAL_RETURN_IF_ERROR(InParallel(
      calls.size(), [&](size_t i) { return members[i].channel->Upload(calls[i]).status(); }));
  round.upload = meter.Read();
  MUTUAL_RETURN_IF_ERROR(Await(members[0], number + 1).status());
  round.release = meter.Read();
  return round;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

// Rates in MB/s of elapsed time (median round) and of processor time (all rounds).
nlohmann::ordered_json RatesOf(const std::vector<Round>& rounds, Cost Round::*part, double bytes) {
  std::vector<double> wall;
  double cpu = 0;
  for (const Round& round : rounds) {
    wall.push_back(bytes / 1e6 / (round.*part).wall);
    cpu += (round.*part).cpu;
  }
  return {{"mb_per_s", Median(wall)},
          {"mb_per_cpu_s", bytes / 1e6 * static_cast<double>(rounds.size()) / std::max(cpu, 0.01)}};
}

void Print(const Options& options, const std::vector<Round>& rounds, uint64_t bytes) {
  const auto size = static_cast<double>(bytes);
  nlohmann::ordered_json figures = {{"nodes", options.nodes},
                                    {"bytes", bytes},
                                    {"rounds", rounds.size()},
                                    {"upload", RatesOf(rounds, &Round::upload, size)},
                                    {"release", RatesOf(rounds, &Round::release, size)},
                                    {"bare_plain", RatesOf(rounds, &Round::plain, size)},
                                    {"bare_tls", RatesOf(rounds, &Round::tls, size)}};
  const auto ratio = [&](const char* part, const char* bare, const char* key) {
    return figures[part][key].get<double>() / figures[bare][key].get<double>();
  };
  figures["ratio"] = ratio("upload", "bare_plain", "mb_per_s");
  figures["ratio_tls"] = ratio("upload", "bare_tls", "mb_per_s");
  figures["cpu_ratio"] = ratio("upload", "bare_plain", "mb_per_cpu_s");
  figures["cpu_ratio_tls"] = ratio("upload", "bare_tls", "mb_per_cpu_s");
  if (options.json) {
    std::printf("%s\n", figures.dump().c_str());
    return;
  }
  for (const char* const part : {"upload", "release", "bare_plain", "bare_tls"}) {
    std::printf("%-10s %6.0f MB/s, %6.0f MB per processor second\n", part,
                figures[part]["mb_per_s"].get<double>(),
                figures[part]["mb_per_cpu_s"].get<double>());
  }
  std::printf("upload over bare stream: %.2f (TLS %.2f); by processor time %.2f (TLS %.2f)\n",
              figures["ratio"].get<double>(), figures["ratio_tls"].get<double>(),
              figures["cpu_ratio"].get<double>(), figures["cpu_ratio_tls"].get<double>());
}

absl::StatusOr<Process> StartBareServer(const std::string& output, const std::string& keys,
                                        uint16_t* port) {
  MUTUAL_ASSIGN_OR_RETURN(
      Process process,
      Process::Start({ProgramFolder() + "/ingest_bench", "--bare-server", "--keys", keys}, output));
  MUTUAL_RETURN_IF_ERROR(process.WaitFor("\n"));
  int number = 0;
  std::ifstream(output) >> number;
  *port = static_cast<uint16_t>(number);
  return process;
}

absl::Status Run(const Options& options) {
  const auto nodes = static_cast<uint64_t>(options.nodes);
  const auto last = static_cast<uint64_t>(options.rounds) + 1;  // the first warms up
  MUTUAL_ASSIGN_OR_RETURN(
      const auto folder,
      RoomFor(options.values * 4 * (nodes * (last + 2) + 16) + (uint64_t{1} << 28),
              options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, StudyText({options.values, options.nodes,
                                                             static_cast<int>(last) + 1, "sgd"}));
  MUTUAL_ASSIGN_OR_RETURN(const auto federation, Federation::Begin(folder, options.nodes));
  uint16_t plain_port = 0, tls_port = 0;
  MUTUAL_ASSIGN_OR_RETURN(const Process plain_server,
                          StartBareServer((folder / "plain.txt").string(), "", &plain_port));
  MUTUAL_ASSIGN_OR_RETURN(const Process tls_server,
                          StartBareServer((folder / "tls.txt").string(),
                                          (folder / "coordinator" / "keys").string(), &tls_port));
  Streams bare{{&plain_server, {}}, {&tls_server, {}}};
  for (const Member& member : federation->members()) {
    const std::string ca = (member.home->folder() / "keys" / "ca.crt").string();
    bare.plain.channels.push_back(std::make_unique<BareChannel>(plain_port, ""));
    bare.tls.channels.push_back(std::make_unique<BareChannel>(tls_port, ca));
  }
  MUTUAL_ASSIGN_OR_RETURN(const study::Study study, federation->Propose(text));
  MUTUAL_ASSIGN_OR_RETURN(const auto recipe, study::MakeRecipe(study));
  std::vector<Round> rounds;
  for (uint64_t number = 1; number <= last; ++number) {
    MUTUAL_ASSIGN_OR_RETURN(const Round round, Play(*federation, bare, number));
    if (number > 1) rounds.push_back(round);
  }
  Print(options, rounds, recipe->dimension() * 4 * nodes);
  return absl::OkStatus();
}

absl::Status ServeBare(const std::string& keys) {
  MUTUAL_ASSIGN_OR_RETURN(const auto server, BareServer::Start(keys));
  std::printf("%d\n", server->port());
  std::fflush(stdout);
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

int Main(int argc, char** argv) {
  CLI::App app("bench/ingest: the coordinator's intake next to a bare gRPC byte stream.");
  app.footer(
      "\nExample:\n  bench/ingest --nodes 16 --values 1000000 --json\n"
      "\nExit codes: 0 done, 1 failed, 2 wrong usage.\n");
  Options options;
  app.add_option("--nodes", options.nodes, "nodes, 2 to 256")
      ->check(CLI::Range(2, 256))
      ->capture_default_str();
  app.add_option("--values", options.values, "numbers in a contribution")->capture_default_str();
  app.add_option("--rounds", options.rounds, "rounds that count")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--dir", options.folder, "where to make a folder, removed at the end");
  app.add_flag("--json", options.json, "print JSON");
  app.add_flag("--bare-server", options.bare, "be the bare server")->group("");
  app.add_option("--keys", options.keys)->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::Status status = options.bare ? ServeBare(options.keys) : Run(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "bench/ingest: %s\n", Describe(status).c_str());
  return 1;
}

}  // namespace
}  // namespace mutual::bench

int main(int argc, char** argv) { return mutual::bench::Main(argc, argv); }
