// Rows of a node's own table, mapped onto a study's schema. Read, never copied elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "study/schema.h"

namespace mutual::client {

// One [tables.NAME] section of node.toml.
struct TableConfig {
  std::string file;                // CSV path, relative to node.toml's folder
  char delimiter = ',';            // ',', ';' or tab
  char decimal = '.';              // '.' or ','
  std::string encoding = "utf-8";  // or "latin-1"
  bool has_header = true;          // else columns are called "1", "2", …
  std::vector<std::string> missing = {"", "NA", "?"};
  std::map<std::string, std::string> columns;  // study column -> header (member column too)
  std::map<std::string, std::map<std::string, std::string>> categories;  // column -> file value -> category
};

struct Rejection {
  uint64_t line;       // 1-based physical line of the file
  std::string reason;  // for local eyes only; names the column and the rule, never the value
};

struct ReadReport {
  uint64_t rows_read = 0, rows_accepted = 0, rows_rejected = 0, members = 0;
  std::vector<Rejection> rejections;  // at most the first 1,000
  // Accepted rows without a value, by column; columns where every row has one are not named, nor is
  // free text, which is read only where the study turns it into numbers.
  std::map<std::string, uint64_t> rows_without;
};

// Calls `row(member_reference, values)` for each accepted row; values[c] as in MemberRows (reals
// clamped into bounds). A missing value is NaN, not a rejection; what the study lists as a category is
// one even if it is also a missing mark, such as "?". A category outside the list, text that
// is no number, a missing member reference or a ragged line rejects the row. INVALID_ARGUMENT with
// code SCHEMA_NOT_MET when a column is absent from the header; DATA_LOSS TABLE_UNTERMINATED, naming the
// line, when the file ends inside a quoted field.
using RowCallback = std::function<void(const std::string& member, const std::vector<double>& values)>;
absl::StatusOr<ReadReport> ReadTable(const TableConfig& config, const study::Schema& schema,
                                     const RowCallback& row);

}  // namespace mutual::client
