// trust init: whom the auditor trusts, written to a policy file of their own.
#include <cstdio>
#include <filesystem>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "crypto/invitation.h"
#include "tools/audit/commands.h"

namespace mutual::audit {
namespace {

using transparency::NoteVerifier;
using transparency::Policy;

absl::StatusOr<std::string> LogKeyOf(const TrustOptions& trust) {
  if (trust.invitation.empty()) return trust.log_key;
  if (trust.origin.empty()) {
    return InvalidArgument("an invitation holds the log's key, not its name; add --origin");
  }
  MUTUAL_ASSIGN_OR_RETURN(const auto invitation, crypto::Invitation::Parse(trust.invitation));
  MUTUAL_ASSIGN_OR_RETURN(const auto key, crypto::VerifyKey::FromBytes(invitation.log_key));
  MUTUAL_ASSIGN_OR_RETURN(const NoteVerifier verifier,
                          NoteVerifier::Create(trust.origin, transparency::KeyType::kNote, key));
  return verifier.ToVkey();
}

// The text of a policy from keys given by hand.
absl::StatusOr<std::string> TextByHand(const TrustOptions& trust) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string log_key, LogKeyOf(trust));
  std::string text = "log " + log_key + (trust.url.empty() ? "" : " " + trust.url) + "\n";
  std::string names;
  for (const std::string& witness : trust.witnesses) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(witness, absl::MaxSplits('=', 1));
    text += "witness " + parts.first + " " + parts.second + "\n";
    names += " " + parts.first;
  }
  if (trust.witnesses.empty()) return text + "quorum none\n";
  const uint64_t quorum = trust.quorum == 0 ? trust.witnesses.size() / 2 + 1 : trust.quorum;
  return text + absl::StrFormat("group witnesses %d%s\nquorum witnesses\n", quorum, names);
}

// The policy that the log itself names now, if everything in it verifies by itself.
absl::StatusOr<std::string> TextFromLog(const TrustOptions& trust) {
  MUTUAL_ASSIGN_OR_RETURN(const auto done, Verify({trust.from_log, nullptr, "", {}}));
  const ExitCode code = done->findings.exit_code();
  if (code == kWrong || code == kRuleBroken || !done->replayer ||
      !done->replayer->history().policy) {
    return DataLoss("%s does not verify by itself; see mutual-audit verify", trust.from_log);
  }
  return done->replayer->history().policy->ToText();
}

std::string Fingerprint(const NoteVerifier& key) {
  const std::string hex = crypto::Sha256(key.key().bytes()).ToHex();
  std::string text;
  for (size_t i = 0; i < 32; i += 4) text += (i == 0 ? "" : " ") + hex.substr(i, 4);
  return text;
}

}  // namespace

int RunTrustInit(const CommandOptions& options, const TrustOptions& trust) {
  std::error_code error;
  if (std::filesystem::exists(trust.file, error)) {
    return Refuse(
        InvalidArgument("%s exists; move it away first, it says whom you trusted", trust.file));
  }
  const auto text = trust.from_log.empty() ? TextByHand(trust) : TextFromLog(trust);
  if (!text.ok()) return Refuse(text.status());
  const auto policy = Policy::Parse(*text);
  if (!policy.ok()) return Refuse(policy.status());
  const absl::Status written = WriteFileDurably(trust.file, policy->ToText(), FileMode::kPublic);
  if (!written.ok()) return Refuse(written);
  if (!options.json) {
    std::printf(
        "%s says whom you trust. Compare these fingerprints by voice or on paper with the\n"
        "people who hold the keys:\n\n",
        trust.file.c_str());
  }
  for (const auto& log : policy->logs()) {
    std::printf("  log      %-20s %s\n", log.key.name().c_str(), Fingerprint(log.key).c_str());
  }
  for (const auto& witness : policy->witnesses()) {
    std::printf("  witness  %-20s %s\n", witness.name.c_str(), Fingerprint(witness.key).c_str());
  }
  if (policy->quorum() == "none") {
    std::puts(
        "\nNo witness is trusted yet: a log that shows you another story would not be noticed.");
  } else {
    std::printf("\nA fork that satisfies this policy twice needs %zu dishonest witnesses.\n",
                policy->LeastOverlap());
  }
  return kVerified;
}

}  // namespace mutual::audit
