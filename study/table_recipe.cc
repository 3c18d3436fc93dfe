#include "study/table_recipe.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "study/chi_square.h"
#include "study/figure.h"
#include "study/measure.h"
#include "study/release_rule.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

class TableRecipe final : public Statistic {
 public:
  explicit TableRecipe(const Study& study)
      : Statistic(study),
        spec_(std::get<TableSpec>(study.recipe)),
        down_(GroupNames(spec_.down)),
        across_(GroupNames(spec_.across)) {}

  uint64_t dimension() const override { return down_.size() * across_.size(); }
  double member_bound() const override { return 1; }

 private:
  void Fill(const MemberRows& rows, std::span<double> out) const override {
    const int i = MemberCategory(rows, schema(), spec_.down);
    const int j = MemberCategory(rows, schema(), spec_.across);
    if (i >= 0 && j >= 0) out[static_cast<size_t>(i) * across_.size() + static_cast<size_t>(j)] = 1;
  }

  Result Read(const ReleasedSum& sum) const override {
    Result result;
    result.tables.push_back({spec_.down + " by " + spec_.across, {spec_.down, spec_.across}, {}});
    for (size_t i = 0; i < down_.size(); ++i) AddRow(sum, i, &result);
    AddTest(sum, &result);
    return result;
  }

  // A share s = O/T of a row's total T of K cells has noise σ/T·√((1 − s)² + (K − 1)s²) and
  // sampling error √(s(1 − s)/n) of the n = T·q members behind it.
  void AddRow(const ReleasedSum& sum, size_t i, Result* result) const {
    const auto cells = static_cast<double>(across_.size());
    double total = 0;
    for (size_t j = 0; j < across_.size(); ++j) total += sum.values[i * across_.size() + j];
    const bool known = IsFigureReleasable(total, sum.noise_stddev * std::sqrt(cells));
    for (size_t j = 0; j < across_.size(); ++j) {
      const double count = sum.values[i * across_.size() + j];
      const double share = std::clamp(count / total, 0.0, 1.0);
      const double noise = sum.noise_stddev / total *
                           std::sqrt((1 - share) * (1 - share) + (cells - 1) * share * share);
      const double error =
          std::hypot(noise, std::sqrt(share * (1 - share) / (total * sampling_rate())));
      ResultRow row{{down_[i], across_[j]},
                    {{"members", count, CountError(count, sum.noise_stddev, sampling_rate()), ""},
                     {"share of " + spec_.down, known ? share : std::nan(""), error, ""}}};
      ResultTable& table = result->tables[0];
      if (!IsCountReleasable(count)) {
        Withhold(kTooFew, table.title, &row, result);
      } else if (!known) {
        result->withheld.push_back({table.title, down_[i] + " / " + across_[j], kTooNoisy});
      }
      table.rows.push_back(std::move(row));
    }
  }

  // The table without the rows and columns of which too little is known.
  NoisyCells Known(const ReleasedSum& sum) const {
    const size_t columns = across_.size();
    std::vector<double> down(down_.size()), across(columns);
    for (size_t c = 0; c < sum.values.size(); ++c) {
      down[c / columns] += sum.values[c];
      across[c % columns] += sum.values[c];
    }
    const auto known = [&](double margin, size_t cells) {
      return IsFigureReleasable(margin, sum.noise_stddev * std::sqrt(static_cast<double>(cells)));
    };
    NoisyCells cells;
    cells.noise_stddev = sum.noise_stddev;
    cells.sampling_rate = sampling_rate();
    for (size_t i = 0; i < down.size(); ++i) {
      if (!known(down[i], columns)) continue;
      ++cells.rows;
      cells.columns = 0;
      for (size_t j = 0; j < columns; ++j) {
        if (!known(across[j], down.size())) continue;
        ++cells.columns;
        cells.counts.push_back(sum.values[i * columns + j]);
      }
    }
    return cells;
  }

  void AddTest(const ReleasedSum& sum, Result* result) const {
    const std::string title = "independence of " + spec_.down + " and " + spec_.across;
    const NoisyCells cells = Known(sum);
    const auto test = cells.rows < 2 || cells.columns < 2 ? std::nullopt : TestIndependence(cells);
    if (!test) {
      result->withheld.push_back({title, "", kTooNoisy});
      result->sentences.push_back("Whether " + spec_.down + " and " + spec_.across +
                                  " go together is withheld: too few members are counted.");
      return;
    }
    result->tables.push_back({title,
                              {"test"},
                              {{{"chi-square with noise"},
                                {{"statistic", test->statistic, 0, ""},
                                 {"degrees of freedom", test->degrees, 0, ""},
                                 {"p-value", test->tail, 0, ""}}}}});
    result->sentences.push_back(
        test->tail < 0.05
            ? absl::StrFormat(
                  "%s and %s go together: by chance alone, noise included, so much "
                  "difference would be seen %s times in 100.",
                  spec_.down, spec_.across,
                  test->tail < 0.001 ? "fewer than 0.1" : "about " + Readable(100 * test->tail, 0))
            : absl::StrFormat("%s and %s may be independent: by chance alone, noise included, as "
                              "much difference would be seen about %s times in 100.",
                              spec_.down, spec_.across, Readable(100 * test->tail, 5)));
  }

  TableSpec spec_;
  std::vector<std::string> down_, across_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeTableRecipe(const Study& study) {
  return std::make_unique<TableRecipe>(study);
}

}  // namespace mutual::study
