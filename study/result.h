// What a study finds, ready to be read: estimates with standard errors that include the noise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace mutual::study {

struct Estimate {
  std::string name;  // "mean", "count", "median"
  double value = 0;
  double standard_error =
      0;  // privacy noise and, where the recipe knows it, sampling; 0 = none stated
  std::string unit;
};

struct ResultRow {
  std::vector<std::string> keys;  // values of ResultTable::key_columns
  std::vector<Estimate> estimates;
};

struct ResultTable {
  std::string title;
  std::vector<std::string> key_columns;
  std::vector<ResultRow> rows;
};

// A figure that the release rules keep back. Its value reads as not finite in the tables.
struct Withheld {
  std::string table;  // title, or "everything"
  std::string cell;   // keys of the row, joined by " / "; empty: the whole table
  std::string reason;
};

struct Result {
  std::vector<std::string> sentences;  // plain language
  std::vector<ResultTable> tables;
  std::vector<Withheld> withheld;
};

// Sentences, aligned tables with ± 1.96 standard errors, ASCII bars for histograms, and what was
// withheld with the reasons.
std::string ToText(const Result& result);
// One line for each table and reason: how many cells, and the first of them.
std::vector<std::string> WithheldLines(const Result& result);
// RFC 4180 but for line feeds: table,group,estimate,value,standard_error,unit; keys of a row are
// joined by " / ", a withheld value is an empty field.
std::string ToCsv(const Result& result);
// Deterministic key order, shortest doubles, null for what is not finite. Bytes that are not UTF-8
// become U+FFFD.
std::string ToJson(const Result& result);
// The inverse, of text from anywhere. DATA_LOSS with code RESULT_MALFORMED unless it has exactly
// the shape that ToJson writes.
absl::StatusOr<Result> ResultFromJson(std::string_view json);

}  // namespace mutual::study
