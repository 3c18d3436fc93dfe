// Mask keys, disputes and incidents: what they refer to exists.
#include "absl/strings/str_format.h"
#include "tools/audit/rules.h"

namespace mutual::audit {
namespace {

void Fail(const Located& at, const Rulebook& rules, const std::string& why) {
  rules.findings->Fail(
      "MASKS", absl::StrFormat("entry %s: a %s %s", Grouped(at.index), at.entry().type(), why),
      at.index);
}

}  // namespace

void ReplayMasks(const Located& at, const Rulebook& rules) {
  rules.findings->Count("MASKS");
  const StudyHistory* study = rules.history->FindStudy(at.Hash("study"));
  if (study == nullptr || !study->propose) {
    return Fail(at, rules, "about a study that was not proposed before");
  }
  const std::string& type = at.entry().type();
  const std::string node = at.Text("node");
  if ((type == "scrutineer" || type == "keys-ok") && study->scrutineers.count(node) == 0) {
    return Fail(at, rules, "by " + node + ", who is no scrutineer of the study");
  }
  for (const char* const line : {"masks", "entry"}) {
    for (const uint64_t index : at.Integers(line)) {
      if (index >= at.index) Fail(at, rules, "that refers to a later entry");
    }
  }
}

void ReplayIncident(const Located& at, const Rulebook& rules) {
  rules.findings->Count("MASKS");
  rules.history->incidents.push_back({at.index, at.Text("code"), at.Text("what"), at.Text("time")});
  for (const uint64_t index : at.Integers("entry")) {
    if (index >= at.index) Fail(at, rules, "that refers to a later entry");
  }
}

}  // namespace mutual::audit
