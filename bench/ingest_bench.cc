// How fast the coordinator takes contributions, next to a bare gRPC byte stream of the same bytes
// in the same run.
//
// Ingest is everything from the first byte of ready contributions to the release of their sum:
// mutual TLS, digest, durable file, journal, addition, optimizer step, next model. The bare stream
// is plain TCP into a server that drops the messages. Both have one connection a node, all sending
// at once; the bare server is a process of its own, as the coordinator is.
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
#include "crypto/digest.h"
#include "crypto/random.h"
#include "study/recipe.h"
#include "study/statement.h"

namespace mutual::bench {
namespace {

struct Options {
  int nodes = 16, rounds = 5;
  uint64_t values = 1000000;
  std::string folder;
  bool json = false, bare = false;
};

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

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
absl::StatusOr<study::RoundStart> Await(Member& member, uint64_t round) {
  absl::StatusOr<study::RoundStart> start = Unavailable("round %d did not open", round);
  MUTUAL_RETURN_IF_ERROR(member.channel->WatchRounds([&](const client::RoundNotice& notice) {
    if (notice.start.empty()) return true;
    start = study::RoundStart::Parse(notice.start);
    return start.ok() && start->round < round;
  }));
  return start;
}

// One contribution of random words, ready to be sent.
absl::StatusOr<client::UploadCall> Prepare(const Member& member, const study::RoundStart& start) {
  std::string bytes(start.vector_length * 4, '\0');
  crypto::SystemRandom seed;
  crypto::FastRandom(seed).Fill(std::span(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()));
  const study::ContributionStatement statement{
      start.origin,        start.study,           start.round,        member.home->organisation(),
      start.vector_length, crypto::Sha256(bytes), SystemClock().Now()};
  client::UploadCall call{start.study,
                          start.round,
                          statement.ToText(),
                          "",
                          (member.home->folder() / "contribution").string(),
                          bytes.size()};
  call.signature = member.home->identity().Sign(call.statement);
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(call.file, bytes, FileMode::kPublic));
  return call;
}

struct Round {
  double ingest = 0, upload = 0, bare = 0;  // seconds
};

absl::StatusOr<Round> Play(Federation& federation, const std::vector<BareChannel*>& bare,
                           uint64_t number) {
  std::vector<Member>& members = federation.members();
  MUTUAL_ASSIGN_OR_RETURN(const study::RoundStart start, Await(members[0], number));
  std::vector<client::UploadCall> calls(members.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    MUTUAL_ASSIGN_OR_RETURN(calls[i], Prepare(members[i], start));
  }
  Round round;
  auto began = std::chrono::steady_clock::now();
  MUTUAL_RETURN_IF_ERROR(
      InParallel(calls.size(), [&](size_t i) { return bare[i]->Send(calls[i].file); }));
  round.bare = SecondsSince(began);
  began = std::chrono::steady_clock::now();
  MUTUAL_RETURN_IF_ERROR(
      InParallel(calls.size(), [&](size_t i) { return members[i].channel->Upload(calls[i]); }));
  round.upload = SecondsSince(began);
  MUTUAL_RETURN_IF_ERROR(Await(members[0], number + 1).status());
  round.ingest = SecondsSince(began);
  return round;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

void Print(const Options& options, const std::vector<Round>& rounds, uint64_t bytes) {
  std::vector<double> ingest, upload, bare, ratio;
  for (const Round& round : rounds) {
    ingest.push_back(static_cast<double>(bytes) / 1e6 / round.ingest);
    upload.push_back(static_cast<double>(bytes) / 1e6 / round.upload);
    bare.push_back(static_cast<double>(bytes) / 1e6 / round.bare);
    ratio.push_back(round.bare / round.ingest);
  }
  const nlohmann::ordered_json figures = {{"nodes", options.nodes},
                                          {"bytes", bytes},
                                          {"rounds", rounds.size()},
                                          {"ingest_mb_per_s", Median(ingest)},
                                          {"upload_mb_per_s", Median(upload)},
                                          {"bare_mb_per_s", Median(bare)},
                                          {"ratio", Median(ratio)}};
  if (options.json) {
    std::printf("%s\n", figures.dump().c_str());
    return;
  }
  std::printf("ingest %.0f MB/s (uploads alone %.0f), bare gRPC stream %.0f MB/s: ratio %.2f\n",
              Median(ingest), Median(upload), Median(bare), Median(ratio));
}

absl::StatusOr<Process> StartBareServer(const std::string& output, uint16_t* port) {
  MUTUAL_ASSIGN_OR_RETURN(
      Process process,
      Process::Start({ProgramFolder() + "/ingest_bench", "--bare-server"}, output));
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
  uint16_t port = 0;
  MUTUAL_ASSIGN_OR_RETURN(const Process server,
                          StartBareServer((folder / "bare.txt").string(), &port));
  std::vector<std::unique_ptr<BareChannel>> channels;
  std::vector<BareChannel*> bare;
  for (int i = 0; i < options.nodes; ++i) {
    channels.push_back(std::make_unique<BareChannel>(port));
    bare.push_back(channels.back().get());
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

absl::Status ServeBare() {
  MUTUAL_ASSIGN_OR_RETURN(const auto server, BareServer::Start());
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
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::Status status = options.bare ? ServeBare() : Run(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "bench/ingest: %s\n", Describe(status).c_str());
  return 1;
}

}  // namespace
}  // namespace mutual::bench

int main(int argc, char** argv) { return mutual::bench::Main(argc, argv); }
