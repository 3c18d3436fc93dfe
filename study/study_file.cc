#include "study/study_file.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "study/lint.h"
#include "study/scrutineer_reader.h"
#include "study/table_reader.h"
#include "study/text.h"

namespace mutual::study {
namespace {

constexpr size_t kMostBytes = 1 << 20;

// The parser repeats what it found, which may be a line's end.
std::string OneLine(std::string text) {
  for (char& c : text) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return text;
}

// The rule of an adaptive clip, when the study has one.
void ReadClipRule(TableReader& reader, PrivacySpec* privacy) {
  const auto quantile = reader.OptionalNumber("clip_quantile", {0, 1, true, true});
  if (!quantile) {
    for (const char* key : {"clip_rate", "clip_weight", "clip_lowest", "clip_highest"}) {
      if (!reader.OptionalNumber(key, kAnyNumber)) continue;
      reader.Report(
          reader.LineOf(key), "IMPOSSIBLE_PRIVACY",
          absl::StrFormat("%s belongs to a clip that adapts; add clip_quantile or remove it", key));
    }
    return;
  }
  ClipRule rule;
  rule.quantile = *quantile;
  rule.rate = reader.Number("clip_rate", {0, 1, true}).value_or(0);
  rule.weight = reader.Number("clip_weight", {0.01, 2}).value_or(0);
  rule.lowest = reader.Number("clip_lowest", {1e-6, 1e6}).value_or(0);
  rule.highest = reader.Number("clip_highest", {1e-6, 1e6}).value_or(0);
  const double first = privacy->clip.value_or(0);
  if (rule.lowest > 0 && rule.highest > 0 && first > 0 &&
      !(rule.lowest <= first && first <= rule.highest)) {
    reader.Report(
        reader.LineOf("clip_lowest"), "IMPOSSIBLE_PRIVACY",
        absl::StrFormat("the clip begins at %g, outside clip_lowest = %g to clip_highest = %g; "
                        "it must begin within them",
                        first, rule.lowest, rule.highest));
  }
  privacy->clip_rule = rule;
}

// The sums that would move the clip never leave a node that takes steps of its own.
void RefuseClipRule(TableReader& reader, const PrivacySpec& privacy) {
  if (!privacy.clip_rule) return;
  reader.Report(reader.LineOf("clip_quantile"), "IMPOSSIBLE_PRIVACY",
                "clip_quantile needs a count of every step's members in the sum, and with "
                "local_steps only the difference of the weights leaves a node; remove one of the "
                "two");
}

// `train`: of a training study, else nullptr.
PrivacySpec ReadPrivacy(const TomlValue& table, const TrainSpec* train,
                        std::vector<Problem>* problems) {
  TableReader reader(table, {"[privacy]", "IMPOSSIBLE_PRIVACY", problems});
  PrivacySpec privacy;
  const bool noise = reader.Has("noise_multiplier");
  if (noise == reader.Has("target_epsilon_node")) {
    reader.Report(reader.line(), "IMPOSSIBLE_PRIVACY",
                  "[privacy] needs exactly one of noise_multiplier and target_epsilon_node");
  }
  privacy.noise_multiplier = reader.OptionalNumber("noise_multiplier", {0.2, 1000}).value_or(0);
  privacy.target_epsilon_node = reader.OptionalNumber("target_epsilon_node", {0, 1000, true});
  privacy.delta = reader.Number("delta", {0, 1e-3, true}).value_or(0);
  privacy.sampling_rate = reader.Number("sampling_rate", {0, 1, true}).value_or(0);
  if (train != nullptr) {
    privacy.clip = reader.Number("clip", {1e-6, 1e6});
    ReadClipRule(reader, &privacy);
    if (train->local) RefuseClipRule(reader, privacy);
  }
  privacy.max_rows = reader.Integer("max_rows", {1, 4096});
  if (train == nullptr && reader.OptionalNumber("clip", kAnyNumber)) {
    reader.Report(reader.LineOf("clip"), "IMPOSSIBLE_PRIVACY",
                  "clip belongs to training studies only; remove it");
  }
  return privacy;
}

CohortSpec ReadCohort(const TomlValue& table, std::vector<Problem>* problems) {
  TableReader reader(table, {"[cohort]", "COHORT", problems});
  CohortSpec cohort;
  cohort.min_nodes = reader.Integer("min_nodes", {1, 1000});
  cohort.assumed_colluders = reader.Integer("assumed_colluders", {1, 998});
  cohort.deadline = reader.Duration("deadline");
  cohort.join_window = reader.Duration("join_window");
  if (cohort.min_nodes > 0 && cohort.assumed_colluders > 0 &&
      cohort.min_nodes < cohort.assumed_colluders + 2) {
    reader.Report(reader.LineOf("min_nodes"), "COHORT",
                  absl::StrFormat("min_nodes is %d, want at least assumed_colluders + 2 = %d: with "
                                  "fewer, colluding nodes could read an honest one's sum",
                                  cohort.min_nodes, cohort.assumed_colluders + 2));
  }
  return cohort;
}

void ReadTexts(TableReader& reader, Study* study) {
  study->title = reader.Text("title");
  study->purpose = reader.Paragraphs("purpose");
  study->benefit = reader.Paragraphs("benefit");
  study->contact = reader.Text("contact");
  study->licence = reader.Text("licence");
}

// Finds the noise multiplier of a target, once the numbers that it needs are there.
void SolveTarget(const NoiseSolver& solver, int line, LintResult* result, Study* study) {
  PrivacySpec& privacy = study->privacy;
  if (!privacy.target_epsilon_node || privacy.noise_multiplier > 0 || privacy.delta == 0 ||
      privacy.sampling_rate == 0 || study->rounds() == 0) {
    return;
  }
  const auto noise = solver(*privacy.target_epsilon_node, privacy.delta, privacy.sampling_rate,
                            study->cost().noised_sums());
  if (noise.ok() && *noise > 0) {
    privacy.noise_multiplier = *noise;
  } else {
    result->problems.push_back({line, "IMPOSSIBLE_PRIVACY", std::string(noise.status().message())});
  }
}

// [data] and [recipe]; true when they can be computed with.
bool ReadQuestion(TableReader& reader, Study* study) {
  const size_t before = reader.problems()->size();
  if (const TomlValue* const table = reader.Table("data")) {
    TableReader data(*table, {"[data]", "BAD_BOUNDS", reader.problems()});
    study->table = data.Text("table");
    study->schema = ReadSchema(data);
  }
  if (const TomlValue* const recipes = reader.TableOrTables("recipe")) {
    if (recipes->kind == TomlKind::kArray) {
      study->recipe = ReadRecipes(*recipes, study->schema, reader.problems());
    } else {
      study->recipe = ReadRecipe(*recipes, study->schema, reader.problems());
    }
  }
  return reader.problems()->size() == before;
}

void ReadStudy(const TomlValue& root, const NoiseSolver& solver, LintResult* result, Study* study) {
  TableReader reader(root, {"the file", "RECIPE", &result->problems});
  ReadTexts(reader, study);
  if (const auto expires = reader.Date("expires")) study->expires = *expires;
  const bool sound = ReadQuestion(reader, study);
  if (const TomlValue* const table = reader.Table("privacy")) {
    study->privacy = ReadPrivacy(*table, std::get_if<TrainSpec>(&study->recipe), &result->problems);
    if (sound) SolveTarget(solver, reader.LineOf("privacy"), result, study);
  }
  if (const TomlValue* const table = reader.Table("cohort")) {
    study->cohort = ReadCohort(*table, &result->problems);
  }
  if (const TomlValue* const table = reader.Table("scrutineers")) {
    TableReader scrutineers(*table, {"[scrutineers]", "SCRUTINEERS", &result->problems});
    study->scrutineers = ReadScrutineers(scrutineers, study->cohort);
    CheckOrganisations(*study, result);
  }
  if (sound) CheckVector(*study, reader.LineOf("recipe"), result);
}

// Problems of the text as such; false when it cannot be read further.
bool CheckText(std::string_view text, std::vector<Problem>* problems) {
  if (text.size() > kMostBytes) {
    problems->push_back({1, "FILE_TOO_LONG",
                         absl::StrFormat("the file has %d bytes, at most %d are possible",
                                         text.size(), kMostBytes)});
    return false;
  }
  int number = 1;
  for (size_t at = 0; at < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1);
    std::string_view line = text.substr(at, end + 1 - at);
    if (at == 0 && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);  // byte order mark
    at = end + 1;
    if (!IsUtf8(line)) {
      problems->push_back({number, "NOT_UTF8", "this line is not UTF-8; save the file as UTF-8"});
      return false;
    }
    if (!IsReadable(line, TextShape::kParagraphs)) {
      problems->push_back(
          {number, "UNPRINTABLE_TEXT",
           "this line holds a control character or an invisible one, so that people "
           "would not see what they vote on; remove it"});
    }
  }
  return true;
}

// By line; a line's hidden characters are reported once.
// A message may quote a key of the file; on a screen it must stay one line and no command.
void MakePrintable(std::string* message) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  };
  std::replace_if(message->begin(), message->end(), is_control, '?');
}

