#include "study/quantile_table.h"

#include <numeric>

#include "absl/strings/str_format.h"
#include "study/figure.h"
#include "study/release_rule.h"

namespace mutual::study {

void AddQuantiles(const BinnedCounts& bins, const QuantileQuestion& question, ResultTable* table,
                  Result* result) {
  const Measure& measure = question.measure;
  const std::string& group = question.group;
  const std::vector<Quantile> quantiles = QuantilesOf(bins, question.quantiles);
  const std::string who = group.empty() ? "members" : "members (" + group + ")";
  if (quantiles.empty()) {
    const double total = std::accumulate(bins.counts.begin(), bins.counts.end(), 0.0);
    result->sentences.push_back(absl::StrFormat(
        "%s: quantiles of %s are withheld, because too few are known to be counted.", measure.name,
        who));
    result->withheld.push_back({table->title, group, ReasonOf(total)});
    return;
  }
  for (size_t i = 0; i < quantiles.size(); ++i) {
    const Quantile& quantile = quantiles[i];
    const double error = (quantile.high - quantile.low) / (2 * kTwoSided);
    const std::string share = absl::StrFormat("%g%%", 100 * question.quantiles[i]);
    ResultRow row;
    if (!group.empty()) row.keys.push_back(group);
    row.keys.push_back(share);
    row.estimates = {{"value", quantile.value, error, measure.unit},
                     {"95% low", quantile.low, 0, measure.unit},
                     {"95% high", quantile.high, 0, measure.unit},
                     {"bin width", quantile.bin_width, 0, measure.unit}};
    table->rows.push_back(std::move(row));
    result->sentences.push_back(
        absl::StrFormat("%s of %s have a %s below about %s (95%% sure: %s to %s).", share, who,
                        measure.name, WithUnit(Readable(quantile.value, error), measure.unit),
                        Readable(quantile.low, error), Readable(quantile.high, error)));
  }
}

}  // namespace mutual::study
