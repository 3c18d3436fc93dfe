// What a study finds, ready to be read: estimates with standard errors that include the noise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace mutual::study {

struct Estimate {
  std::string name;           // "mean", "count", "median"
  double value = 0;
  double standard_error = 0;  // privacy noise, and sampling where the recipe knows it
  std::string unit;
};

struct ResultRow {
  std::vector<std::string> keys;   // values of ResultTable::key_columns
  std::vector<Estimate> estimates;
};

struct ResultTable {
  std::string title;
  std::vector<std::string> key_columns;
  std::vector<ResultRow> rows;
};

struct Result {
  std::vector<std::string> sentences;  // plain language
  std::vector<ResultTable> tables;
};

std::string ToText(const Result& result);  // sentences, aligned tables, ASCII bars for histograms
std::string ToCsv(const Result& result);   // one line per estimate: table,keys…,name,value,standard_error,unit
std::string ToJson(const Result& result);  // deterministic key order, shortest doubles
absl::StatusOr<Result> ResultFromJson(std::string_view json);

}  // namespace mutual::study
