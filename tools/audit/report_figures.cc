#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "tools/audit/report.h"

namespace mutual::audit {
namespace {

constexpr int kWidth = 480, kValueWidth = 60, kRow = 22;  // narrow enough for a phone
constexpr size_t kLabel = 56;                             // characters over a bar
constexpr size_t kMaxRounds = 400;  // drawn one by one; beyond, studies are drawn as one block

// A label's text of at most `limit` characters; UTF-8 is not cut inside a character.
std::string Shorten(const std::string& text, size_t limit) {
  if (text.size() <= limit) return EscapeHtml(text);
  size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return EscapeHtml(text.substr(0, end)) + "…";
}

std::string Begin(size_t rows, const char* label) {
  return absl::StrFormat(
      "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\" "
      "xmlns=\"http://www.w3.org/2000/svg\">\n",
      kWidth, static_cast<int>(rows) * kRow + 8, label);
}

std::string Label(size_t row, const std::string& escaped) {
  return absl::StrFormat("<text x=\"0\" y=\"%d\" class=\"name\">%s</text>\n",
                         static_cast<int>(row) * kRow + 17, escaped);
}

struct Bar {
  double from = 0, to = 0;  // of 1
  const char* kind = "";    // a class of the page's style
  std::string title;        // shown on hovering, escaped
};

std::string Draw(size_t row, const Bar& bar) {
  const double span = kWidth - kValueWidth;
  const double x = bar.from * span;
  const double width = std::max(2.0, (bar.to - bar.from) * span);
  return absl::StrFormat(
      "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"14\" rx=\"2\" class=\"%s\">"
      "<title>%s</title></rect>\n",
      x, static_cast<int>(row) * kRow + 3, width, bar.kind, bar.title);
}

std::string Value(size_t row, double at, const std::string& text) {
  const double span = kWidth - kValueWidth;
  return absl::StrFormat("<text x=\"%.1f\" y=\"%d\" class=\"value\">%s</text>\n", at * span + 6,
                         static_cast<int>(row) * kRow + 15, text);
}

std::string RoundTitle(const Round& round) {
  const char* const end = round.release ? "released" : round.abandon ? "abandoned" : "open";
  return absl::StrFormat("round %d, entries %s to %s: %d contributions, %s", round.number,
                         Grouped(round.start),
                         Grouped(round.release.value_or(round.abandon.value_or(round.start))),
                         round.contribution_count, end);
}

uint64_t EndOf(const Round& round, uint64_t size) {
  return round.release ? *round.release : round.abandon ? *round.abandon : size;
}

std::string DrawRounds(size_t row, const StudyHistory& study, double size) {
  if (study.rounds.empty()) return "";
  const auto at = [size](uint64_t index) { return static_cast<double>(index) / size; };
  const auto whole = static_cast<uint64_t>(size);
  if (study.rounds.size() > kMaxRounds) {
    return Draw(row, {at(study.rounds.front().start), at(EndOf(study.rounds.back(), whole)),
                      "released", absl::StrFormat("%d rounds", study.rounds.size())});
  }
  std::string svg;
  for (const Round& round : study.rounds) {
    const char* const kind = round.release ? "released" : round.abandon ? "abandoned" : "open";
    svg += Draw(row, {at(round.start), at(EndOf(round, whole)), kind, RoundTitle(round)});
  }
  return svg;
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  return absl::StrReplaceAll(
      {text.data(), text.size()},
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string TimelineSvg(const History& history, uint64_t size) {
  std::string svg = Begin(history.studies.size() * 2, "Studies along the entries of the log");
  const double span = std::max<double>(1, static_cast<double>(size));
  size_t row = 0;
  for (const StudyHistory* one : history.InOrder()) {
    const StudyHistory& study = *one;
    svg += Label(row++, Shorten(study.title, kLabel));
    const double from = static_cast<double>(study.propose.value_or(0)) / span;
    svg += Draw(row,
                {from, from, "proposed", "proposed, entry " + Grouped(study.propose.value_or(0))});
    svg += DrawRounds(row, study, span);
    ++row;
  }
  return svg + "</svg>\n";
}

std::string ParticipationSvg(const History& history) {
  std::map<std::string, uint64_t> counted;
  for (const auto& [key, member] : history.members) {
    if (member.is_node) counted[member.name] = 0;
  }
  uint64_t most = 1;
  for (const auto& [digest, study] : history.studies) {
    for (const auto& [node, rounds] : study.counted) {
      most = std::max(most, counted[node] += rounds);
    }
  }
  std::string svg = Begin(counted.size() * 2, "Rounds that counted each organisation");
  size_t row = 0;
  for (const auto& [node, rounds] : counted) {
    const double share = static_cast<double>(rounds) / static_cast<double>(most);
    svg += Label(row++, EscapeHtml(node));
    if (rounds > 0) svg += Draw(row, {0, share, "released", Grouped(rounds) + " rounds"});
    svg += Value(row, share, Grouped(rounds));
    ++row;
  }
  return svg + "</svg>\n";
}

std::string BudgetSvg(const History& history, EpsilonCache& epsilons) {
  double most = 1;
  for (const auto& [digest, study] : history.studies) {
    most = std::max(most, epsilons.Node(study.terms, study.terms.rounds));
  }
  std::string svg = Begin(history.studies.size() * 3, "Both epsilons of every study");
  size_t row = 0;
  for (const StudyHistory* one : history.InOrder()) {
    const StudyHistory& study = *one;
    const uint64_t count = study.least_count > 0 ? study.least_count : study.terms.min_nodes;
    const double node = epsilons.Node(study.terms, study.terms.rounds);
    const double open = epsilons.Public(study.terms, study.terms.rounds, count);
    svg += Label(row++, Shorten(study.title, kLabel));
    svg += Draw(row, {0, node / most, "node", "epsilon_node"});
    svg += Value(row++, node / most, absl::StrFormat("%.3g", node));
    svg += Draw(row, {0, open / most, "public", "epsilon_public"});
    svg += Value(row++, open / most, absl::StrFormat("%.3g", open));
  }
  return svg + "</svg>\n";
}

}  // namespace mutual::audit
