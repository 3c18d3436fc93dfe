#include "study/feature.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace mutual::study {
namespace {

constexpr std::array<const char*, 5> kFunctions = {"", "log", "log1p", "sqrt", "square"};

double Apply(int function, double x) {
  switch (function) {
    case 1:
      return std::log(x);
    case 2:
      return std::log1p(x);
    case 3:
      return std::sqrt(x);
    case 4:
      return x * x;
    default:
      return x;
  }
}

struct Expression {
  int column = -1;
  int function = 0;
};

absl::StatusOr<Expression> ParseExpression(const Schema& schema, const std::string& text) {
  Expression expression;
  std::string name = text;
  const size_t open = text.find('(');
  const bool is_column = schema.Find(text) >= 0;  // a column's name may hold parentheses
  if (!is_column && open != std::string::npos && text.back() == ')') {
    const auto found = std::find(kFunctions.begin() + 1, kFunctions.end(), text.substr(0, open));
    if (found == kFunctions.end()) {
      return InvalidArgument("\"%s\" uses an unknown function, want log, log1p, sqrt or square",
                             text);
    }
    expression.function = static_cast<int>(found - kFunctions.begin());
    name = text.substr(open + 1, text.size() - open - 2);
  }
  expression.column = schema.Find(name);
  if (expression.column < 0) {
    return InvalidArgument("\"%s\" names column \"%s\", which [data] does not have", text, name);
  }
  const Column& column = schema.columns[static_cast<size_t>(expression.column)];
  if (column.type == ColumnType::kText || column.type == ColumnType::kImage) {
    return InvalidArgument(
        "\"%s\" is a text or image column; this model takes numbers and categories", text);
  }
  const bool category = column.type == ColumnType::kCategory;
  const bool defined = expression.function == 1   ? column.lower > 0
                       : expression.function == 2 ? column.lower > -1
                       : expression.function == 3 ? column.lower >= 0
                                                  : true;
  if ((category && expression.function != 0) || (!category && !defined)) {
    return InvalidArgument("\"%s\" is not defined on the whole range of \"%s\"; change the bounds",
                           text, name);
  }
  return expression;
}

// Bounds of function(x) on [lower, upper].
std::pair<double, double> Range(int function, double lower, double upper) {
  const double a = Apply(function, lower), b = Apply(function, upper);
  const bool dips = function == 4 && lower < 0 && upper > 0;
  return {dips ? 0.0 : std::min(a, b), std::max(a, b)};
}

}  // namespace

absl::StatusOr<FeatureMap> FeatureMap::Create(const Schema& schema, const TrainSpec& spec) {
  FeatureMap map;
  map.columns_ = schema.columns;
  if (TakesWide(schema, spec)) {
    MUTUAL_RETURN_IF_ERROR(CheckWide(schema, spec));
    map.wide_ = schema.Find(spec.features[0]);
    const Column& column = schema.columns[static_cast<size_t>(map.wide_)];
    map.descriptions_.push_back(
        column.type == ColumnType::kImage
            ? absl::StrFormat("all inputs: pixels of %s, %d channels of %d rows of %d, 0 to 1",
                              column.name, column.channels, column.height, column.width)
            : absl::StrFormat("all inputs: indexes of the first %d words of %s, zeros before them",
                              column.words, column.name));
    for (size_t i = 0; i < column.extra_count(); ++i) {
      map.names_.push_back(absl::StrFormat("%s[%d]", column.name, i));
    }
    MUTUAL_RETURN_IF_ERROR(map.AddTarget(schema, spec));
    return map;
  }
  const auto& embedded = spec.network.embedded;
  for (const std::string& text : spec.features) {
    if (std::find(embedded.begin(), embedded.end(), text) != embedded.end()) continue;
    MUTUAL_ASSIGN_OR_RETURN(const Expression expression, ParseExpression(schema, text));
    const Column& column = schema.columns[static_cast<size_t>(expression.column)];
    if (column.type == ColumnType::kCategory) {
      for (size_t k = 1; k < column.categories.size(); ++k) {
        map.terms_.push_back({expression.column, 0, static_cast<int>(k), 0, 1});
        map.names_.push_back(text + "=" + column.categories[k]);
        map.descriptions_.push_back(
            absl::StrFormat("1 if %s is \"%s\", else 0", text, column.categories[k]));
      }
      continue;
    }
    const auto [low, high] = Range(expression.function, column.lower, column.upper);
    map.terms_.push_back(
        {expression.column, expression.function, -1, (low + high) / 2, (high - low) / 2});
    map.names_.push_back(text);
    map.descriptions_.push_back(absl::StrFormat("(%s - %g) / %g, column clamped to [%g, %g]", text,
                                                (low + high) / 2, (high - low) / 2, column.lower,
                                                column.upper));
  }
  map.AddEmbedded(schema, spec);
  MUTUAL_RETURN_IF_ERROR(map.AddTarget(schema, spec));
  return map;
}

