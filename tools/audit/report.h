// A report of one audit that people can read, keep and print: one file, nothing loaded from
// elsewhere.
#pragma once

#include <string>

#include "tools/audit/verification.h"

namespace mutual::audit {

// Deterministic: the same log and policy give the same bytes. Everything that comes from the log is
// escaped. The history may be incomplete when a check failed; the report says so first.
std::string HtmlReport(Verification& done);
std::string MarkdownReport(Verification& done);
std::string JsonReport(Verification& done);

// An inline SVG of the entries of every study along the log, and its legend in words.
std::string TimelineSvg(const History& history, uint64_t size);
// Bars of how many rounds counted each organisation, over all studies.
std::string ParticipationSvg(const History& history);
// Bars of both epsilons of every study, recomputed.
std::string BudgetSvg(const History& history, EpsilonCache& epsilons);

std::string EscapeHtml(std::string_view text);

}  // namespace mutual::audit
