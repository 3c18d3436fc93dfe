#include "study/result.h"

#include <algorithm>
#include <cmath>

#include "base/encoding.h"
#include "study/figure.h"

namespace mutual::study {
namespace {

std::string Cell(const Estimate& estimate) {
  if (!std::isfinite(estimate.value)) return "withheld";
  std::string text = Readable(estimate.value, estimate.standard_error);
  if (estimate.standard_error > 0 && std::isfinite(estimate.standard_error)) {
    text += " ±" + Readable(1.96 * estimate.standard_error, 1.96 * estimate.standard_error);
  }
  return WithUnit(text, estimate.unit);
}

// Characters, not bytes: the texts hold ± and £.
size_t Width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Padded(const std::string& text, size_t width) {
  return text + std::string(width > Width(text) ? width - Width(text) : 0, ' ');
}

std::vector<std::vector<std::string>> Cells(const ResultTable& table) {
  std::vector<std::vector<std::string>> cells(1);
  cells[0] = table.key_columns;
  if (!table.rows.empty()) {
    for (const Estimate& estimate : table.rows[0].estimates) cells[0].push_back(estimate.name);
  }
  for (const ResultRow& row : table.rows) {
    std::vector<std::string> line = row.keys;
    for (const Estimate& estimate : row.estimates) line.push_back(Cell(estimate));
    cells.push_back(line);
  }
  return cells;
}

// The largest value of a table whose rows hold one estimate, a histogram; 0 for other tables.
double LargestBar(const ResultTable& table) {
  double largest = 0;
  for (const ResultRow& row : table.rows) {
    if (row.estimates.size() != 1) return 0;
    if (std::isfinite(row.estimates[0].value)) largest = std::max(largest, row.estimates[0].value);
  }
  return table.rows.size() < 3 ? 0 : largest;
}

std::string Bar(const ResultRow& row, double largest) {
  constexpr double kWidth = 36;
  if (largest <= 0 || !std::isfinite(row.estimates[0].value)) return "";
  const double share = std::max(0.0, row.estimates[0].value / largest);
  return "  " + std::string(static_cast<size_t>(std::lround(share * kWidth)), '#');
}

std::string TableText(const ResultTable& table) {
  const auto cells = Cells(table);
  std::vector<size_t> widths(cells[0].size(), 0);
  for (const auto& line : cells) {
    for (size_t i = 0; i < line.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], Width(line[i]));
    }
  }
  const double largest = LargestBar(table);
  std::string text = table.title + "\n";
  for (size_t r = 0; r < cells.size(); ++r) {
    std::string line = " ";
    for (size_t i = 0; i < cells[r].size() && i < widths.size(); ++i) {
      line += " " + Padded(cells[r][i], widths[i] + 1);
    }
    if (r > 0) line += Bar(table.rows[r - 1], largest);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::string ToText(const Result& result) {
  std::string text;
  for (const std::string& sentence : result.sentences) text += sentence + "\n";
  for (const ResultTable& table : result.tables) text += "\n" + TableText(table);
  const std::vector<std::string> withheld = WithheldLines(result);
  if (!withheld.empty()) text += "\nWithheld\n";
  for (const std::string& line : withheld) text += "  " + line + "\n";
  return text;
}

std::vector<std::string> WithheldLines(const Result& result) {
  constexpr size_t kNamed = 4;
  std::vector<std::string> lines;
  for (size_t at = 0; at < result.withheld.size();) {
    const Withheld& first = result.withheld[at];
    std::string cells;
    size_t count = 0;
    for (; at < result.withheld.size() && result.withheld[at].table == first.table &&
           result.withheld[at].reason == first.reason;
         ++at, ++count) {
      const std::string& cell = result.withheld[at].cell;
      if (count < kNamed && !cell.empty()) cells += (count == 0 ? "" : ", ") + cell;
    }
    if (count > kNamed) cells += " and " + std::to_string(count - kNamed) + " more";
    lines.push_back(first.table + (cells.empty() ? "" : ": " + cells) + " (" + first.reason + ")");
  }
  return lines;
}

std::string ToCsv(const Result& result) {
  std::string csv = "table,group,estimate,value,standard_error,unit\n";
  for (const ResultTable& table : result.tables) {
    for (const ResultRow& row : table.rows) {
      std::string keys;
      for (const std::string& key : row.keys) keys += (keys.empty() ? "" : " / ") + key;
      for (const Estimate& estimate : row.estimates) {
        csv +=
            CsvField(table.title) + "," + CsvField(keys) + "," + CsvField(estimate.name) + "," +
            (std::isfinite(estimate.value) ? FormatDouble(estimate.value) : "") + "," +
            (std::isfinite(estimate.standard_error) ? FormatDouble(estimate.standard_error) : "") +
            "," + CsvField(estimate.unit) + "\n";
      }
    }
  }
  return csv;
}

}  // namespace mutual::study
