// explain: what an error code or a check means.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "tools/audit/commands.h"
#include "tools/audit/error_codes.h"

namespace mutual::audit {

std::optional<std::string> ExplainError(const std::string& code) {
  const std::string page(ErrorsPage());
  const std::vector<std::string> lines = absl::StrSplit(page, '\n');
  std::string heading, found;
  for (const std::string& line : lines) {
    if (line.rfind("## ", 0) == 0) heading = line.substr(3);
    const bool is_item = line.rfind("- ", 0) == 0;
    if (!found.empty()) {
      if (is_item || line.empty()) break;
      found += "\n" + line;
    } else if (is_item && line.substr(0, line.find("`: ")).find("`" + code) != std::string::npos &&
               line.find("`" + code + "`") != std::string::npos) {
      found = line.substr(2);
    }
  }
  if (found.empty()) return std::nullopt;
  return heading + "\n" + absl::StrReplaceAll(found, {{"`", ""}}) + "\n";
}

int RunExplain(const std::string& code) {
  if (const auto error = ExplainError(code)) {
    std::fputs(error->c_str(), stdout);
    return kVerified;
  }
  for (const Check& check : Checks()) {
    if (code != check.id) continue;
    std::printf(
        "%s\n  pass means:         %s\n  it does not prove:  %s\n  a failure exits:    %d (%s)\n",
        check.id, check.sentence, check.not_proved,
        check.gravity == Gravity::kProof ? kWrong : kRuleBroken,
        check.gravity == Gravity::kProof ? "bytes, signatures or proofs are wrong"
                                         : "the log is intact, a rule is broken");
    return kVerified;
  }
  return Refuse(
      InvalidArgument("%s is no error code and no check; docs/ERRORS.md and docs/AUDIT.md "
                      "list them",
                      code));
}

}  // namespace mutual::audit