void FeatureMap::AddEmbedded(const Schema& schema, const TrainSpec& spec) {
  for (const std::string& name : spec.network.embedded) {
    const int index = schema.Find(name);
    if (index < 0) continue;  // lint has said so
    embedded_.push_back(index);
    names_.push_back(name);
    std::string list;
    for (const std::string& category : schema.columns[static_cast<size_t>(index)].categories) {
      list += (list.empty() ? "" : ", ") + category;
    }
    descriptions_.push_back(absl::StrFormat("index of %s, from 0, in: %s", name, list));
  }
}

std::vector<size_t> FeatureMap::embedded_sizes() const {
  std::vector<size_t> sizes;
  for (const int column : embedded_)
    sizes.push_back(columns_[static_cast<size_t>(column)].categories.size());
  return sizes;
}

bool FeatureMap::TakesWide(const Schema& schema, const TrainSpec& spec) {
  if (spec.model == ModelKind::kCnn || spec.model == ModelKind::kText) return true;
  if (spec.model != ModelKind::kScript || spec.features.size() != 1) return false;
  const int index = schema.Find(spec.features[0]);
  if (index < 0) return false;
  const ColumnType type = schema.columns[static_cast<size_t>(index)].type;
  return type == ColumnType::kText || type == ColumnType::kImage;
}

absl::Status FeatureMap::CheckWide(const Schema& schema, const TrainSpec& spec) {
  const int named = spec.features.empty() ? -1 : schema.Find(spec.features[0]);
  const bool image = spec.model == ModelKind::kCnn ||
                     (spec.model == ModelKind::kScript && named >= 0 &&
                      schema.columns[static_cast<size_t>(named)].type == ColumnType::kImage);
  if (spec.features.size() != 1) {
    return InvalidArgument("%s takes one column, not %d", image ? "cnn" : "text",
                           spec.features.size());
  }
  const int index = schema.Find(spec.features[0]);
  if (index < 0) return InvalidArgument("[data] does not have a column \"%s\"", spec.features[0]);
  const Column& column = schema.columns[static_cast<size_t>(index)];
  if (column.type != (image ? ColumnType::kImage : ColumnType::kText)) {
    return InvalidArgument("column \"%s\" is no %s, which the model takes", column.name,
                           image ? "image" : "text");
  }
  if (!image && column.words == 0) {
    return InvalidArgument(
        "free text names people and places, so it is not read: column \"%s\" would need free_text "
        "= "
        "\"allowed\", words, and buckets or a vocabulary, for members to vote on",
        column.name);
  }
  return absl::OkStatus();
}

absl::Status FeatureMap::CheckFeature(const Schema& schema, const std::string& text) {
  return ParseExpression(schema, text).status();
}

absl::Status FeatureMap::CheckTarget(const Schema& schema, const TrainSpec& spec) {
  FeatureMap map;
  return map.AddTarget(schema, spec);
}

int FeatureMap::ColumnOf(const Schema& schema, const std::string& text) {
  const auto expression = ParseExpression(schema, text);
  return expression.ok() ? expression->column : -1;
}

bool FeatureMap::SameColumn(const Schema& schema, const std::string& a, const std::string& b) {
  const auto first = ParseExpression(schema, a), second = ParseExpression(schema, b);
  return first.ok() && second.ok() && first->column == second->column;
}

