// `mutual-node serve` and `mutual-node scrutineer`: everything that runs until stopped.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/status.h"
#include "client/data/node_config.h"
#include "client/ledger/ledger.h"
#include "client/node/commands.h"
#include "client/node/home.h"
#include "client/node/node.h"
#include "client/node/trust.h"
#include "client/scrutineer/mask_desk.h"
#include "privacy/discrete_gaussian.h"
#include "transparency/witness.h"
#include "transparency/witness_store.h"

namespace mutual::client {
namespace {

std::atomic<bool> interrupted = false;
void OnSignal(int) { interrupted = true; }

std::string LedgerPath(const CommandOptions& options) {
  return (options.folder / "ledger.sqlite").string();
}

}  // namespace

absl::Status ServeNode(const CommandOptions& options, const NoiseFactory& make_noise,
                       ServeRole role) {
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Home> home, Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const NodeConfig config, LoadNodeConfig(options.folder / "node.toml"));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, Ledger::Open(LedgerPath(options)));
  MUTUAL_RETURN_IF_ERROR(ledger->SetSlotCount(config.slots));
  crypto::SystemRandom random;
  // The generator itself is tested at every start, whatever noise this build uses.
  privacy::DiscreteGaussian tested(random, 1);
  MUTUAL_RETURN_IF_ERROR(tested.SelfTest());
  const std::unique_ptr<privacy::NoiseSource> noise = make_noise(random);
  const SystemClock clock;
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Trust> trust,
                          Trust::Open(options.folder, home->origin(), home->log_key()));
  MUTUAL_ASSIGN_OR_RETURN(const auto witness_store,
                          transparency::FileWitnessStore::Open(options.folder / "witness"));
  MUTUAL_ASSIGN_OR_RETURN(transparency::CosignatureSigner cosigner, home->WitnessSigner());
  MUTUAL_ASSIGN_OR_RETURN(const transparency::NoteVerifier log,
                          transparency::NoteVerifier::Create(
                              home->origin(), transparency::KeyType::kNote, home->log_key()));
  MUTUAL_ASSIGN_OR_RETURN(
      const auto witness,
      transparency::Witness::Create({std::move(cosigner), {log}, witness_store.get(), &clock}));
  const auto say = [&options](const std::string& line) {
    const std::string now = FormatUtc(absl::Now());
    const nlohmann::ordered_json json = {{"time", now}, {"message", line}};
    std::printf("%s\n", options.json ? json.dump().c_str() : (now + "  " + line).c_str());
    std::fflush(stdout);
  };
  const bool takes_part = role == ServeRole::kNode;
  MaskKeys masks(options.folder);
  Node node({home.get(), &config, ledger.get(), trust.get(), &masks, witness.get(), &clock, &random,
             noise.get(), say, takes_part,
             {options.device, (options.folder / "scripts").string()}});
  // The masks' desk reads and writes through objects of its own: it runs beside the rounds.
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> desk_ledger,
                          Ledger::Open(LedgerPath(options)));
  ReadingRoom room(home->origin(), trust.get());
  MaskDesk desk({home.get(), desk_ledger.get(), &masks, &room, &clock, &random, say});
  ::signal(SIGINT, OnSignal);
  ::signal(SIGTERM, OnSignal);
  std::atomic<bool> done = false;
  std::thread watcher([&] {
    while (!done && !interrupted) ::usleep(50000);
    desk.Stop();
    if (interrupted) node.Stop();
  });
  std::thread masking([&] { desk.Serve(); });
  std::printf("%s is serving %s%s; stop with Ctrl-C.\n", home->organisation().c_str(),
              home->federation().c_str(), takes_part ? "" : " as a scrutineer only");
  std::fflush(stdout);
  const absl::Status status = node.Serve();
  done = true;
  watcher.join();
  masking.join();
  return status;
}

}  // namespace mutual::client
