#include "tools/audit/print.h"

#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_format.h"

namespace mutual::audit {

const char* NameOf(Verdict verdict) {
  if (verdict == Verdict::kPass) return "pass";
  return verdict == Verdict::kFail ? "FAIL" : "skip";
}

const char* NameOf(ExitCode code) {
  switch (code) {
    case kVerified:
      return "verified";
    case kWrong:
      return "wrong";
    case kRuleBroken:
      return "rule-broken";
    default:
      return "unchecked";
  }
}

std::string ToText(const Summary& summary) {
  std::string text = summary.headline + "\n";
  const Findings& findings = *summary.findings;
  std::set<const Check*> shortened;
  for (const Finding& finding : findings.Sorted()) {
    text += absl::StrFormat("  %s  %-13s %s\n", NameOf(finding.verdict), finding.check->id,
                            finding.sentence);
    const uint64_t unkept = findings.unkept(finding.check->id);
    if (finding.verdict == Verdict::kPass || unkept == 0) continue;
    shortened.insert(finding.check);
  }
  for (const Check* check : shortened) {
    text += absl::StrFormat("        %-13s and %s more like these\n", check->id,
                            Grouped(findings.unkept(check->id)));
  }
  text += findings.Conclusion();
  if (!summary.next.empty()) text += "  → " + summary.next;
  return text + absl::StrFormat("   exit %d\n", static_cast<int>(findings.exit_code()));
}

std::string ToJson(const Summary& summary) {
  using Json = nlohmann::ordered_json;
  const Findings& findings = *summary.findings;
  Json list = Json::array();
  for (const Finding& finding : findings.Sorted()) {
    Json item = {{"check", finding.check->id},
                 {"verdict", NameOf(finding.verdict)},
                 {"asked", finding.verdict != Verdict::kNotAsked},
                 {"sentence", finding.sentence},
                 {"does_not_prove", finding.check->not_proved}};
    if (finding.index) item["index"] = *finding.index;
    list.push_back(std::move(item));
  }
  Json json = {{"version", kJsonVersion},
               {"command", summary.command},
               {"about", summary.headline},
               {"findings", std::move(list)},
               {"failures", findings.failures()},
               {"verdict", NameOf(findings.exit_code())},
               {"exit_code", static_cast<int>(findings.exit_code())},
               {"conclusion", findings.Conclusion()},
               {"next", summary.next}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mutual::audit