absl::Status FeatureMap::AddTarget(const Schema& schema, const TrainSpec& spec) {
  MUTUAL_ASSIGN_OR_RETURN(const Expression target, ParseExpression(schema, spec.target));
  const Column& column = schema.columns[static_cast<size_t>(target.column)];
  target_ = {target.column, target.function, -1, 0, 1};
  const bool category = column.type == ColumnType::kCategory;
  const bool names_class = !spec.target_class.empty();
  const bool must = spec.model == ModelKind::kLogistic;
  const bool is_deep = spec.model == ModelKind::kMlp || spec.model == ModelKind::kCnn ||
                       spec.model == ModelKind::kText || spec.model == ModelKind::kScript;
  if ((names_class && !category) || (must && !names_class) || (category && !must && !is_deep)) {
    return InvalidArgument(
        "target \"%s\": logistic needs a category column and target_class; mlp, cnn and text take "
        "a number, "
        "a category column, or one of its categories as target_class; linear and poisson need a "
        "number",
        spec.target);
  }
  if (category) return AddClasses(column, spec);
  std::tie(target_lower_, target_upper_) = Range(target.function, column.lower, column.upper);
  if (spec.model == ModelKind::kPoisson && target_lower_ < 0) {
    return InvalidArgument("target \"%s\" may be negative; poisson counts events", spec.target);
  }
  return absl::OkStatus();
}

absl::Status FeatureMap::AddClasses(const Column& column, const TrainSpec& spec) {
  target_lower_ = 0;
  target_upper_ = 1;
  if (spec.target_class.empty()) {
    class_count_ = column.categories.size();
    return absl::OkStatus();
  }
  const auto found =
      std::find(column.categories.begin(), column.categories.end(), spec.target_class);
  if (found == column.categories.end()) {
    return InvalidArgument("target_class \"%s\" is no category of \"%s\"", spec.target_class,
                           spec.target);
  }
  target_category_ = static_cast<int>(found - column.categories.begin());
  return absl::OkStatus();
}

size_t FeatureMap::input_count() const {
  const size_t wide = wide_ < 0 ? 0 : columns_[static_cast<size_t>(wide_)].extra_count();
  return terms_.size() + embedded_.size() + wide;
}
const std::vector<std::string>& FeatureMap::input_names() const { return names_; }
FeatureMap::Scale FeatureMap::InputScale(size_t input) const {
  return {terms_[input].centre, terms_[input].half_range};
}
std::vector<std::string> FeatureMap::Describe() const { return descriptions_; }
double FeatureMap::target_lower() const { return target_lower_; }
double FeatureMap::target_upper() const { return target_upper_; }

bool FeatureMap::Inputs(const MemberRows& rows, size_t row, std::span<double> inputs) const {
  for (size_t i = 0; i < terms_.size(); ++i) {
    const Term& term = terms_[i];
    const Column& column = columns_[static_cast<size_t>(term.column)];
    const double value = rows.at(row, static_cast<size_t>(term.column));
    if (std::isnan(value)) return false;
    if (term.category >= 0) {
      inputs[i] = value == term.category ? 1 : 0;
      continue;
    }
    const double clamped = std::clamp(value, column.lower, column.upper);
    const double scaled = (Apply(term.function, clamped) - term.centre) / term.half_range;
    inputs[i] = std::clamp(scaled, -1.0, 1.0);
  }
  for (size_t i = 0; i < embedded_.size(); ++i) {
    const double value = rows.at(row, static_cast<size_t>(embedded_[i]));
    if (std::isnan(value)) return false;
    inputs[terms_.size() + i] = value;
  }
  if (wide_ < 0) return true;
  const Column& column = columns_[static_cast<size_t>(wide_)];
  if (std::isnan(rows.at(row, static_cast<size_t>(wide_)))) return false;
  for (size_t i = 0; i < column.extra_count(); ++i) inputs[i] = rows.at(row, column.extra_at + i);
  return true;
}

bool FeatureMap::Target(const MemberRows& rows, size_t row, double* target) const {
  const Column& column = columns_[static_cast<size_t>(target_.column)];
  const double value = rows.at(row, static_cast<size_t>(target_.column));
  if (std::isnan(value)) return false;
  if (class_count_ > 0) {
    *target = value;
    return value >= 0 && value < static_cast<double>(class_count_);
  }
  *target = target_category_ >= 0
                ? (value == target_category_ ? 1.0 : 0.0)
                : Apply(target_.function, std::clamp(value, column.lower, column.upper));
  return true;
}

}  // namespace mutual::study
