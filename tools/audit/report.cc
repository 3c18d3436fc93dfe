#include "tools/audit/report.h"

#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "tools/audit/print.h"
#include "tools/audit/readership.h"

namespace mutual::audit {
namespace {

constexpr char kStyle[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1c1c1c;background:#fff}h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.2rem;"
    "margin-top:2.2rem}.verdict{padding:.8rem 1rem;border-radius:6px;font-weight:600;margin:1rem 0}"
    ".verified{background:#e2f2e6;color:#0c4a20}.wrong,.rule-broken{background:#fbe3e1;"
    "color:#7a1610}.unchecked{background:#fdf1d4;color:#5b4300}table{border-collapse:collapse;"
    "width:100%;font-size:.9rem}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem "
    ".3rem 0;border-bottom:1px solid #ddd}td.v{font-weight:600}.FAIL{color:#a3170f}.pass{color:"
    "#0c6b2c}.skip{color:#7a5b00}code{font-size:.85em;overflow-wrap:anywhere}td "
    "code{white-space:nowrap}svg{width:100%;"
    "max-width:36rem;height:auto}.name,.value{font:14px "
    "system-ui,sans-serif;fill:#333}.released,.node{fill:"
    "#2b6cb0}.public{fill:#90b8e0}.abandoned{fill:#c2410c}.open{fill:#a3a3a3}.proposed{fill:#111}"
    ".small{color:#555;font-size:.9rem}@media print{body{margin:0}}"
    ":root{color-scheme:light dark}@media screen and (prefers-color-scheme:dark){body{color:#ececec;"
    "background:#151719}.verified{background:#12351e;color:#bfe8ca}.wrong,.rule-broken{background:"
    "#43191a;color:#ffc9c4}.unchecked{background:#3d3210;color:#ffe39a}td,th{border-color:#3c4147}"
    ".FAIL{color:#ff9a90}.pass{color:#7fd49a}.skip{color:#e0bd58}.name,.value{fill:#ececec}"
    ".released,.node{fill:#6ea8e0}.public{fill:#2f5f94}.proposed{fill:#ececec}.small{color:#bdbdbd}}";

std::string H(std::string_view text) { return EscapeHtml(text); }

std::string FindingRows(const Findings& findings) {
  std::string rows;
  for (const Finding& finding : findings.Sorted()) {
    rows += absl::StrFormat(
        "<tr><td class=\"v %s\">%s</td><td><code>%s</code></td><td>%s</td></tr>\n",
        NameOf(finding.verdict), NameOf(finding.verdict), finding.check->id, H(finding.sentence));
  }
  return rows;
}

std::string DecisionText(const StudyHistory& study) {
  std::vector<std::string> yes, no;
  for (const auto& [node, decision] : study.decisions) {
    (decision.accepted ? yes : no)
        .push_back(decision.withdrawn_from ? node + " (withdrawn)" : node);
  }
  return "accepted by " + (yes.empty() ? "nobody" : absl::StrJoin(yes, ", ")) +
         (no.empty() ? "" : "; refused by " + absl::StrJoin(no, ", "));
}

struct Figures {
  uint64_t released = 0;
  double node = 0, open = 0;
};

Figures FiguresOf(const StudyHistory& study, EpsilonCache& epsilons) {
  Figures figures;
  for (const Round& round : study.rounds) figures.released += round.release ? 1 : 0;
  const uint64_t count = study.least_count > 0 ? study.least_count : study.terms.min_nodes;
  figures.node = epsilons.Node(study.terms, study.terms.rounds);
  figures.open = epsilons.Public(study.terms, study.terms.rounds, count);
  return figures;
}

std::string ReadershipSection(const StudyHistory& study) {
  std::string list = "<p>Who could read what:</p>\n<ul class=\"small\">\n";
  for (const std::string& line : ReadershipOf(study)) list += "<li>" + H(line) + "</li>\n";
  return list + "</ul>\n";
}

std::string EndText(const StudyHistory& study) {
  if (!study.unbegun) return "";
  return absl::StrFormat(" It ended before its first round, by entry %s (%s), and cost nothing.",
                         Grouped(*study.unbegun), H(study.unbegun_code));
}

// What a node does in a round beyond making one sum.
std::string StepsText(const StudyHistory& study) {
  if (study.terms.local_steps == 0) return "";
  return absl::StrFormat(
      " Each node made %d noised sums in a round and sent what it derived from them, which no other "
      "node's noise protects.",
      study.terms.local_steps);
}

std::string StudySection(const StudyHistory& study, EpsilonCache& epsilons) {
  const Figures figures = FiguresOf(study, epsilons);
  const std::string facts = absl::StrFormat(
      "<h3>%s</h3>\n<p>%s</p>\n<p class=\"small\">Proposed by %s at %s (entry %s); %s. %d of %d "
      "rounds released.%s%s The whole study can change what anybody learns of one member by a factor "
      "of "
      "at most e to the %.3g, even if everybody else colludes (epsilon_node), and e to the %.3g "
      "from what was released (epsilon_public), but for a chance of %.3g "
      "(delta).<br><code>%s</code>"
      "</p>\n",
      H(study.title), H(study.purpose), H(study.researcher), H(study.time),
      Grouped(study.propose.value_or(0)), H(DecisionText(study)), figures.released,
      study.terms.rounds, EndText(study), StepsText(study), figures.node, figures.open,
      study.terms.delta, study.digest.ToHex());
  return facts + ReadershipSection(study);
}

std::string HistorySections(Verification& done) {
  const History& history = done.replayer->history();
  EpsilonCache& epsilons = done.replayer->epsilons();
  std::string page;
  if (!history.studies.empty()) {
    page +=
        "<h2>Studies along the log</h2>\n" + TimelineSvg(history, done.log->head.checkpoint.size) +
        "<p class=\"small\">From the first entry on the left to the newest on the right. Thin "
        "line: proposed. Blue: released rounds. Orange: abandoned. Grey: open.</p>\n"
        "<h2>Who took part</h2>\n" +
        ParticipationSvg(history) +
        "<p class=\"small\">Rounds that counted each organisation's contribution.</p>\n"
        "<h2>What it cost in privacy</h2>\n" +
        BudgetSvg(history, epsilons) +
        "<p class=\"small\">Recomputed from noise, rate, rounds and local steps, not copied from the log. "
        "Upper bar: trusting nobody (epsilon_node). Lower bar: what was released (epsilon_public). "
        "Smaller is more private.</p>\n<h2>Studies</h2>\n";
    for (const StudyHistory* study : history.InOrder()) page += StudySection(*study, epsilons);
  }
  if (!history.incidents.empty()) {
    page += "<h2>Incidents that the coordinator logged</h2>\n<ul>\n";
    for (const Incident& incident : history.incidents) {
      page += absl::StrFormat("<li>%s, entry %s: %s (<code>%s</code>)</li>\n", H(incident.time),
                              Grouped(incident.index), H(incident.what), H(incident.code));
    }
    page += "</ul>\n";
  }
  return page;
}

std::vector<std::string> NotProved(const Findings& findings) {
  std::vector<std::string> lines;
  std::set<const Check*> seen;
  for (const Finding& finding : findings.Sorted()) {
    if (finding.verdict == Verdict::kSkip || finding.verdict == Verdict::kNotAsked) {
      lines.push_back(std::string(finding.check->id) + " was not checked: " + finding.sentence);
    } else if (seen.insert(finding.check).second) {
      lines.push_back(std::string(finding.check->id) +
                      " does not prove: " + finding.check->not_proved);
    }
  }
  return lines;
}

// Markdown shows the log's text as text.
std::string M(std::string_view text) {
  return absl::StrReplaceAll(
      EscapeHtml(text),
      {{"|", "\\|"}, {"*", "\\*"}, {"_", "\\_"}, {"`", "\\`"}, {"[", "\\["}, {"#", "\\#"}});
}

}  // namespace

std::string HtmlReport(Verification& done) {
  const Findings& findings = done.findings;
  const char* const verdict = NameOf(findings.exit_code());
  std::string page = absl::StrFormat(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Audit of %s</title>\n"
      "<style>%s</style>\n</head>\n<body>\n<h1>Audit of %s</h1>\n<p class=\"small\">%s</p>\n"
      "<p class=\"verdict %s\">%s</p>\n",
      H(done.log ? done.log->head.checkpoint.origin : done.headline), kStyle,
      H(done.log ? done.log->head.checkpoint.origin : done.headline), H(done.headline), verdict,
      H(findings.Conclusion()));
  if (done.replayer) page += HistorySections(done);
  page +=
      "<h2>What was checked</h2>\n<table>\n" + FindingRows(findings) +
      "</table>\n<h2>What was not checked, and what no check proves</h2>\n<ul class=\"small\">\n";
  for (const std::string& line : NotProved(findings)) page += "<li>" + H(line) + "</li>\n";
  return page + "</ul>\n</body>\n</html>\n";
}

std::string MarkdownReport(Verification& done) {
  const Findings& findings = done.findings;
  std::string page = "# Audit of " +
                     M(done.log ? done.log->head.checkpoint.origin : done.headline) + "\n\n" +
                     M(done.headline) + "\n\n**" + findings.Conclusion() +
                     "**\n\n| Verdict | Check | |\n|---|---|---|\n";
  for (const Finding& finding : findings.Sorted()) {
    page += absl::StrFormat("| %s | %s | %s |\n", NameOf(finding.verdict), finding.check->id,
                            M(finding.sentence));
  }
  if (done.replayer) {
    page +=
        "\n## Studies\n\n| Study | Decisions | Rounds released | epsilon_node | epsilon_public |\n"
        "|---|---|---|---|---|\n";
    for (const StudyHistory* one : done.replayer->history().InOrder()) {
      const StudyHistory& study = *one;
      const Figures figures = FiguresOf(study, done.replayer->epsilons());
      page += absl::StrFormat("| %s | %s | %d of %d | %.3g | %.3g |\n", M(study.title),
                              M(DecisionText(study)), figures.released, study.terms.rounds,
                              figures.node, figures.open);
    }
    page += "\n## Who could read what\n";
    for (const StudyHistory* one : done.replayer->history().InOrder()) {
      page += "\n" + M(one->title) + ":\n\n";
      for (const std::string& line : ReadershipOf(*one)) page += "- " + M(line) + "\n";
    }
  }
  page += "\n## What was not checked, and what no check proves\n\n";
  for (const std::string& line : NotProved(findings)) page += "- " + M(line) + "\n";
  return page;
}

std::string JsonReport(Verification& done) {
  using Json = nlohmann::ordered_json;
  Json json = Json::parse(ToJson({"report", done.headline, "", &done.findings}), nullptr, false);
  Json studies = Json::array();
  if (done.replayer) {
    for (const StudyHistory* one : done.replayer->history().InOrder()) {
      const StudyHistory& study = *one;
      const Figures figures = FiguresOf(study, done.replayer->epsilons());
      Json decisions = Json::object(), counted = Json::object();
      for (const auto& [node, decision] : study.decisions) decisions[node] = decision.accepted;
      for (const auto& [node, rounds] : study.counted) counted[node] = rounds;
      studies.push_back({{"study", study.digest.ToHex()},
                         {"title", study.title},
                         {"rounds", study.terms.rounds},
                         {"rounds_released", figures.released},
                         {"accepted", std::move(decisions)},
                         {"rounds_counted", std::move(counted)},
                         {"epsilon_node", figures.node},
                         {"epsilon_public", figures.open},
                         {"delta", study.terms.delta},
                         {"readers", ReadershipJson(study)}});
    }
  }
  json["studies"] = std::move(studies);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mutual::audit
