// `mutual-node witness`: the node's witness over HTTP, for its own federation's log and for
// others'.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/status.h"
#include "client/data/node_config.h"
#include "client/node/commands.h"
#include "client/node/evidence.h"
#include "client/node/home.h"
#include "crypto/digest.h"
#include "transparency/checkpoint.h"
#include "transparency/http/witness_server.h"
#include "transparency/witness.h"
#include "transparency/witness_store.h"

namespace mutual::client {
namespace {

using transparency::NoteVerifier;

std::atomic<bool> interrupted = false;
void OnSignal(int) { interrupted = true; }

// The federation's log, and those that node.toml trusts besides it.
absl::StatusOr<std::vector<NoteVerifier>> LogsOf(const Home& home, const NodeConfig& config) {
  std::vector<NoteVerifier> logs;
  MUTUAL_ASSIGN_OR_RETURN(
      logs.emplace_back(),
      NoteVerifier::Create(home.origin(), transparency::KeyType::kNote, home.log_key()));
  for (const std::string& vkey : config.witness_logs) {
    MUTUAL_ASSIGN_OR_RETURN(NoteVerifier log, NoteVerifier::FromVkey(vkey));
    if (log != logs.front()) logs.push_back(std::move(log));
  }
  return logs;
}

struct Fork {
  std::string origin, first, second;
};

// What a refused request proves: two trees of one size, both signed by the log. A wrong proof alone
// proves nothing, because anybody can send one with a log's true checkpoint.
std::optional<Fork> ForkIn(transparency::Witness& witness, const std::string& body, int code) {
  if (code != 422) return std::nullopt;
  const auto request = transparency::ParseAddCheckpoint(body);
  if (!request.ok()) return std::nullopt;
  const auto read = [](const std::string& note) -> absl::StatusOr<transparency::Checkpoint> {
    MUTUAL_ASSIGN_OR_RETURN(const transparency::Note parsed, transparency::ParseNote(note));
    return transparency::ParseCheckpoint(parsed.text);
  };
  const auto shown = read(request->checkpoint);
  if (!shown.ok()) return std::nullopt;
  const auto kept = witness.GetCheckpoint(crypto::Sha256(shown->origin).ToHex());
  const auto last = read(kept.body);
  if (kept.code != 200 || !last.ok() || last->size != shown->size || last->root == shown->root) {
    return std::nullopt;
  }
  return Fork{shown->origin, kept.body, request->checkpoint};
}

// The federation's own fork stops the node; another log's is kept apart.
void KeepFork(const Home& home, const Fork& fork) {
  const bool is_own = fork.origin == home.origin();
  const std::filesystem::path folder = home.folder() / (is_own ? "evidence" : "outside-evidence");
  const absl::Status kept = KeepEvidence(folder, fork.first, fork.second);
  std::printf("The log %s has told two stories; the evidence %s %s\n", fork.origin.c_str(),
              kept.ok() ? "is in" : "could not be kept:",
              kept.ok() ? folder.c_str() : Describe(kept).c_str());
  std::fflush(stdout);
}

}  // namespace

absl::Status ServeWitnessOverHttp(const CommandOptions& options, const std::string& address) {
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Home> home, Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const NodeConfig config, LoadNodeConfig(options.folder / "node.toml"));
  MUTUAL_ASSIGN_OR_RETURN(const auto store,
                          transparency::FileWitnessStore::Open(options.folder / "witness"));
  MUTUAL_ASSIGN_OR_RETURN(transparency::CosignatureSigner cosigner, home->WitnessSigner());
  MUTUAL_ASSIGN_OR_RETURN(std::vector<NoteVerifier> logs, LogsOf(*home, config));
  const SystemClock clock;
  const size_t count = logs.size();
  const std::string vkey = cosigner.verifier().ToVkey();
  MUTUAL_ASSIGN_OR_RETURN(
      const auto witness,
      transparency::Witness::Create({std::move(cosigner), std::move(logs), store.get(), &clock}));
  std::mutex printing;
  const auto answered = [&](const std::string& body, const transparency::WitnessAnswer& answer) {
    const std::optional<Fork> fork = ForkIn(*witness, body, answer.code);
    const std::lock_guard<std::mutex> lock(printing);
    if (fork) KeepFork(*home, *fork);
  };
  MUTUAL_ASSIGN_OR_RETURN(const auto listener,
                          transparency::ServeWitness(address, *witness, answered));
  ::signal(SIGINT, OnSignal);
  ::signal(SIGTERM, OnSignal);
  std::printf("%s\nlistens at port %d for %zu logs; stop with Ctrl-C.\n", vkey.c_str(),
              listener->port(), count);
  std::fflush(stdout);
  while (!interrupted) ::usleep(50000);
  return absl::OkStatus();
}

}  // namespace mutual::client
