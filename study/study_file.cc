#include "study/study_file.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "study/lint.h"
#include "study/recipe.h"
#include "study/toml_reader.h"

namespace mutual::study {
namespace {

ColumnType ReadType(TableReader& reader) {
  const std::string type = reader.Text("type");
  if (type == "integer") return ColumnType::kInteger;
  if (type == "category") return ColumnType::kCategory;
  if (type == "text") return ColumnType::kText;
  if (!type.empty() && type != "real") {
    reader.Report(reader.LineOf("type"), "WRONG_TYPE",
                  absl::StrFormat("column type is \"%s\", want real, integer, category or text",
                                  type));
  }
  return ColumnType::kReal;
}

Column ReadColumn(const toml::table& table, std::vector<Problem>* problems) {
  TableReader reader(table, "[[data.column]]", problems);
  Column column;
  column.line = reader.line();
  column.name = reader.Text("name");
  column.type = ReadType(reader);
  column.unit = reader.OptionalText("unit");
  if (!reader.Has("definition")) {
    reader.Report(column.line, "MISSING_DEFINITION",
                  absl::StrFormat("column \"%s\" has no definition; say exactly what is measured, "
                                  "because people vote on it",
                                  column.name));
  }
  column.definition = reader.OptionalText("definition");
  if (column.type == ColumnType::kReal || column.type == ColumnType::kInteger) {
    const auto lower = reader.OptionalNumber("lower");
    const auto upper = reader.OptionalNumber("upper");
    if (!lower || !upper || *lower >= *upper) {
      reader.Report(column.line, "UNBOUNDED_COLUMN",
                    absl::StrFormat("column \"%s\" needs lower and upper bounds with lower < upper; "
                                    "without them no noise is enough",
                                    column.name));
    }
    column.lower = lower.value_or(0);
    column.upper = upper.value_or(1);
  }
  if (column.type == ColumnType::kCategory) column.categories = reader.Texts("categories");
  return column;
}

Schema ReadSchema(TableReader& data, std::vector<Problem>* problems) {
  Schema schema;
  schema.member_column = data.Text("member");
  for (const toml::table* const table : data.Tables("column")) {
    schema.columns.push_back(ReadColumn(*table, problems));
  }
  return schema;
}

PrivacySpec ReadPrivacy(const toml::table& table, std::vector<Problem>* problems) {
  TableReader reader(table, "[privacy]", problems);
  PrivacySpec privacy;
  const auto noise = reader.OptionalNumber("noise_multiplier");
  privacy.target_epsilon_node = reader.OptionalNumber("target_epsilon_node");
  if (noise.has_value() == privacy.target_epsilon_node.has_value()) {
    reader.Report(reader.line(), "IMPOSSIBLE_PRIVACY",
                  "[privacy] needs exactly one of noise_multiplier and target_epsilon_node");
  }
  privacy.noise_multiplier = noise.value_or(0);
  privacy.delta = reader.Number("delta");
  privacy.sampling_rate = reader.Number("sampling_rate");
  privacy.clip = reader.OptionalNumber("clip");
  privacy.max_rows = reader.Integer("max_rows");
  return privacy;
}

CohortSpec ReadCohort(const toml::table& table, std::vector<Problem>* problems) {
  TableReader reader(table, "[cohort]", problems);
  CohortSpec cohort;
  cohort.min_nodes = reader.Integer("min_nodes");
  cohort.assumed_colluders = reader.Integer("assumed_colluders");
  cohort.deadline = reader.Duration("deadline");
  cohort.join_window = reader.Duration("join_window");
  return cohort;
}

Study ReadStudy(const toml::table& root, std::vector<Problem>* problems) {
  TableReader reader(root, "the file", problems);
  Study study;
  study.title = reader.Text("title");
  study.purpose = reader.Text("purpose");
  study.benefit = reader.Text("benefit");
  study.contact = reader.Text("contact");
  study.licence = reader.Text("licence");
  study.expires = reader.Date("expires");
  if (const toml::table* const table = reader.Table("data")) {
    TableReader data(*table, "[data]", problems);
    study.table = data.Text("table");
    study.schema = ReadSchema(data, problems);
  }
  if (const toml::table* const table = reader.Table("recipe")) {
    study.recipe = ReadRecipe(*table, study.schema, problems);
  }
  if (const toml::table* const table = reader.Table("privacy")) {
    study.privacy = ReadPrivacy(*table, problems);
  }
  if (const toml::table* const table = reader.Table("cohort")) {
    study.cohort = ReadCohort(*table, problems);
  }
  return study;
}

void SolveTarget(const NoiseSolver& solver, int line, LintResult* result, Study* study) {
  if (!study->privacy.target_epsilon_node) return;
  const auto noise = solver(*study->privacy.target_epsilon_node, study->privacy.delta,
                            study->privacy.sampling_rate, study->rounds());
  if (noise.ok()) {
    study->privacy.noise_multiplier = *noise;
  } else {
    result->problems.push_back({line, "IMPOSSIBLE_PRIVACY", std::string(noise.status().message())});
  }
}

LintResult Check(std::string_view text, const NoiseSolver& solver) {
  LintResult result;
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    result.problems.push_back({static_cast<int>(parsed.error().source().begin.line), "NOT_TOML",
                               "the file is not TOML: " + std::string(parsed.error().description())});
    return result;
  }
  Study study = ReadStudy(parsed.table(), &result.problems);
  study.text = std::string(text);
  study.digest = crypto::Sha256(text);
  const toml::node* const privacy = parsed.table().get("privacy");
  const int line = privacy == nullptr ? 0 : static_cast<int>(privacy->source().begin.line);
  if (result.problems.empty()) SolveTarget(solver, line, &result, &study);
  const LintLines lines{line,
                        static_cast<int>(parsed.table()["cohort"].node() == nullptr
                                             ? 0
                                             : parsed.table()["cohort"].node()->source().begin.line),
                        static_cast<int>(parsed.table()["recipe"].node() == nullptr
                                             ? 0
                                             : parsed.table()["recipe"].node()->source().begin.line)};
  CheckStudy(study, lines, &result);
  if (result.problems.empty()) result.study = std::move(study);
  return result;
}

void SortByLine(std::vector<Problem>* problems) {
  std::stable_sort(problems->begin(), problems->end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
}

}  // namespace

uint64_t Study::rounds() const {
  const TrainSpec* const train = std::get_if<TrainSpec>(&recipe);
  return train == nullptr ? 1 : static_cast<uint64_t>(train->rounds);
}

bool Study::expired(absl::Time now) const {
  return absl::ToCivilDay(now, absl::UTCTimeZone()) > expires;
}

LintResult Lint(std::string_view text, absl::Time now, const NoiseSolver& solver) {
  LintResult result = Check(text, solver);
  if (result.study && result.study->expired(now)) {
    int line = 1;
    const size_t at = text.find("expires");
    if (at != std::string_view::npos) {
      line += static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
    }
    result.problems.push_back({line, "EXPIRED",
                               absl::StrFormat("the study expired on %s; choose a later date",
                                               absl::FormatCivilTime(result.study->expires))});
    result.study.reset();
  }
  SortByLine(&result.problems);
  return result;
}

absl::StatusOr<Study> ParseStudy(std::string_view text, const NoiseSolver& solver) {
  LintResult result = Check(text, solver);
  if (result.study) return std::move(*result.study);
  SortByLine(&result.problems);
  std::string all;
  for (const Problem& problem : result.problems) {
    all += absl::StrFormat("\n  line %d: %s", problem.line, problem.message);
  }
  return WithCode(InvalidArgument("the study file has %d problems:%s", result.problems.size(), all),
                  "STUDY_INVALID");
}

}  // namespace mutual::study
