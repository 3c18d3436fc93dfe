// Plants one wrong-doing in a copy of a finished demo's log, for `mutual-audit` to find.
//
// The cheat is whoever runs the coordinator: it writes the log as it likes and signs it with its
// own keys. Witnesses vouch that there is one log, not that what it says is right, so they cosign
// here as they would have done; but never a second log beside the one that they know.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "crypto/key_folder.h"
#include "transparency/cosignature.h"
#include "transparency/log.h"
#include "transparency/log_reader.h"
#include "transparency/policy.h"
#include "transparency/signed_entry.h"

namespace {

namespace fs = std::filesystem;
using namespace mutual;
using transparency::Entry;
using transparency::EntryField;
using transparency::NoteSigner;
using Entries = std::vector<std::string>;

constexpr char kUsage[] =
    "Usage: mutual-demo-cheat WRONG HOME COPY\n"
    "  WRONG  count-twice  a close names one contribution twice\n"
    "         understate   a release claims a tenth of its true epsilon\n"
    "         fork         a second log, whose last release has another result\n"
    "  HOME   a finished demo's folder (examples/demo --dir HOME)\n"
    "  COPY   where the changed log is written; HOME stays as it is\n"
    "Example: mutual-demo-cheat count-twice /tmp/demo /tmp/demo/cheated\n"
    "Exit codes: 0 written, 1 failed, 2 used wrongly\n";

absl::StatusOr<crypto::SigningKey> ReadKey(const fs::path& folder, const std::string& name) {
  const auto no_passphrase = [] {
    return absl::StatusOr<crypto::Secret>(InvalidArgument("a demo's keys have no passphrase"));
  };
  MUTUAL_ASSIGN_OR_RETURN(const auto keys, crypto::KeyFolder::Open(folder, no_passphrase));
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret seed, keys.Read(name));
  return crypto::SigningKey::FromSeed(seed.bytes());
}

// Everything that the demo's folder holds of the log.
struct Demo {
  Entries entries;
  std::string policy;
  NoteSigner log, coordinator;
  std::vector<transparency::CosignatureSigner> witnesses;
};

absl::StatusOr<std::vector<transparency::CosignatureSigner>> WitnessesOf(const fs::path& home) {
  std::vector<transparency::CosignatureSigner> witnesses;
  for (const auto& node : fs::directory_iterator(home)) {
    if (!fs::exists(node.path() / "keys" / "witness.key")) continue;
    MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey key, ReadKey(node.path() / "keys", "witness"));
    MUTUAL_ASSIGN_OR_RETURN(auto witness,
                            transparency::CosignatureSigner::Create(
                                "witness/" + node.path().filename().string(), std::move(key)));
    witnesses.push_back(std::move(witness));
  }
  return witnesses;
}

absl::StatusOr<Demo> ReadDemo(const fs::path& home) {
  MUTUAL_ASSIGN_OR_RETURN(auto witnesses, WitnessesOf(home));
  if (witnesses.empty()) return NotFound("%s holds no node's folder", home.string());
  const std::string node = witnesses[0].verifier().name().substr(8);  // behind "witness/"
  MUTUAL_ASSIGN_OR_RETURN(std::string policy_text, ReadFile(home / node / "trust" / "policy",
                                                            transparency::kMaxPolicyBytes));
  MUTUAL_ASSIGN_OR_RETURN(const auto policy, transparency::Policy::Parse(policy_text));
  const transparency::NoteVerifier& log = policy.logs().front().key;
  const fs::path served = home / "fed" / "log" / "public";
  MUTUAL_ASSIGN_OR_RETURN(const std::string checkpoint,
                          ReadFile(served / "checkpoint", transparency::kMaxNoteBytes));
  MUTUAL_ASSIGN_OR_RETURN(const auto head, transparency::OpenCheckpoint(checkpoint, log));
  const transparency::TreeHead tree{head.checkpoint.size, head.checkpoint.root};
  MUTUAL_ASSIGN_OR_RETURN(const auto reader, transparency::LogReader::Open(
                                                 transparency::FetchFromFolder(served), tree));
  Entries entries;
  MUTUAL_RETURN_IF_ERROR(reader->ForEach(0, tree.size, [&](uint64_t, std::string_view bytes) {
    entries.emplace_back(bytes);
    return absl::OkStatus();
  }));
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey log_key, ReadKey(home / "fed" / "keys", "log"));
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey entry_key,
                          ReadKey(home / "fed" / "keys", "coordinator"));
  MUTUAL_ASSIGN_OR_RETURN(NoteSigner log_signer,
                          NoteSigner::Create(log.name(), std::move(log_key)));
  MUTUAL_ASSIGN_OR_RETURN(
      NoteSigner coordinator,
      NoteSigner::Create(transparency::kCoordinatorKeyName, std::move(entry_key)));
  return Demo{std::move(entries), std::move(policy_text), std::move(log_signer),
              std::move(coordinator), std::move(witnesses)};
}

// What is done to the lines of an entry, and the sentence that tells it.
struct Wrong {
  const char* name;
  const char* type;  // of the entry
  void (*change)(std::vector<EntryField>& fields);
  bool is_fork;
  const char* sentence;
};