void Sort(std::vector<Problem>* problems) {
  for (Problem& problem : *problems) MakePrintable(&problem.message);
  std::stable_sort(problems->begin(), problems->end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  const auto repeats = [](const Problem& a, const Problem& b) {
    return a.line == b.line && a.code == b.code && a.code == "UNPRINTABLE_TEXT";
  };
  problems->erase(std::unique(problems->begin(), problems->end(), repeats), problems->end());
}

LintResult Check(std::string_view text, std::optional<absl::Time> now, const NoiseSolver& solver) {
  LintResult result;
  if (!CheckText(text, &result.problems)) return result;
  const TomlDocument document = ParseToml(text);
  if (!document.error.empty()) {
    result.problems.push_back(
        {document.error_line, "NOT_TOML", "the file is not TOML: " + OneLine(document.error)});
    Sort(&result.problems);
    return result;
  }
  Study study;
  study.text = std::string(text);
  study.digest = crypto::Sha256(text);
  ReadStudy(document.root, solver, &result, &study);
  const TomlValue* const expires = document.root.Find("expires");
  if (now && expires != nullptr && expires->kind == TomlKind::kDate && study.expired(*now)) {
    result.problems.push_back({expires->line, "EXPIRED",
                               absl::StrFormat("the study expired on %s; choose a later date",
                                               absl::FormatCivilTime(study.expires))});
  }
  Sort(&result.problems);
  if (result.problems.empty()) result.study = std::move(study);
  return result;
}

}  // namespace

