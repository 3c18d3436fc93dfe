// ReadTable of client/data/data_source.h through libcsv (RFC 4180, streaming).
#include <csv.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "client/data/data_source.h"
#include "client/data/field.h"
#include "client/data/wide_field.h"

namespace mutual::client {
namespace {

constexpr size_t kMaxRejections = 1000;
constexpr size_t kMaxFieldBytes = 1 << 20;

// One table being read. libcsv calls OnField and OnRow; line numbers are counted here, byte by
// byte.
class CsvReader {
 public:
  CsvReader(const TableConfig& config, const study::Schema& schema, const RowCallback& row)
      : config_(config), schema_(schema), row_(row) {}

  void OnField(void* data, size_t size) {
    std::string text(static_cast<const char*>(data), size);
    if (config_.encoding == "latin-1") text = Latin1ToUtf8(text);
    fields_.push_back(Trimmed(text));
  }

  void OnRow() {
    const bool blank = fields_.empty() || (fields_.size() == 1 && fields_[0].empty());
    if (!blank && status_.ok()) {
      if (!mapped_) {
        MapColumns();
      } else {
        TakeRow();
      }
    }
    fields_.clear();
    row_line_ = line_;
  }

  // Before each byte is given to the parser, so that OnRow sees the line of the row's first byte.
  void OnByte(char c) {
    if (fields_.empty() && !row_open_) {
      row_line_ = line_;
      row_open_ = true;
    }
    if (c == '\n') ++line_;
  }
  void CloseRow() { row_open_ = false; }

  const absl::Status& status() const { return status_; }
  uint64_t row_line() const { return row_line_; }
  ReadReport Report() && {
    report_.members = members_.size();
    return std::move(report_);
  }

 private:
  int Position(const std::string& column) const {
    const auto renamed = config_.columns.find(column);
    const std::string& header = renamed == config_.columns.end() ? column : renamed->second;
    const auto found = std::find(header_.begin(), header_.end(), header);
    return found == header_.end() ? -1 : static_cast<int>(found - header_.begin());
  }

  // Of an image whose pixels are columns of their own, NAME0, NAME1, … or from NAME1 on; empty when
  // they are not there.
  std::vector<int> PixelPositions(const study::Column& column) const {
    if (column.type != study::ColumnType::kImage) return {};
    const int first = Position(column.name + "0") >= 0 ? 0 : 1;
    std::vector<int> positions;
    for (size_t i = 0; i < column.extra_count(); ++i) {
      positions.push_back(Position(column.name + std::to_string(static_cast<size_t>(first) + i)));
      if (positions.back() < 0) return {};
    }
    return positions;
  }

  void MapColumns() {
    mapped_ = true;
    if (config_.has_header) {
      header_ = fields_;
    } else {
      for (size_t i = 1; i <= fields_.size(); ++i) header_.push_back(std::to_string(i));
    }
    std::string absent;
    positions_.clear();
    pixels_.clear();
    for (const study::Column& column : schema_.columns) {
      positions_.push_back(Position(column.name));
      pixels_.push_back(positions_.back() < 0 ? PixelPositions(column) : std::vector<int>{});
      if (positions_.back() < 0 && pixels_.back().empty())
        absent += (absent.empty() ? "" : ", ") + column.name;
    }
    member_ = Position(schema_.member_column);
    if (member_ < 0) absent += (absent.empty() ? "" : ", ") + schema_.member_column;
    if (!absent.empty()) {
      status_ = WithCode(
          FailedPrecondition("the table %s has no column for: %s. Name them in node.toml under "
                             "[tables.….columns], study name = \"header in the file\"",
                             config_.file, absent),
          "SCHEMA_NOT_MET");
      return;
    }
    if (!config_.has_header) TakeRow();
  }

  std::string Joined(const std::vector<int>& positions) const {
    std::string text;
    for (const int position : positions) text += fields_[static_cast<size_t>(position)] + " ";
    return text;
  }

  void Reject(const std::string& reason) {
    ++report_.rows_rejected;
    if (report_.rejections.size() < kMaxRejections) {
      report_.rejections.push_back({row_line_, reason});
    }
  }

  void CountMissing(const std::vector<double>& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      const study::Column& column = schema_.columns[i];
      const bool is_read = column.type != study::ColumnType::kText || column.extra_count() > 0;
      if (is_read && std::isnan(values[i])) ++report_.rows_without[column.name];
    }
  }

