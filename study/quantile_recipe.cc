#include "study/quantile_recipe.h"

#include <cmath>

#include "study/measure.h"
#include "study/quantile_table.h"
#include "study/statistic.h"

namespace mutual::study {
namespace {

class QuantileRecipe final : public Statistic {
 public:
  explicit QuantileRecipe(const Study& study)
      : Statistic(study),
        spec_(std::get<QuantileSpec>(study.recipe)),
        names_(GroupNames(spec_.by)),
        bins_(spec_.edges.size() - 1) {}

  uint64_t dimension() const override { return names_.size() * bins_; }
  double member_bound() const override {
    return std::sqrt(static_cast<double>(GroupsOfMember(names_.size())));
  }

 private:
  void Fill(const MemberRows& rows, std::span<double> out) const override {
    const int by = PositionOf(spec_.by);
    for (size_t group = 0; group < names_.size(); ++group) {
      const double x = MemberValue(rows, schema(), spec_.measure, by, static_cast<int>(group));
      if (!std::isnan(x)) out[group * bins_ + BinOf(spec_.edges, x)] = 1;
    }
  }

  Result Read(const ReleasedSum& sum) const override {
    Result result;
    ResultTable table;
    table.title = "quantiles of " + spec_.measure.name;
    if (!spec_.by.empty()) table.key_columns.push_back(spec_.by);
    table.key_columns.push_back("quantile");
    for (size_t group = 0; group < names_.size(); ++group) {
      const auto first = sum.values.begin() + static_cast<long>(group * bins_);
      AddQuantiles({spec_.edges,
                    {first, first + static_cast<long>(bins_)},
                    sum.noise_stddev,
                    sampling_rate()},
                   {spec_.measure, spec_.quantiles, spec_.by.empty() ? "" : names_[group]}, &table,
                   &result);
    }
    if (!table.rows.empty()) result.tables.push_back(std::move(table));
    return result;
  }

  QuantileSpec spec_;
  std::vector<std::string> names_;
  size_t bins_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Recipe>> MakeQuantileRecipe(const Study& study) {
  return std::make_unique<QuantileRecipe>(study);
}

}  // namespace mutual::study