void RepeatContribution(std::vector<EntryField>& fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].key != "contribution") continue;
    const EntryField again = fields[i];
    fields.insert(fields.begin() + static_cast<long>(i), again);
    return;
  }
}

void ClaimTenth(std::vector<EntryField>& fields) {
  for (EntryField& field : fields) {
    const auto epsilon = ParseDouble(field.value);
    if (field.key == "epsilon-public" && epsilon.ok()) field.value = FormatDouble(*epsilon / 10);
  }
}

void NameAnotherResult(std::vector<EntryField>& fields) {
  for (EntryField& field : fields) {
    if (field.key == "result") field.value = crypto::Sha256("figures that please more").ToHex();
  }
}

constexpr Wrong kWrongs[] = {{"count-twice", "close", RepeatContribution, false,
                              "The coordinator closes the last study's round and counts one "
                              "organisation's contribution twice."},
                             {"understate", "release", ClaimTenth, false,
                              "The coordinator publishes the last study's result and claims a "
                              "tenth of the epsilon that it cost."},
                             {"fork", "release", NameAnotherResult, true,
                              "The coordinator shows some people a second log, in which the last "
                              "study has another result."}};

// The entry at the end of `entries` that `wrong` is about, changed and signed again; what follows
// it is dropped, as it was never written in that history.
absl::Status Plant(const Wrong& wrong, const NoteSigner& coordinator, Entries* entries) {
  for (; !entries->empty(); entries->pop_back()) {
    MUTUAL_ASSIGN_OR_RETURN(const auto found, transparency::ParseSignedEntry(entries->back()));
    if (found.entry.type() != wrong.type) continue;
    std::vector<EntryField> fields = found.entry.fields();
    wrong.change(fields);
    transparency::EntryWriter writer(found.entry.type(), found.entry.log());
    for (const EntryField& field : fields) writer.Text(field.key, field.value);
    MUTUAL_ASSIGN_OR_RETURN(const Entry entry, writer.Finish());
    if (entry.text() == found.entry.text()) break;
    const NoteSigner* const signers[] = {&coordinator};
    MUTUAL_ASSIGN_OR_RETURN(const auto signed_entry, transparency::SignEntry(entry, signers));
    entries->back() = signed_entry.ToBytes();
    return absl::OkStatus();
  }
  return NotFound("the log has no %s entry to change; run a demo to its end first", wrong.type);
}

absl::StatusOr<std::vector<std::string>> Cosign(const Demo& demo, const std::string& checkpoint) {
  MUTUAL_ASSIGN_OR_RETURN(const auto note, transparency::ParseNote(checkpoint));
  std::vector<std::string> lines;
  for (const transparency::CosignatureSigner& witness : demo.witnesses) {
    MUTUAL_ASSIGN_OR_RETURN(
        const auto signature,
        witness.Sign(note.text, static_cast<uint64_t>(absl::ToUnixSeconds(absl::Now()))));
    lines.push_back(transparency::PrintSignatureLine(signature));
  }
  return lines;
}

absl::Status WriteLog(Demo demo, const Wrong& wrong, const fs::path& copy) {
  std::string policy_text = demo.policy;
  if (wrong.is_fork) policy_text = "log " + demo.log.verifier().ToVkey() + "\nquorum none\n";
  MUTUAL_ASSIGN_OR_RETURN(const auto policy, transparency::Policy::Parse(policy_text));
  fs::create_directories(copy / "state");
  fs::create_directories(copy / "public");
  transparency::LogOptions options{
      copy / "public", copy / "state", policy,
      [&](const transparency::CosignRequest& request) -> absl::StatusOr<std::vector<std::string>> {
        if (wrong.is_fork) return std::vector<std::string>();
        return Cosign(demo, request.checkpoint);
      },
      [] { return absl::StatusOr<uint64_t>(0); }};
  MUTUAL_ASSIGN_OR_RETURN(const auto log,
                          transparency::Log::Open(std::move(options), std::move(demo.log)));
  const std::span<const std::string> entries = demo.entries;
  for (size_t at = 0; at < entries.size(); at += transparency::Log::kMaxBatch) {
    const size_t count = std::min(transparency::Log::kMaxBatch, entries.size() - at);
    MUTUAL_RETURN_IF_ERROR(log->Append(entries.subspan(at, count)).status());
  }
  return absl::OkStatus();
}

absl::Status Cheat(const Wrong& wrong, const fs::path& home, const fs::path& copy) {
  MUTUAL_ASSIGN_OR_RETURN(Demo demo, ReadDemo(home));
  MUTUAL_RETURN_IF_ERROR(Plant(wrong, demo.coordinator, &demo.entries));
  return WriteLog(std::move(demo), wrong, copy);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc == 4 ? argv[1] : "";
  for (const Wrong& wrong : kWrongs) {
    if (name != wrong.name) continue;
    const absl::Status status = Cheat(wrong, argv[2], argv[3]);
    if (!status.ok()) {
      std::fprintf(stderr, "mutual-demo-cheat: %s\n", std::string(status.message()).c_str());
      return 1;
    }
    std::printf("%s\n", wrong.sentence);
    return 0;
  }
  std::fputs(kUsage, argc == 2 && std::string(argv[1]) == "--help" ? stdout : stderr);
  return argc == 2 && std::string(argv[1]) == "--help" ? 0 : 2;
}
