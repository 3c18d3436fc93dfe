// receipt: an entry is in the log, unaltered, by one file alone.
#include <cstdio>

#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"
#include "tools/audit/commands.h"
#include "transparency/proof.h"

namespace mutual::audit {
namespace {

constexpr uint64_t kMaxProofBytes = uint64_t{1} << 21;

// What the entry says, in a few words: "contribution of north in round 2".
std::string WordsOf(const transparency::Entry& entry) {
  std::string words = entry.type();
  for (const auto& field : entry.fields()) {
    if (field.key == "node") words += " of " + field.value;
    if (field.key == "round") words += ", round " + field.value;
    if (field.key == "sha256") words += ", file " + field.value.substr(0, 12) + "…";
  }
  return words;
}

}  // namespace

void CheckReceipt(const std::string& bytes, const transparency::Policy* policy,
                  Findings* findings) {
  const auto proof = transparency::ParseProof(bytes);
  if (!proof.ok()) return findings->Fail("RECEIPT", std::string(proof.status().message()));
  const auto judged = JudgeCheckpoint(proof->checkpoint, policy, findings);
  if (!judged) return findings->Fail("RECEIPT", "it holds no checkpoint");
  if (!proof->entry) {
    return findings->Skip("RECEIPT", "it holds no entry; ask for one with its extra line");
  }
  const transparency::Checkpoint& checkpoint = judged->checkpoint;
  const absl::Status included =
      transparency::VerifyInclusion(transparency::LeafHash(*proof->entry), proof->index,
                                    {checkpoint.size, checkpoint.root}, proof->hashes);
  if (!included.ok()) return findings->Fail("RECEIPT", std::string(included.message()));
  const auto entry = transparency::ParseSignedEntry(*proof->entry);
  if (!entry.ok()) {
    return findings->Fail("ENTRY-FORM", std::string(entry.status().message()), proof->index);
  }
  findings->Pass("RECEIPT", absl::StrFormat("entry %s of %s is your %s", Grouped(proof->index),
                                            checkpoint.origin, WordsOf(entry->entry)));
  if (entry->entry.log() != checkpoint.origin) {
    findings->Fail("ENTRY-LOG", "the entry was written for the log " + entry->entry.log(),
                   proof->index);
  }
}

int RunReceipt(const CommandOptions& options, const std::vector<std::string>& files) {
  const auto policy = TrustOf(options);
  if (!policy.ok()) return Refuse(policy.status());
  int worst = kVerified;
  for (const std::string& file : files) {
    const auto bytes = ReadFile(file, kMaxProofBytes);
    if (!bytes.ok()) return Refuse(InvalidArgument("%s", Describe(bytes.status())));
    Findings findings;
    CheckReceipt(*bytes, *policy ? &**policy : nullptr, &findings);
    const int code = Show(options, {"receipt", file, NextStep(findings, "FOLDER"), &findings});
    // The gravest of all files: wrong, broken, unchecked, verified.
    const auto gravity = [](int value) {
      return value == kWrong ? 3 : value == kRuleBroken ? 2 : value == kUnchecked ? 1 : 0;
    };
    if (gravity(code) > gravity(worst)) worst = code;
  }
  return worst;
}

}  // namespace mutual::audit
