#include "tools/research/federation_check.h"

#include <algorithm>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace mutual::research {
namespace {

// The line of `key` in [scrutineers], or of that head.
int LineOf(const study::Study& study, const std::string& key) {
  std::istringstream text(study.text);
  std::string line;
  int head = 0;
  for (int number = 1; std::getline(text, line); ++number) {
    const std::string bare(absl::StripAsciiWhitespace(line));
    if (absl::StartsWith(bare, "[")) head = bare == "[scrutineers]" ? number : 0;
    if (head > 0 && absl::StartsWith(bare, key)) return number;
  }
  return 1;
}

bool IsWitness(const transparency::Policy& policy, const std::string& name) {
  return std::any_of(policy.witnesses().begin(), policy.witnesses().end(),
                     [&](const auto& one) { return one.name == name; });
}

}  // namespace

std::vector<study::Problem> CheckAgainst(const study::Study& study,
                                         const KnownFederation& federation) {
  std::vector<study::Problem> problems;
  const study::ScrutineerSpec& spec = study.scrutineers;
  for (const std::string& name : federation.operator_nodes) {
    const auto& declared = spec.operator_nodes;
    if (std::find(declared.begin(), declared.end(), name) != declared.end()) continue;
    problems.push_back({LineOf(study, "operator_nodes"), "OPERATOR_UNDECLARED",
                        absl::StrFormat("%s is run by the coordinator's operator, and "
                                        "operator_nodes does not say so; add it",
                                        name)});
  }
  const auto& witnesses = federation.policy.witnesses();
  for (const std::string& name : spec.organisations) {
    if (IsWitness(federation.policy, name)) continue;
    problems.push_back(
        {LineOf(study, "organisations"), "SCRUTINEER_UNKNOWN",
         absl::StrFormat("scrutineer %s is not one of the log's witnesses; want some of %s", name,
                         absl::StrJoin(witnesses, ", ", [](std::string* out, const auto& one) {
                           *out += one.name;
                         }))});
  }
  const size_t liars =
      std::max<size_t>(1, static_cast<size_t>(spec.threshold) - 1 + spec.operator_nodes.size());
  if (federation.policy.LeastOverlap() <= liars) {
    problems.push_back(
        {LineOf(study, "threshold"), "WITNESS_QUORUM",
         absl::StrFormat("two quorums of the log's witnesses share %d of them at least, want more "
                         "than the %d scrutineers and operator's nodes that may lie; lower the "
                         "threshold or begin with more organisations",
                         federation.policy.LeastOverlap(), liars)});
  }
  return problems;
}

}  // namespace mutual::research
