#include "tools/research/release_facts.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "client/node/round_guard.h"
#include "transparency/proof.h"
#include "transparency/signed_entry.h"

namespace mutual::research {
namespace {

void ReadReceipt(const std::string& bytes, ReleaseFacts* facts) {
  const auto proof = transparency::ParseProof(bytes);
  if (!proof.ok() || !proof->entry) return;
  const auto signed_entry = transparency::ParseSignedEntry(*proof->entry);
  if (!signed_entry.ok()) return;
  const transparency::Entry& entry = signed_entry->entry;
  facts->receipts.push_back(
      {absl::StrFormat("%06d-%s.tlog-proof", proof->index, entry.type()), bytes});
  facts->log_origin = entry.log();
  if (entry.type() == "release") {
    facts->release_index = proof->index;
    facts->epsilon_node = entry.Real("epsilon-node").value_or(facts->epsilon_node);
    facts->epsilon_public = entry.Real("epsilon-public").value_or(facts->epsilon_public);
  }
  const auto node = entry.Text("node");
  if (entry.type() == "contribution" && node.ok()) facts->organisations.push_back(*node);
}

}  // namespace

absl::StatusOr<ReleaseFacts> FactsOf(const client::Outcome& outcome) {
  ReleaseFacts facts;
  MUTUAL_ASSIGN_OR_RETURN(facts.study, study::ParseStudy(outcome.study.text, client::SolveNoise));
  MUTUAL_ASSIGN_OR_RETURN(facts.result, study::ResultFromJson(outcome.result_json));
  const auto privacy = nlohmann::json::parse(outcome.privacy_json, nullptr, false);
  if (privacy.is_object()) {
    facts.delta = privacy.value("delta", 0.0);
    facts.epsilon_node = privacy.value("epsilon_node", 0.0);
    facts.epsilon_public = privacy.value("epsilon_public", 0.0);
  }
  for (const std::string& receipt : outcome.receipts) ReadReceipt(receipt, &facts);
  std::sort(facts.organisations.begin(), facts.organisations.end());
  std::sort(facts.receipts.begin(), facts.receipts.end(),
            [](const NamedReceipt& a, const NamedReceipt& b) { return a.name < b.name; });
  return facts;
}

}  // namespace mutual::research
