#include "study/page/result_page.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "study/figure.h"
#include "study/page/chart.h"
#include "study/page/dictionary.h"

namespace mutual::study {
namespace {

// Colours of Okabe and Ito 2008, told apart by the colour-blind; contrast of texts at least 7:1.
constexpr char kStyle[] =
    ":root{--ink:#1b1b1b;--quiet:#4a4a4a;--paper:#fff;--rule:#d5d5d5;--mark:#0072b2;--line:#1b1b1b;"
    "--box:#f2f5f8;color-scheme:light dark}"
    "@media(prefers-color-scheme:dark){:root{--ink:#ececec;--quiet:#bdbdbd;--paper:#151719;--rule:"
    "#3c4147;--mark:#56b4e9;--line:#ececec;--box:#20252b}}"
    "*{box-sizing:border-box}body{font:17px/1.55 system-ui,sans-serif;color:var(--ink);background:"
    "var(--paper);max-width:46rem;margin:0 auto;padding:1.2rem 1rem 4rem}"
    "h1{font-size:1.7rem;line-height:1.25;margin:.6rem 0}h2{font-size:1.25rem;margin:2.4rem 0 "
    ".5rem;"
    "padding-top:.6rem;border-top:1px solid var(--rule)}h3{font-size:1.05rem;margin:1.6rem 0 .3rem}"
    "a{color:var(--mark)}a:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--mark);"
    "outline-offset:2px}.skip{position:absolute;left:-999rem}.skip:focus{position:static}"
    ".answer{background:var(--box);border-left:5px solid var(--mark);padding:.7rem "
    "1rem;margin:1rem "
    "0}.answer p{margin:.4rem 0}.quietly{color:var(--quiet);font-size:.92rem}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem;"
    "font-variant-numeric:tabular-nums}th,td{text-align:left;padding:.3rem .8rem .3rem "
    "0;border-bottom"
    ":1px solid var(--rule);vertical-align:top}td.n,th.n{text-align:right;white-space:nowrap}"
    "caption{text-align:left;font-weight:600;padding:.3rem 0}dt{font-weight:600;margin-top:.7rem}"
    "dd{margin:0}code{font-size:.88em;overflow-wrap:anywhere}pre{background:var(--box);padding:."
    "7rem;"
    "overflow-x:auto;font-size:.85rem}svg{display:block;width:100%;max-width:32rem;height:auto;"
    "margin:.6rem 0}.mark{fill:var("
    "--mark)}.line{stroke:var(--line);stroke-width:2}.thin{stroke-width:1}.grid{stroke:var(--rule)}"
    "svg text{font:13px system-ui,sans-serif;fill:var(--ink)}svg "
    ".quiet{fill:var(--quiet)}@media(min-width:44rem){th[scope=row]{white-space:nowrap}}"
    "@media(max-width:43.99rem){th.n{white-space:normal}th,td{padding-right:.5rem}}"
    "@media "
    "print{:root{--ink:#000;--quiet:#333;--paper:#fff;--box:#fff;--rule:#999;--mark:#0072b2;--line:"
    "#000}"
    "body{max-width:none;font-size:11pt}h2,h3{break-after:avoid}svg,table,.answer{break-inside:"
    "avoid}"
    ".skip{display:none}.wide{"
    "overflow:visible}th.n{white-space:normal}}";

std::string Paragraphs(const std::string& text) {
  return "<p>" + absl::StrReplaceAll(Html(text), {{"\n", "<br>"}}) + "</p>\n";
}

std::string Question(const ResultPage& page) {
  std::string html = "<h2 id=\"question\">The question, as voted</h2>\n" +
                     Paragraphs(page.study.purpose) + "<p><strong>What it is good for.</strong> " +
                     Html(page.study.benefit) + "</p>\n<dl>\n";
  for (const Term& column : ColumnsOf(page.study)) {
    html += "<dt>" + Html(column.name) +
            (column.unit.empty() ? "" : " (" + Html(column.unit) + ")") + "</dt><dd>" +
            Html(column.meaning) + "</dd>\n";
  }
  return html + "</dl>\n";
}

std::string Answer(const ResultPage& page) {
  std::string html = "<h2 id=\"answer\">The answer</h2>\n<div class=\"answer\">\n";
  for (const std::string& sentence : page.result.sentences) {
    html += "<p>" + Html(sentence) + "</p>\n";
  }
  return html + "</div>\n";
}

// With its ±, but where a column of its own has the ends of the interval.
std::string CellText(const Estimate& estimate, const ResultRow& row) {
  if (!std::isfinite(estimate.value)) return "withheld";
  std::string text = Readable(estimate.value, estimate.standard_error);
  const bool has_ends = row.estimates.back().name == "95% high" ||
                        (row.estimates.size() > 1 && row.estimates[1].name == "95% low");
  if (has_ends && IsBanded(estimate)) return text;
  if (estimate.standard_error > 0 && std::isfinite(estimate.standard_error)) {
    const double error = kTwoSided * estimate.standard_error;
    text += " ± " + Readable(error, error);
  }
  return text;
}

std::string TableHtml(const ResultTable& table) {
  std::string html = "<h3>" + Html(table.title) + "</h3>\n" + ChartOf(table);
  html += "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table of " +
          Html(table.title) + "\"><table>\n<thead><tr>";
  for (const std::string& key : table.key_columns) {
    html += "<th scope=\"col\">" + Html(key) + "</th>";
  }
  if (!table.rows.empty()) {
    for (const Estimate& estimate : table.rows[0].estimates) {
      html +=
          "<th scope=\"col\" class=\"n\">" +
          Html(WithUnit(estimate.name, estimate.unit.empty() ? "" : "(" + estimate.unit + ")")) +
          "</th>";
    }
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const ResultRow& row : table.rows) {
    html += "<tr>";
    for (const std::string& key : row.keys) html += "<th scope=\"row\">" + Html(key) + "</th>";
    for (const Estimate& estimate : row.estimates) {
      html += "<td class=\"n\">" + CellText(estimate, row) + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string Figures(const ResultPage& page) {
  std::string html =
      "<h2 id=\"figures\">The figures</h2>\n<p class=\"quietly\">± and lines in the "
      "charts: in 95 of 100 such studies the truth is inside. They hold both chance and "
      "the noise that protects members.</p>\n";
  for (const ResultTable& table : page.result.tables) html += TableHtml(table);
  html += "<h3>What the names mean</h3>\n<dl>\n";
  for (const Term& term : EstimatesOf(page.result)) {
    html += "<dt>" + Html(term.name) + "</dt><dd>" + Html(term.meaning) + "</dd>\n";
  }
  return html + "</dl>\n";
}

std::string Held(const ResultPage& page) {
  std::string html = "<h2 id=\"withheld\">What was withheld</h2>\n";
  const std::vector<std::string> lines = WithheldLines(page.result);
  if (lines.empty()) return html + "<p>Nothing.</p>\n";
  html += "<ul>\n";
  for (const std::string& line : lines) html += "<li>" + Html(line) + "</li>\n";
  return html + "</ul>\n";
}

std::string Privacy(const ResultPage& page) {
  return absl::StrFormat(
      "<h2 id=\"privacy\">What it cost in privacy</h2>\n<p>From what is published, %s "
      "(epsilon_public "
      "%.3g). Even if everybody else worked together against a member, %s (epsilon_node %.3g). "
      "Both "
      "hold for each member with all their rows, but for a chance of %.2g (delta). Every node "
      "added "
      "noise before anything left it.</p>\n",
      PrivacyWords(page.epsilon_public), page.epsilon_public, PrivacyWords(page.epsilon_node),
      page.epsilon_node, page.delta);
}

std::string People(const ResultPage& page) {
  std::string html = "<h2 id=\"people\">Who took part</h2>\n";
  if (page.organisations.empty()) return html + "<p>The log names the organisations.</p>\n";
  html += absl::StrFormat("<p>%d organisations; no figure is of one of them alone.</p>\n<p>",
                          page.organisations.size());
  return html + Html(absl::StrJoin(page.organisations, ", ")) + "</p>\n";
}

std::string Checking(const ResultPage& page) {
  std::string html = "<h2 id=\"verify\">How to verify this page</h2>\n";
  if (page.release_index) {
    html += absl::StrFormat(
        "<p>This result was released by entry %d of the log <code>%s</code>. To read the "
        "entry, with the log's folder or address for LOG:</p>\n<pre>mutual-audit show %d "
        "--log LOG</pre>\n",
        *page.release_index, Html(page.log_origin), *page.release_index);
  }
  const std::string digest = page.study.digest.ToHex();
  return html +
         absl::StrFormat(
             "<p>The study is <code>%s</code>. With the release bundle (<code>mutual bundle "
             "%s</code>) and the keys that you trust, without any network:</p>\n<pre>mutual-audit "
             "--policy mutual-audit.policy verify-bundle FOLDER</pre>\n<p>Whoever has the kept "
             "contributions recomputes it bit for bit with <code>mutual-audit "
             "replay</code>.</p>\n<p class=\"quietly\">Contact: %s. Licence of the figures: "
             "%s.</p>\n",
             digest, digest.substr(0, 12), Html(page.study.contact), Html(page.study.licence));
}

}  // namespace

std::string PrivacyWords(double epsilon) {
  const char* const words = epsilon <= 0.5 ? "hardly anything can be learned about a single member"
                            : epsilon <= 1 ? "little can be learned about a single member"
                            : epsilon <= 3 ? "some doubt about a single member can be removed"
                            : epsilon <= 8 ? "much doubt about a single member could be removed"
                                           : "a single member is hardly protected";
  return words;
}

std::string ToHtml(const ResultPage& page) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
         "name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>" +
         Html(page.study.title) + "</title>\n<style>" + kStyle +
         "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#answer\">Skip to the "
         "answer</a>\n<header><h1>" +
         Html(page.study.title) + "</h1></header>\n<main>\n" + Answer(page) + Figures(page) +
         Held(page) + Question(page) + Privacy(page) + People(page) + Checking(page) +
         "</main>\n</body>\n</html>\n";
}

}  // namespace mutual::study
