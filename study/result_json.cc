// Results as JSON, read strictly: the text may come from another organisation's machine.
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "study/result.h"

namespace mutual::study {
namespace {

using Json = nlohmann::ordered_json;

Json NumberOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json RowJson(const ResultRow& row) {
  Json estimates = Json::array();
  for (const Estimate& estimate : row.estimates) {
    estimates.push_back({{"name", estimate.name},
                         {"value", NumberOrNull(estimate.value)},
                         {"standard_error", NumberOrNull(estimate.standard_error)},
                         {"unit", estimate.unit}});
  }
  return {{"keys", row.keys}, {"estimates", estimates}};
}

// Reads members of the expected type; the first surprise sticks. nlohmann throws on none of these
// calls.
class JsonReader {
 public:
  bool ok() const { return ok_; }
  const Json& Member(const Json& json, const char* key) {
    static const Json kNone;
    const auto found = json.is_object() ? json.find(key) : json.end();
    if (json.is_object() && found != json.end()) return *found;
    ok_ = false;
    return kNone;
  }
  const Json& List(const Json& json, const char* key) {
    static const Json kEmpty = Json::array();
    const Json& list = Member(json, key);
    if (list.is_array()) return list;
    ok_ = false;
    return kEmpty;
  }
  std::string Text(const Json& json) {
    if (const auto* const text = json.get_ptr<const Json::string_t*>()) return *text;
    ok_ = false;
    return "";
  }
  double Number(const Json& json) {
    if (json.is_number()) return json.get<double>();
    ok_ = ok_ && json.is_null();
    return std::nan("");
  }
  std::vector<std::string> Texts(const Json& json, const char* key) {
    std::vector<std::string> texts;
    for (const Json& text : List(json, key)) texts.push_back(Text(text));
    return texts;
  }

 private:
  bool ok_ = true;
};

ResultRow ReadRow(JsonReader& reader, const Json& json) {
  ResultRow row;
  row.keys = reader.Texts(json, "keys");
  for (const Json& estimate : reader.List(json, "estimates")) {
    row.estimates.push_back({reader.Text(reader.Member(estimate, "name")),
                             reader.Number(reader.Member(estimate, "value")),
                             reader.Number(reader.Member(estimate, "standard_error")),
                             reader.Text(reader.Member(estimate, "unit"))});
  }
  return row;
}

}  // namespace

std::string ToJson(const Result& result) {
  Json json = {{"sentences", result.sentences}, {"tables", Json::array()}};
  for (const ResultTable& table : result.tables) {
    Json rows = Json::array();
    for (const ResultRow& row : table.rows) rows.push_back(RowJson(row));
    json["tables"].push_back(
        {{"title", table.title}, {"key_columns", table.key_columns}, {"rows", rows}});
  }
  json["withheld"] = Json::array();
  for (const Withheld& withheld : result.withheld) {
    json["withheld"].push_back(
        {{"table", withheld.table}, {"cell", withheld.cell}, {"reason", withheld.reason}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<Result> ResultFromJson(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  JsonReader reader;
  Result result;
  result.sentences = reader.Texts(json, "sentences");
  for (const Json& table_json : reader.List(json, "tables")) {
    ResultTable table;
    table.title = reader.Text(reader.Member(table_json, "title"));
    table.key_columns = reader.Texts(table_json, "key_columns");
    for (const Json& row : reader.List(table_json, "rows")) {
      table.rows.push_back(ReadRow(reader, row));
    }
    result.tables.push_back(std::move(table));
  }
  for (const Json& withheld : reader.List(json, "withheld")) {
    result.withheld.push_back({reader.Text(reader.Member(withheld, "table")),
                               reader.Text(reader.Member(withheld, "cell")),
                               reader.Text(reader.Member(withheld, "reason"))});
  }
  if (reader.ok()) return result;
  return WithCode(DataLoss("the stored result is not readable; fetch it again, or restore the "
                           "coordinator's content folder"),
                  "RESULT_MALFORMED");
}

}  // namespace mutual::study