uint64_t Study::rounds() const {
  const TrainSpec* const train = std::get_if<TrainSpec>(&recipe);
  return train == nullptr ? 1 : static_cast<uint64_t>(train->rounds);
}

StudyCost Study::cost() const {
  const TrainSpec* const train = std::get_if<TrainSpec>(&recipe);
  const bool is_local = train != nullptr && train->local.has_value();
  return {privacy.noise_multiplier, privacy.sampling_rate, rounds(),
          is_local ? static_cast<uint64_t>(train->local->count) : 0};
}

bool Study::expired(absl::Time now) const {
  return absl::ToCivilDay(now, absl::UTCTimeZone()) > expires;
}

LintResult Lint(std::string_view text, absl::Time now, const NoiseSolver& solver) {
  return Check(text, now, solver);
}

absl::StatusOr<Study> ParseStudy(std::string_view text, const NoiseSolver& solver) {
  LintResult result = Check(text, std::nullopt, solver);
  if (result.study) return std::move(*result.study);
  std::string all;
  for (const Problem& problem : result.problems) {
    all += absl::StrFormat("\n  line %d: %s", problem.line, problem.message);
  }
  return WithCode(InvalidArgument("the study file has %d problems:%s", result.problems.size(), all),
                  "STUDY_INVALID");
}

}  // namespace mutual::study
