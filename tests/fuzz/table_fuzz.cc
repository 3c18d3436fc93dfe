#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/data/data_source.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/promise.h"

namespace mutual {
namespace {

study::Schema TripSchema() {
  study::Schema schema;
  study::Column pay, region, note;
  pay.name = "pay";
  pay.upper = 40;
  region.name = "region";
  region.type = study::ColumnType::kCategory;
  region.categories = {"north", "south west"};
  note.name = "note";
  note.type = study::ColumnType::kText;
  note.words = 4;
  note.buckets = 32;
  schema.columns = {pay, region, note};
  schema.member_column = "who";
  schema.PlaceExtras();
  return schema;
}

void CheckRow(const study::Schema& schema, const std::vector<double>& values) {
  fuzz::Promise(values.size() == schema.row_width(), "a row is as wide as the schema");
  fuzz::Promise(std::isnan(values[0]) || (values[0] >= 0 && values[0] <= 40),
                "a number is clamped");
  fuzz::Promise(std::isnan(values[1]) || values[1] == 0 || values[1] == 1, "a category is listed");
  for (size_t i = 3; i < values.size(); ++i) {
    fuzz::Promise(values[i] >= 0 && values[i] <= 32, "a word stands in the vocabulary");
  }
}

// The first byte says how the file is written.
void Check(std::string_view bytes) {
  if (bytes.empty()) return;
  static const study::Schema kSchema = TripSchema();
  const auto how = static_cast<uint8_t>(bytes[0]);
  const fuzz::MemoryFile file(bytes.substr(1));
  client::TableConfig config;
  config.file = file.path();
  config.delimiter = ",;\t,"[how & 3];
  config.decimal = (how & 4) != 0 ? ',' : '.';
  config.encoding = (how & 8) != 0 ? "latin-1" : "utf-8";
  config.has_header = (how & 16) == 0;
  if (!config.has_header) {
    config.columns = {{"who", "1"}, {"pay", "2"}, {"region", "3"}, {"note", "4"}};
  }
  uint64_t rows = 0;
  const auto report = client::ReadTable(config, kSchema,
                                        [&](const std::string&, const std::vector<double>& values) {
                                          ++rows;
                                          CheckRow(kSchema, values);
                                        });
  if (!report.ok()) return;
  fuzz::Promise(report->rows_accepted == rows, "accepted rows are given on");
  fuzz::Promise(report->rows_read == report->rows_accepted + report->rows_rejected,
                "a row is accepted or rejected");
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
