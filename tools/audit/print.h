// How findings are shown: lines for people, JSON for programs. Deterministic.
#pragma once

#include <string>

#include "tools/audit/finding.h"

namespace mutual::audit {

// What a command has to say, once its checks are done.
struct Summary {
  std::string command;   // "verify"
  std::string headline;  // what was audited
  std::string next;      // a command line to go on with; empty for none
  const Findings* findings = nullptr;
};

// Headline, one line a finding, and last the verdict, the next step and the exit code.
std::string ToText(const Summary& summary);

// docs/AUDIT.md describes the fields. The version grows when a field changes its meaning or goes.
inline constexpr int kJsonVersion = 1;
std::string ToJson(const Summary& summary);

// "pass", "FAIL", "skip".
const char* NameOf(Verdict verdict);
// "verified", "wrong", "unchecked", "rule-broken".
const char* NameOf(ExitCode code);

}  // namespace mutual::audit
