#include "tools/audit/readership.h"

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tools/audit/finding.h"

namespace mutual::audit {
namespace {

using aggregation::masking::Verdict;
using Json = nlohmann::ordered_json;

const char* OutcomeOf(const LoggedDispute& dispute) {
  if (!dispute.verdict) return dispute.answer ? "not judged" : "not answered";
  return *dispute.verdict == Verdict::kNodeLied ? "the node lied" : "the scrutineer lied";
}

std::string WhoReads(const MaskHistory& masks) {
  const uint32_t threshold = masks.classes->threshold().threshold;
  const std::string fewer =
      threshold == 2 ? "One of them" : absl::StrFormat("%d of them", threshold - 1);
  return absl::StrFormat(
      "%s hold the masks. %s and the coordinator together read only sums; any %d of them and the "
      "coordinator could read each organisation's answer, with its own noise.",
      absl::StrJoin(masks.scrutineers, ", "), fewer, threshold);
}

std::string WhoTallied(const MaskHistory& masks) {
  std::vector<std::string> parts;
  for (const std::string& name : masks.scrutineers) {
    const auto found = masks.tallied.find(name);
    parts.push_back(
        absl::StrFormat("%s %d", name, found == masks.tallied.end() ? 0 : found->second));
  }
  return "Rounds tallied: " + absl::StrJoin(parts, ", ") + ".";
}

}  // namespace

std::vector<std::string> ReadershipOf(const StudyHistory& study) {
  const MaskHistory& masks = study.masks;
  if (!masks.is_masked()) {
    return {"No masks: the coordinator could read each organisation's answer, with its own noise."};
  }
  std::vector<std::string> lines = {WhoReads(masks), WhoTallied(masks)};
  for (const auto& [window, keys] : masks.windows) {
    for (const std::string& name : masks.scrutineers) {
      if (!masks.keys_closed || keys.count(name) > 0) continue;
      lines.push_back(name + " published no key in time and holds no masks.");
    }
  }
  for (const auto& [index, dispute] : masks.disputes) {
    lines.push_back(absl::StrFormat("Entry %s: %s disputed the key of %s for mask class %d: %s.",
                                    Grouped(index), dispute.scrutineer, dispute.node,
                                    dispute.mask_class, OutcomeOf(dispute)));
  }
  if (!masks.outvoted.empty()) {
    lines.push_back("Published another sum than most: " + absl::StrJoin(masks.outvoted, "; ") +
                    ".");
  }
  return lines;
}

Json ReadershipJson(const StudyHistory& study) {
  const MaskHistory& masks = study.masks;
  Json disputes = Json::array();
  for (const auto& [index, dispute] : masks.disputes) {
    disputes.push_back({{"entry", index},
                        {"scrutineer", dispute.scrutineer},
                        {"node", dispute.node},
                        {"class", dispute.mask_class},
                        {"outcome", OutcomeOf(dispute)}});
  }
  Json tallied = Json::object();
  for (const auto& [name, rounds] : masks.tallied) tallied[name] = rounds;
  return {{"masked", masks.is_masked()},  {"scrutineers", masks.scrutineers},
          {"threshold", masks.threshold}, {"rounds_tallied", std::move(tallied)},
          {"outvoted", masks.outvoted},   {"disputes", std::move(disputes)}};
}

}  // namespace mutual::audit
