// Newcomers and their endorsement by existing organisations; the log against a restored ledger.
#include <cstdio>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/status.h"
#include "client/ledger/ledger.h"
#include "client/node/channel_log.h"
#include "client/node/commands.h"
#include "client/node/home.h"
#include "client/node/ledger_check.h"
#include "client/node/print.h"
#include "crypto/passphrase.h"

namespace mutual::client {
namespace {

// What people compare: the newcomer's identity key, in groups of four digits.
absl::StatusOr<std::string> KeyDigits(const transparency::SignedEntry& entry) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::NoteVerifier key, entry.entry.Key("identity-key"));
  const std::string hex = HexEncode(key.key().bytes());
  return hex.substr(0, 4) + " " + hex.substr(4, 4) + " " + hex.substr(8, 4) + " " + hex.substr(12, 4);
}

}  // namespace

absl::Status EndorseNewcomer(const CommandOptions& options, const std::string& name) {
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Home> home, Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Channel> channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<std::string> waiting, channel->ListNewcomers());
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const std::string& bytes : waiting) {
    MUTUAL_ASSIGN_OR_RETURN(transparency::SignedEntry entry, transparency::ParseSignedEntry(bytes));
    MUTUAL_ASSIGN_OR_RETURN(const std::string newcomer, entry.entry.Text("node"));
    MUTUAL_ASSIGN_OR_RETURN(const std::string digits, KeyDigits(entry));
    const size_t endorsed = entry.note.signatures.size() - 1;
    json.push_back({{"organisation", newcomer}, {"key", digits}, {"endorsements", endorsed}});
    if (name.empty() && !options.json) {
      std::printf("%-20s key %s   endorsed by %zu\n", newcomer.c_str(), digits.c_str(), endorsed);
    }
    if (newcomer != name) continue;
    entry.note.signatures.push_back(home->signer().Sign(entry.entry.text()));
    MUTUAL_RETURN_IF_ERROR(channel->Endorse(entry.ToBytes()));
    Print(options.json, {{"endorsed", newcomer}, {"key", digits}},
          "Endorsed " + newcomer + ", whose key begins " + digits + ".");
    return absl::OkStatus();
  }
  if (!name.empty()) return NotFound("nobody called %s waits to be endorsed", name);
  if (options.json) std::printf("%s\n", json.dump(2).c_str());
  if (waiting.empty() && !options.json) std::printf("Nobody waits to be endorsed.\n");
  return absl::OkStatus();
}

absl::Status CatchUpLedger(const CommandOptions& options) {
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Home> home, Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Channel> channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger,
                          Ledger::Open((options.folder / "ledger.sqlite").string()));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Trust> trust,
                          Trust::Open(options.folder, home->origin(), home->log_key()));
  MUTUAL_ASSIGN_OR_RETURN(const auto log, OpenLog(*channel, *trust));
  const SystemClock clock;
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<LostRound> lost,
                          FindLostRounds(*log, home->organisation(), *ledger, clock.Now()));
  std::vector<RoundCharge> charges;
  int contributed = 0;
  for (const LostRound& round : lost) {
    charges.push_back(round.charge);
    contributed += round.contributed ? 1 : 0;
  }
  MUTUAL_RETURN_IF_ERROR(ledger->CatchUp(charges, log->tree().size));
  const int opened = static_cast<int>(lost.size()) - contributed;
  Print(options.json,
        {{"entries_read", log->tree().size},
         {"charged_contributions", contributed},
         {"charged_open_rounds", opened}},
        absl::StrFormat("Compared with %d entries of the log. Charged %d contributions that the ledger had "
                        "forgotten, and %d rounds in which something may have been sent.",
                        log->tree().size, contributed, opened));
  return absl::OkStatus();
}

absl::Status ChangePassphrase(const CommandOptions& options, bool remove) {
  MUTUAL_RETURN_IF_ERROR(crypto::ChangePassphrase(
      options.folder / "keys",
      remove ? crypto::PassphraseChange::kRemove : crypto::PassphraseChange::kSet));
  Print(options.json, {{"passphrase", !remove}},
        remove ? "The keys are kept without a passphrase." : "The keys are sealed under the passphrase.");
  return absl::OkStatus();
}

absl::Status ShowKey(const CommandOptions& options) {
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Home> home, Home::Load(options.folder));
  const std::string hex = HexEncode(home->identity().verify_key().bytes());
  Print(options.json, {{"organisation", home->organisation()}, {"key", hex}}, hex);
  return absl::OkStatus();
}

}  // namespace mutual::client