  void TakeRow() {
    ++report_.rows_read;
    if (fields_.size() != header_.size()) {
      return Reject(
          absl::StrFormat("the line has %d fields, the header %d", fields_.size(), header_.size()));
    }
    const std::string& member = fields_[static_cast<size_t>(member_)];
    if (member.empty()) return Reject("the member reference is missing");
    std::vector<double> values, extras;
    for (size_t i = 0; i < schema_.columns.size(); ++i) {
      const study::Column& column = schema_.columns[i];
      const std::string text =
          pixels_[i].empty() ? fields_[static_cast<size_t>(positions_[i])] : Joined(pixels_[i]);
      const auto value = column.extra_count() == 0 ? ReadField(config_, column, text)
                         : pixels_[i].empty()      ? ReadWideField(config_, column, text, &extras)
                                                   : ReadPixels(config_, column, text, &extras);
      if (!value.ok()) return Reject(std::string(value.status().message()));
      values.push_back(*value);
    }
    CountMissing(values);
    values.insert(values.end(), extras.begin(), extras.end());
    ++report_.rows_accepted;
    members_.insert(member);
    row_(member, values);
  }

  const TableConfig& config_;
  const study::Schema& schema_;
  const RowCallback& row_;
  std::vector<std::string> fields_, header_;
  std::vector<int> positions_;
  std::vector<std::vector<int>> pixels_;
  int member_ = -1;
  bool mapped_ = false, row_open_ = false;
  uint64_t line_ = 1, row_line_ = 1;
  std::set<std::string> members_;
  ReadReport report_;
  absl::Status status_;
};

void FieldCallback(void* data, size_t size, void* reader) {
  static_cast<CsvReader*>(reader)->OnField(data, size);
}
void RowEndCallback(int, void* reader) {
  static_cast<CsvReader*>(reader)->OnRow();
  static_cast<CsvReader*>(reader)->CloseRow();
}

// libcsv with a file; both closed at the end of the scope.
struct Handles {
  csv_parser parser{};
  std::FILE* file = nullptr;
  ~Handles() {
    csv_free(&parser);
    if (file != nullptr) std::fclose(file);
  }
};

absl::Status Feed(Handles& handles, CsvReader& reader, const TableConfig& config) {
  std::vector<char> buffer(1 << 16);
  bool first = true, quoted = false;
  uint64_t quote_line = 0, bytes_in_field = 0;
  while (const size_t count = std::fread(buffer.data(), 1, buffer.size(), handles.file)) {
    size_t start = 0;
    if (first && count >= 3 && std::string_view(buffer.data(), 3) == "\xEF\xBB\xBF") start = 3;
    first = false;
    for (size_t i = start; i < count; ++i) {
      const char c = buffer[i];
      reader.OnByte(c);
      if (c == '"') {
        quoted = !quoted;
        if (quoted) quote_line = reader.row_line();
      }
      bytes_in_field = c == config.delimiter || c == '\n' ? 0 : bytes_in_field + 1;
      if (bytes_in_field > kMaxFieldBytes) {
        return WithCode(
            DataLoss("%s line %d: a field is longer than 1 MiB; a quote is probably not "
                     "closed",
                     config.file, reader.row_line()),
            "TABLE_UNTERMINATED");
      }
      if (csv_parse(&handles.parser, &buffer[i], 1, FieldCallback, RowEndCallback, &reader) != 1) {
        return WithCode(DataLoss("%s line %d: %s", config.file, reader.row_line(),
                                 csv_strerror(csv_error(&handles.parser))),
                        "TABLE_MALFORMED");
      }
      if (!reader.status().ok()) return reader.status();
    }
  }
  if (std::ferror(handles.file) != 0)
    return Unavailable("%s cannot be read to its end", config.file);
  if (quoted) {
    return WithCode(DataLoss("%s ends inside a quoted field that began on line %d; the file is cut "
                             "off or a quote is missing",
                             config.file, quote_line),
                    "TABLE_UNTERMINATED");
  }
  csv_fini(&handles.parser, FieldCallback, RowEndCallback, &reader);
  return reader.status();
}

}  // namespace

absl::StatusOr<ReadReport> ReadTable(const TableConfig& config, const study::Schema& schema,
                                     const RowCallback& row) {
  Handles handles;
  if (csv_init(&handles.parser, CSV_APPEND_NULL) != 0) return Internal("libcsv did not start");
  csv_set_delim(&handles.parser, static_cast<unsigned char>(config.delimiter));
  handles.file = std::fopen(config.file.c_str(), "rb");
  if (handles.file == nullptr) {
    return WithCode(NotFound("table %s cannot be opened; mend its file in node.toml", config.file),
                    "SCHEMA_NOT_MET");
  }
  CsvReader reader(config, schema, row);
  MUTUAL_RETURN_IF_ERROR(Feed(handles, reader, config));
  return std::move(reader).Report();
}

}  // namespace mutual::client
