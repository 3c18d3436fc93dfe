#include "tools/simulate/split_table.h"

#include <csv.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "base/file.h"
#include "base/status.h"

namespace mutual::simulate {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 32;

// What libcsv calls back into.
struct Reading {
  const SplitRequest* request;
  std::vector<std::string> fields;  // of the line being read
  std::vector<std::string> header;
  size_t key = 0;
  uint64_t line = 0;
  std::map<std::string, std::string> parts;  // by value of the column
  absl::Status status;
};

absl::Status Wrong(const std::string& what) {
  return WithCode(InvalidArgument("the table cannot be split: %s", what), "SIMULATE_SPLIT");
}

std::string LineOf(const std::vector<std::string>& fields, char delimiter) {
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += delimiter;
    line += '"';
    for (const char c : fields[i]) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + "\n";
}

absl::Status TakeHeader(Reading& reading) {
  const auto found =
      std::find(reading.fields.begin(), reading.fields.end(), reading.request->column);
  if (found == reading.fields.end()) {
    return Wrong("its header has no column \"" + reading.request->column + "\"");
  }
  reading.key = static_cast<size_t>(found - reading.fields.begin());
  reading.header = reading.fields;
  return absl::OkStatus();
}

absl::Status TakeRow(Reading& reading) {
  if (reading.fields.size() != reading.header.size()) {
    return Wrong("row " + std::to_string(reading.line) +
                 " has another number of fields than the header");
  }
  const char delimiter = reading.request->delimiter;
  std::string& part = reading.parts[reading.fields[reading.key]];
  if (part.empty()) part = LineOf(reading.header, delimiter);
  part += LineOf(reading.fields, delimiter);
  if (reading.parts.size() <= reading.request->most) return absl::OkStatus();
  return Wrong("the column has more than " + std::to_string(reading.request->most) + " values");
}

void OnField(void* bytes, size_t size, void* data) {
  auto& reading = *static_cast<Reading*>(data);
  reading.fields.emplace_back(static_cast<const char*>(bytes), size);
}

void OnLine(int, void* data) {
  auto& reading = *static_cast<Reading*>(data);
  ++reading.line;
  if (reading.status.ok()) {
    reading.status = reading.header.empty() ? TakeHeader(reading) : TakeRow(reading);
  }
  reading.fields.clear();
}

absl::Status Parse(const std::string& text, Reading* reading) {
  csv_parser parser;
  if (csv_init(&parser, 0) != 0) return Internal("libcsv cannot begin");
  csv_set_delim(&parser, static_cast<unsigned char>(reading->request->delimiter));
  const size_t taken = csv_parse(&parser, text.data(), text.size(), OnField, OnLine, reading);
  csv_fini(&parser, OnField, OnLine, reading);
  csv_free(&parser);
  if (taken != text.size()) return Wrong("it is no CSV file");
  return reading->status;
}

}  // namespace

absl::StatusOr<char> DelimiterOf(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) {
    return NotFound("the table %s cannot be read", path.string());
  }
  char best = ',';
  for (const char c : {',', ';', '\t'}) {
    if (std::count(line.begin(), line.end(), c) > std::count(line.begin(), line.end(), best))
      best = c;
  }
  return best;
}

absl::StatusOr<std::map<std::string, std::filesystem::path>> SplitTable(
    const SplitRequest& request, const std::filesystem::path& folder) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(request.path, kMostBytes));
  Reading reading{&request, {}, {}, 0, 0, {}, absl::OkStatus()};
  MUTUAL_RETURN_IF_ERROR(Parse(text, &reading));
  if (reading.parts.empty()) return Wrong("it has no rows");
  std::map<std::string, std::filesystem::path> files;
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  for (const auto& [value, part] : reading.parts) {
    const auto path = folder / ("part-" + std::to_string(files.size() + 1) + ".csv");
    MUTUAL_RETURN_IF_ERROR(WriteFileDurably(path, part, FileMode::kPublic));
    files[value] = path;
  }
  return files;
}

}  // namespace mutual::simulate
