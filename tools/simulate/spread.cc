#include "tools/simulate/spread.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_join.h"
#include "study/result.h"

namespace mutual::simulate {
namespace {

constexpr double kSure = 1.96;

struct Values {
  SpreadFigure figure;
  std::vector<double> shown, errors;
};

void Take(const study::Result& result, std::vector<Values>* all,
          std::map<std::string, size_t>* places) {
  for (const study::ResultTable& table : result.tables) {
    for (const study::ResultRow& row : table.rows) {
      const std::string keys = absl::StrJoin(row.keys, " / ");
      for (const study::Estimate& estimate : row.estimates) {
        const std::string id = table.title + "\n" + keys + "\n" + estimate.name;
        const auto [place, is_new] = places->emplace(id, all->size());
        if (is_new) {
          all->push_back({{table.title, keys, estimate.name, estimate.unit}, {}, {}});
        }
        Values& values = (*all)[place->second];
        if (!std::isfinite(estimate.value)) {
          ++values.figure.withheld;
          continue;
        }
        values.shown.push_back(estimate.value);
        if (std::isfinite(estimate.standard_error))
          values.errors.push_back(estimate.standard_error);
      }
    }
  }
}

double MeanOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

SpreadFigure Finish(Values values) {
  SpreadFigure& figure = values.figure;
  figure.shown = values.shown.size();
  if (values.shown.empty()) return figure;
  figure.mean = MeanOf(values.shown);
  figure.stated = kSure * MeanOf(values.errors);
  const auto [low, high] = std::minmax_element(values.shown.begin(), values.shown.end());
  figure.low = *low;
  figure.high = *high;
  double squares = 0;
  for (const double value : values.shown) squares += (value - figure.mean) * (value - figure.mean);
  if (values.shown.size() > 1) {
    figure.half_width = kSure * std::sqrt(squares / static_cast<double>(values.shown.size() - 1));
  }
  return figure;
}

}  // namespace

std::vector<SpreadFigure> SpreadOf(const std::vector<nlohmann::ordered_json>& repeats) {
  std::vector<Values> all;
  std::map<std::string, size_t> places;
  for (const nlohmann::ordered_json& repeat : repeats) {
    const auto found = repeat.find("result");
    if (found == repeat.end() || !found->is_object()) continue;
    const auto result = study::ResultFromJson(found->dump());
    if (result.ok()) Take(*result, &all, &places);
  }
  std::vector<SpreadFigure> spread;
  for (Values& values : all) spread.push_back(Finish(std::move(values)));
  return spread;
}

}  // namespace mutual::simulate
