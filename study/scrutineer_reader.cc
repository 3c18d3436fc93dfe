#include "study/scrutineer_reader.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"

namespace mutual::study {
namespace {

constexpr char kCode[] = "SCRUTINEERS";
constexpr size_t kFewest = 2, kMost = 7;

void CheckNames(TableReader& reader, const std::string& key,
                const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!NodeId::Parse(names[i]).ok()) {
      reader.Report(reader.LineOf(key, i), kCode,
                    absl::StrFormat("\"%s\" is no organisation's name; write it as it is enrolled, "
                                    "e.g. north-07",
                                    names[i]));
    } else if (!seen.insert(names[i]).second) {
      reader.Report(reader.LineOf(key, i), kCode,
                    absl::StrFormat("\"%s\" stands twice in %s", names[i], key));
    }
  }
}

// The coordinator's operator would hold masks beside the masked answers.
void CheckOperator(TableReader& reader, const ScrutineerSpec& spec) {
  for (size_t i = 0; i < spec.organisations.size(); ++i) {
    const auto& nodes = spec.operator_nodes;
    if (std::find(nodes.begin(), nodes.end(), spec.organisations[i]) == nodes.end()) continue;
    reader.Report(reader.LineOf("organisations", i), kCode,
                  absl::StrFormat("\"%s\" is run by the coordinator's operator, who must hold no "
                                  "masks; name another organisation",
                                  spec.organisations[i]));
  }
}

}  // namespace

ScrutineerSpec ReadScrutineers(TableReader& reader, const CohortSpec& cohort) {
  ScrutineerSpec spec;
  spec.organisations = reader.Texts("organisations");
  spec.threshold = reader.Integer("threshold", {2, static_cast<double>(kMost)});
  spec.operator_nodes = reader.Texts("operator_nodes");
  const size_t count = spec.organisations.size();
  CheckNames(reader, "organisations", spec.organisations);
  CheckNames(reader, "operator_nodes", spec.operator_nodes);
  CheckOperator(reader, spec);
  if (reader.Has("organisations") && (count < kFewest || count > kMost)) {
    reader.Report(reader.LineOf("organisations"), kCode,
                  absl::StrFormat("%d organisations are scrutineers, want 2 to 7: with one, its word "
                                  "alone would open every answer",
                                  count));
  } else if (spec.threshold > 0 && static_cast<size_t>(spec.threshold) > count) {
    reader.Report(reader.LineOf("threshold"), kCode,
                  absl::StrFormat("threshold is %d, want 2 to %d, the number of scrutineers",
                                  spec.threshold, count));
  }
  const int colluders =
      std::max(1, spec.threshold - 1 + static_cast<int>(spec.operator_nodes.size()));
  if (spec.threshold > 0 && cohort.assumed_colluders > 0 && cohort.assumed_colluders < colluders) {
    reader.Report(reader.LineOf("threshold"), kCode,
                  absl::StrFormat("assumed_colluders is %d, want at least %d: threshold - 1 "
                                  "scrutineers and the operator's nodes may collude",
                                  cohort.assumed_colluders, colluders));
  }
  return spec;
}

}  // namespace mutual::study
