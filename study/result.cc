#include "study/result.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/status.h"

namespace mutual::study {
namespace {

// Enough digits to show two of the standard error; at least four significant ones.
std::string Readable(double value, double standard_error) {
  if (!std::isfinite(value)) return "withheld";
  const double scale = standard_error > 0 ? standard_error : std::abs(value) / 1000;
  const int digits = scale > 0 ? std::clamp(1 - static_cast<int>(std::floor(std::log10(scale))), 0, 9) : 0;
  return absl::StrFormat("%.*f", digits, value);
}

std::string Cell(const Estimate& estimate) {
  std::string text = Readable(estimate.value, estimate.standard_error);
  if (estimate.standard_error > 0 && std::isfinite(estimate.value)) {
    text += " ±" + Readable(1.96 * estimate.standard_error, 1.96 * estimate.standard_error);
  }
  return estimate.unit.empty() ? text : text + " " + estimate.unit;
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

// Bars for tables whose rows hold one estimate: histograms.
std::string Bar(const ResultTable& table, const ResultRow& row) {
  constexpr double kWidth = 36;
  double largest = 0;
  for (const ResultRow& other : table.rows) {
    if (other.estimates.size() != 1) return "";
    largest = std::max(largest, other.estimates[0].value);
  }
  if (largest <= 0 || table.rows.size() < 3) return "";
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
  std::string text = table.title + "\n";
  for (size_t r = 0; r < cells.size(); ++r) {
    std::string line = " ";
    for (size_t i = 0; i < cells[r].size() && i < widths.size(); ++i) {
      line += " " + Padded(cells[r][i], widths[i] + 1);
    }
    if (r > 0) line += Bar(table, table.rows[r - 1]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

nlohmann::ordered_json NumberOrNull(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

double NumberOf(const nlohmann::ordered_json& json) {
  return json.is_number() ? json.get<double>() : std::nan("");
}

}  // namespace

std::string ToText(const Result& result) {
  std::string text;
  for (const std::string& sentence : result.sentences) text += sentence + "\n";
  for (const ResultTable& table : result.tables) text += "\n" + TableText(table);
  return text;
}

std::string ToCsv(const Result& result) {
  std::string csv = "table,group,estimate,value,standard_error,unit\n";
  for (const ResultTable& table : result.tables) {
    for (const ResultRow& row : table.rows) {
      std::string keys;
      for (const std::string& key : row.keys) keys += (keys.empty() ? "" : " / ") + key;
      for (const Estimate& estimate : row.estimates) {
        csv += CsvField(table.title) + "," + CsvField(keys) + "," + CsvField(estimate.name) + "," +
               (std::isfinite(estimate.value) ? FormatDouble(estimate.value) : "") + "," +
               (std::isfinite(estimate.standard_error) ? FormatDouble(estimate.standard_error)
                                                       : "") +
               "," + CsvField(estimate.unit) + "\n";
      }
    }
  }
  return csv;
}

std::string ToJson(const Result& result) {
  nlohmann::ordered_json json = {{"sentences", result.sentences},
                                 {"tables", nlohmann::ordered_json::array()}};
  for (const ResultTable& table : result.tables) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const ResultRow& row : table.rows) {
      nlohmann::ordered_json estimates = nlohmann::ordered_json::array();
      for (const Estimate& estimate : row.estimates) {
        estimates.push_back({{"name", estimate.name},
                             {"value", NumberOrNull(estimate.value)},
                             {"standard_error", NumberOrNull(estimate.standard_error)},
                             {"unit", estimate.unit}});
      }
      rows.push_back({{"keys", row.keys}, {"estimates", estimates}});
    }
    json["tables"].push_back(
        {{"title", table.title}, {"key_columns", table.key_columns}, {"rows", rows}});
  }
  return json.dump();
}

absl::StatusOr<Result> ResultFromJson(std::string_view text) {
  const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object() || !json.contains("tables") ||
      !json.contains("sentences")) {
    return DataLoss("the stored result is not readable");
  }
  Result result;
  for (const auto& sentence : json["sentences"]) result.sentences.push_back(sentence);
  for (const auto& table_json : json["tables"]) {
    ResultTable table;
    table.title = table_json.value("title", "");
    for (const auto& key : table_json["key_columns"]) table.key_columns.push_back(key);
    for (const auto& row_json : table_json["rows"]) {
      ResultRow row;
      for (const auto& key : row_json["keys"]) row.keys.push_back(key);
      for (const auto& estimate : row_json["estimates"]) {
        row.estimates.push_back({estimate.value("name", ""), NumberOf(estimate["value"]),
                                 NumberOf(estimate["standard_error"]), estimate.value("unit", "")});
      }
      table.rows.push_back(row);
    }
    result.tables.push_back(table);
  }
  return result;
}

}  // namespace mutual::study
