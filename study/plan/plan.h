// What a study would find out, foretold from its own recipe.
//
// The expected sum is that of a sample's mean member times the members expected. Finishing it
// without noise gives the errors of sampling alone, and with the standard deviation of the noise
// those of both; finishing it with noise thrown in gives the share of cells that would be withheld.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "study/plan/assumed_members.h"
#include "study/recipe.h"

namespace mutual::study {

// Who answers, and the noise of the released sum in the recipe's unit.
struct Scenario {
  double nodes = 0;    // contributions counted
  double members = 0;  // with rows, in all of them
  double noise_stddev = 0;
};

// 95 % half-widths of one figure; `combined` is what the result itself would state.
struct PlannedFigure {
  std::string table, row, name, unit;
  double value = 0;
  double sampling = 0, privacy = 0, combined = 0;
};

struct Plan {
  std::vector<PlannedFigure> figures;  // those that the expected sum would show
  double withheld_share = 0;           // of all cells, on average over noisy sums
  bool has_nodes = false;              // min_nodes are expected
  // The study tells enough: has_nodes, at most a tenth of the cells is withheld, and for half of
  // the figures noise no more than doubles the error or the error is at most a tenth of the figure
  // (for counts: at most half).
  bool is_useful = false;
};

// Foretells one study. Immutable; thread-safe.
class Planner {
 public:
  // `sample`: rows of members like those to be asked, at least one. FAILED_PRECONDITION for
  // training, whose quality no formula tells.
  static absl::StatusOr<Planner> Create(const Study& study, const MemberSample& sample);
  const Recipe& recipe() const { return *recipe_; }
  Plan At(const Scenario& scenario) const;
  // The fewest members (nodes and noise as they are), to 1 %; nothing up to a thousand times as
  // many.
  std::optional<double> LeastMembers(const Scenario& scenario) const;
  // The most noise (as a factor of the scenario's), to 1 %; nothing down to a thousandth.
  std::optional<double> MostNoise(const Scenario& scenario) const;

 private:
  Planner(std::shared_ptr<const Recipe> recipe, int min_nodes, std::vector<double> mean)
      : recipe_(std::move(recipe)), min_nodes_(min_nodes), mean_(std::move(mean)) {}
  double WithheldShare(const Scenario& scenario) const;
  // Shared: a Planner may be copied, and a recipe never changes.
  std::shared_ptr<const Recipe> recipe_;
  int min_nodes_;
  std::vector<double> mean_;  // vector of a member
};

}  // namespace mutual::study
