#include "study/page/chart.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "study/figure.h"

namespace mutual::study {
namespace {

constexpr size_t kMostLines = 24;
// Narrow, so that texts stay readable on a phone: a row is its name above its line.
constexpr double kWidth = 400, kLeft = 4, kRight = 66, kLine = 38, kTop = 4, kAxis = 22,
                 kColumns = 200;

struct Mark {
  std::string name;
  double value, low, high;  // NaN when withheld
  std::string text;
};

struct Scale {
  double low, high;
  bool has_bars;
  double At(double value, double from, double to) const {
    return from + (std::clamp(value, low, high) - low) / (high - low) * (to - from);
  }
};

bool IsCount(const Estimate& estimate) {
  return estimate.name == "members" || estimate.name == "count" || estimate.name == "at risk";
}

// Which estimate of the rows tells most.
size_t TellingEstimate(const ResultRow& row) {
  for (const char* const wanted :
       {"survival", "share who lost", "rate", "ratio", "percent", "mean"}) {
    for (size_t e = 0; e < row.estimates.size(); ++e) {
      if (row.estimates[e].name == wanted) return e;
    }
  }
  for (size_t e = 0; e < row.estimates.size(); ++e) {
    if (!IsCount(row.estimates[e])) return e;
  }
  return 0;
}

const Estimate* Named(const ResultRow& row, const std::string& name) {
  for (const Estimate& estimate : row.estimates) {
    if (estimate.name == name) return &estimate;
  }
  return nullptr;
}

Mark MarkOf(const ResultRow& row, size_t telling) {
  Mark mark;
  for (const std::string& key : row.keys) mark.name += (mark.name.empty() ? "" : " / ") + key;
  const Estimate& estimate = row.estimates[telling];
  const double error = kTwoSided * estimate.standard_error;
  mark.value = estimate.value;
  mark.low = estimate.value - error;
  mark.high = estimate.value + error;
  const Estimate* const low = Named(row, "95% low");
  const Estimate* const high = Named(row, "95% high");
  if (IsBanded(estimate) && low != nullptr && high != nullptr) {
    mark.low = low->value;
    mark.high = high->value;
  }
  mark.text = Readable(estimate.value, estimate.standard_error);
  return mark;
}

// Bars begin at zero; dots stand on a scale that the intervals fill.
Scale ScaleOf(const std::vector<Mark>& marks, bool has_bars) {
  Scale scale{has_bars ? 0.0 : 1e300, has_bars ? 0.0 : -1e300, has_bars};
  for (const Mark& mark : marks) {
    if (!std::isfinite(mark.value)) continue;
    scale.low = std::min(scale.low, mark.low);
    scale.high = std::max(scale.high, mark.high);
  }
  if (has_bars) scale.low = 0;
  if (!(scale.high > scale.low)) scale.high = scale.low + std::max(1.0, std::abs(scale.low) / 10);
  const double margin = (scale.high - scale.low) * 0.05;
  if (!has_bars) scale.low -= margin;
  scale.high += margin;
  return scale;
}

std::string Opening(double height, const std::string& title, const std::string& estimate) {
  return absl::StrFormat(
      "<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"Chart of %s, %s, with 95 percent "
      "intervals; the table below has the numbers\">\n",
      kWidth, height, Html(title), Html(estimate));
}

// The ends of the scale, below the lines.
std::string Axis(const Scale& scale, double bottom) {
  const double step = (scale.high - scale.low) / 4;
  std::string svg;
  for (int tick = 0; tick <= 4; tick += 2) {
    const double value = scale.low + tick * step;
    const char* const anchor = tick == 0 ? "start" : tick == 4 ? "end" : "middle";
    svg += absl::StrFormat(
        "<text class=\"quiet\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
        scale.At(value, kLeft, kWidth - kRight), bottom + 16, anchor, Readable(value, step));
  }
  return svg;
}

std::string Lines(const std::vector<Mark>& marks, const Scale& scale) {
  std::string svg;
  const double right = kWidth - kRight;
  for (size_t i = 0; i < marks.size(); ++i) {
    const Mark& mark = marks[i];
    const double top = kTop + kLine * static_cast<double>(i), y = top + 26;
    svg += absl::StrFormat(
        "<text class=\"label\" x=\"%g\" y=\"%.1f\">%s</text><line class=\"grid\" x1=\"%g\" "
        "x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\"/>",
        kLeft, top + 13, Html(mark.name), kLeft, right, y, y);
    if (!std::isfinite(mark.value)) {
      svg += absl::StrFormat("<text class=\"quiet\" x=\"%g\" y=\"%.1f\">withheld</text>\n",
                             right + 6, y + 4);
      continue;
    }
    const double x = scale.At(mark.value, kLeft, right);
    if (scale.has_bars) {
      svg +=
          absl::StrFormat("<rect class=\"mark\" x=\"%g\" y=\"%.1f\" width=\"%.1f\" height=\"12\"/>",
                          kLeft, y - 6, std::max(0.0, x - kLeft));
    }
    svg +=
        absl::StrFormat("<line class=\"line\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                        scale.At(mark.low, kLeft, right), scale.At(mark.high, kLeft, right), y, y);
    if (!scale.has_bars) {
      svg += absl::StrFormat("<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>", x, y);
    }
    svg += absl::StrFormat("<text class=\"label\" x=\"%g\" y=\"%.1f\">%s</text>\n", right + 6,
                           y + 4, Html(mark.text));
  }
  return svg + Axis(scale, kTop + kLine * static_cast<double>(marks.size()));
}

std::string Columns(const std::vector<Mark>& marks, const Scale& scale) {
  std::string svg;
  const double width = (kWidth - 50) / static_cast<double>(marks.size());
  const double bottom = kColumns - 24, top = kTop;
  for (size_t i = 0; i < marks.size(); ++i) {
    const Mark& mark = marks[i];
    const double x = 46 + width * (static_cast<double>(i) + 0.5);
    if (i == 0 || i + 1 == marks.size() || i == marks.size() / 2) {
      const char* const anchor = i == 0 ? "start" : i + 1 == marks.size() ? "end" : "middle";
      svg += absl::StrFormat(
          "<text class=\"label\" x=\"%.1f\" y=\"%g\" text-anchor=\"%s\">%s</text>\n", x,
          kColumns - 6, anchor, Html(mark.name));
    }
    if (!std::isfinite(mark.value)) continue;
    const double y = scale.At(mark.value, bottom, top);
    if (scale.has_bars) {
      svg += absl::StrFormat(
          "<rect class=\"mark\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"/>",
          x - 0.4 * width, y, 0.8 * width, std::max(0.0, bottom - y));
    } else {
      svg += absl::StrFormat("<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>", x, y);
    }
    svg += absl::StrFormat(
        "<line class=\"line thin\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", x, x,
        scale.At(mark.low, bottom, top), scale.At(mark.high, bottom, top));
  }
  for (int tick = 0; tick <= 4; tick += 2) {
    const double value = scale.low + (scale.high - scale.low) * tick / 4;
    const double y = scale.At(value, bottom, top);
    svg +=
        absl::StrFormat("<text class=\"quiet\" x=\"40\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                        y + (tick == 4 ? 10 : 4), Readable(value, (scale.high - scale.low) / 4));
  }
  return svg;
}

}  // namespace

bool IsBanded(const Estimate& estimate) {
  return estimate.name == "value" || estimate.name == "ratio" || estimate.name == "survival";
}

std::string Html(const std::string& text) {
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string ChartOf(const ResultTable& table) {
  if (table.rows.size() < 2 || table.rows[0].estimates.empty()) return "";
  const size_t telling = TellingEstimate(table.rows[0]);
  std::vector<Mark> marks;
  size_t known = 0;
  for (const ResultRow& row : table.rows) {
    if (row.estimates.size() != table.rows[0].estimates.size()) return "";
    marks.push_back(MarkOf(row, telling));
    known += std::isfinite(marks.back().value) ? 1 : 0;
  }
  if (known == 0) return "";
  const Estimate& estimate = table.rows[0].estimates[telling];
  const Scale scale = ScaleOf(marks, IsCount(estimate));
  const bool columns = marks.size() > kMostLines;
  const double height =
      columns ? kColumns : kTop + kLine * static_cast<double>(marks.size()) + kAxis;
  return Opening(height, table.title, estimate.name) +
         (columns ? Columns(marks, scale) : Lines(marks, scale)) + "</svg>\n";
}

}  // namespace mutual::study
