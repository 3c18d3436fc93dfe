#include "tools/simulate/member_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "study/plan/dice.h"

namespace mutual::simulate {
namespace {

constexpr int kWordsKnown = 200;  // where the study has no vocabulary

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string TextOf(const study::Column& column, study::Dice& dice) {
  const auto known = column.vocabulary.empty() ? static_cast<uint64_t>(kWordsKnown)
                                               : static_cast<uint64_t>(column.vocabulary.size());
  std::string text;
  const int length = std::clamp(column.words, 1, 12);
  for (int i = 0; i < length; ++i) {
    const uint64_t pick = dice.Word() % known;
    text += (i == 0 ? "" : " ") +
            (column.vocabulary.empty() ? "word" + std::to_string(pick) : column.vocabulary[pick]);
  }
  return text;
}

std::string Cell(const study::Column& column, double value, study::Dice& dice) {
  if (column.type == study::ColumnType::kText) return Quoted(TextOf(column, dice));
  if (std::isnan(value)) return "NA";
  if (column.type != study::ColumnType::kCategory) return FormatDouble(value);
  return Quoted(column.categories[static_cast<size_t>(value)]);
}

absl::Status WrongColumn(const std::string& name, const char* why) {
  return WithCode(FailedPrecondition("column \"%s\" %s", name, why), "SIMULATE_COLUMN");
}

}  // namespace

absl::Status WriteMembers(const study::Study& study, const study::MemberSample& members,
                          const std::filesystem::path& path) {
  const auto& columns = study.schema.columns;
  std::string text = Quoted(study.schema.member_column);
  for (const study::Column& column : columns) {
    if (column.type == study::ColumnType::kImage) {
      return WrongColumn(column.name,
                         "holds images, which cannot be made up; name tables with --data");
    }
    text += "," + Quoted(column.name);
  }
  text += "\n";
  study::Dice words(members.size());
  for (size_t m = 0; m < members.size(); ++m) {
    const size_t rows = members[m].size() / columns.size();
    for (size_t r = 0; r < rows; ++r) {
      text += "m" + std::to_string(m + 1);
      for (size_t c = 0; c < columns.size(); ++c) {
        text += "," + Cell(columns[c], members[m][r * columns.size() + c], words);
      }
      text += "\n";
    }
  }
  return WriteFileDurably(path, text, FileMode::kPublic);
}

absl::StatusOr<study::MemberSample> ReadMembers(const study::Study& study,
                                                const client::TableConfig& table) {
  for (const study::Column& column : study.schema.columns) {
    if (column.type == study::ColumnType::kText || column.type == study::ColumnType::kImage) {
      return WrongColumn(column.name, "holds texts or images; leave out --resample");
    }
  }
  std::map<std::string, std::vector<double>> rows;
  MUTUAL_RETURN_IF_ERROR(
      client::ReadTable(table, study.schema,
                        [&](const std::string& member, const std::vector<double>& values) {
                          std::vector<double>& own = rows[member];
                          own.insert(own.end(), values.begin(), values.end());
                        })
          .status());
  study::MemberSample members;
  for (auto& [member, values] : rows) members.push_back(std::move(values));
  return members;
}

}  // namespace mutual::simulate
