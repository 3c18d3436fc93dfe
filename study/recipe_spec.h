// What each recipe asks, as the study file says it. Keys and ranges: docs/STUDY_FILE.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "study/layer.h"
#include "study/local_steps.h"

namespace mutual::study {

// A measure is a column (the mean over the member's rows) or a ratio factor·Σnumerator/Σdenominator
// over the member's rows, clamped into [lower, upper].
struct Measure {
  std::string name;
  std::string numerator;    // the column itself when there is no denominator
  std::string denominator;  // empty for a plain column
  double lower = 0, upper = 0;
  std::string unit;
  double factor = 1;  // e.g. 60 for "per hour" of minutes
};

// Count, mean and variance of each measure over members, optionally per category of `by`.
struct MeanSpec {
  std::vector<Measure> measures;
  std::string
      by;  // empty, or a category column; a member counts in each category they have rows in
};

// Number of members per bin of one or two measures (public edges or categories): the member's
// measure falls into one bin; a category column takes the member's most frequent category.
struct HistogramSpec {
  std::vector<Measure> measures;           // one or two; a category column has lower = upper = 0
  std::vector<std::vector<double>> edges;  // per measure, increasing; empty for a category column
  std::vector<double> quantiles;           // 1-D only, in (0,1)
};

enum class ModelKind { kLinear, kLogistic, kPoisson, kMlp, kCnn, kText, kScript };
enum class Optimizer { kSgd, kAdam };
enum class RateSchedule { kConstant, kLinear, kInverseRoot };

// Layers of the deeper models; docs/STUDY_FILE.md.
struct Convolution {
  int channels = 0, kernel = 0, stride = 1, padding = 0;
  int pool = 1, pool_stride = 1;  // max pooling after it; 1 = none
};
struct NetworkSpec {
  bool is_relu = false;                   // instead of tanh
  std::vector<Convolution> convolutions;  // cnn
  bool has_group_norm = false;            // cnn: one group for all channels, after each convolution
  int embedding_width = 0;                // text; mlp with `embedded`
  std::vector<std::string> embedded;  // mlp: category columns that get a vector for each category
  std::string script;                 // script: SHA-256 of the TorchScript file, hex
  std::vector<TensorShape> script_tensors;  // its parameters
  int gru_width = 0;                        // text: 0 = mean of the words' vectors
};

struct TrainSpec {
  ModelKind model = ModelKind::kLinear;
  std::vector<std::string> features;  // feature expressions, see study/feature.h
  std::string target;  // expression for linear/poisson/mlp regression; category column for logistic
  std::string target_class;  // logistic, mlp classification: the category that counts as 1; empty =
                             // regression
  std::vector<int> hidden;   // mlp, cnn, text: widths, tanh (or relu) between
  NetworkSpec network;
  int rounds = 0;
  Optimizer optimizer = Optimizer::kSgd;
  double learning_rate = 0;
  double momentum = 0;
  double weight_decay = 0;
  double averaging = 0;  // EMA decay, 0 = off
  RateSchedule schedule = RateSchedule::kConstant;
  int warmup_rounds = 0;              // the rate rises over these
  double final_share = 0;             // linear: of the rate, towards which it falls
  std::optional<Digest> start_model;  // a published model; without it the public initial one
  double expected_members = 0;        // declared public constant that divides the sum
  double evaluation_share = 0;        // share of slots held out, 0 = no evaluation
  int patience = 0;                   // rounds of a window of early stopping, 0 = never
  std::optional<LocalSteps> local;    // a node takes steps of its own in every round
};

// Quantiles of one measure, optionally per category of `by` (as in MeanSpec).
struct QuantileSpec {
  Measure measure;
  std::vector<double> edges;      // increasing
  std::vector<double> quantiles;  // in (0, 1)
  std::string by;
};

// Members per cell of two category columns, with the test of independence.
struct TableSpec {
  std::string down, across;
};

// Gini coefficient and percentile ratios of one measure that is not negative.
struct InequalitySpec {
  Measure measure;
  std::vector<double> edges;
};

// Σevents / Σexposure over members, optionally per category of `by`. A member's two sums over all
// their rows are scaled down onto the bounds when they are larger.
struct Rate {
  std::string name;
  std::string events, exposure;  // number columns that are not negative
  double events_bound = 0, exposure_bound = 0;
  double factor = 1;
  std::string unit;
};
struct RateSpec {
  std::vector<Rate> rates;
  std::string by;
};

// Time until an event on a public grid, optionally per category of `by` (the member's most
// frequent one).
struct SurvivalSpec {
  std::string time;         // number column; the grid covers its bounds
  std::string event;        // category column
  std::string event_class;  // the category that means that the event happened
  int intervals = 0;
  std::string by;
};

// A member's measure in the second category of `period` minus that in the first.
struct ChangeSpec {
  Measure measure;
  std::string period;         // a category column of two
  double largest_change = 0;  // differences are clamped to ± this
  double tolerance = 0;       // smaller losses do not count as lost
  bool loss_is_increase = false;
  std::string by;  // groups to compare: the member's most frequent category
};

// One record a member (numbers: mean over the rows, categories: the most frequent) in a regression.
struct RegressionSpec {
  ModelKind model = ModelKind::kLinear;  // linear, logistic or poisson
  std::vector<std::string> features;
  std::vector<double> bins;  // not linear: for each feature how many, 0 for a category
  std::string target;
  std::string target_class;  // logistic
  std::string exposure;      // poisson: the column whose logarithm is the offset, or empty
  double target_bound = 0, exposure_bound = 0;  // poisson: of a member's sums
  double design_effect = 1;                     // multiplies sampling variances
  double ridge = 0;  // linear: so many members' weight for coefficients of 0, constant excepted
};

// Raw and adjusted gap of `target` between the two categories of `between`.
struct GapSpec {
  std::string target;
  std::string between;
  std::vector<std::string> features;
  double design_effect = 1;
};

// Several recipes over one vector that share one budget.
struct RecipePart;
struct JointSpec {
  std::vector<RecipePart> parts;
};

using RecipeSpec =
    std::variant<MeanSpec, HistogramSpec, TrainSpec, QuantileSpec, TableSpec, InequalitySpec,
                 RateSpec, SurvivalSpec, ChangeSpec, RegressionSpec, GapSpec, JointSpec>;

struct RecipePart {
  std::string name;
  double share = 0;  // of the budget; those of a study add up to 1
  RecipeSpec recipe;
};

// "mean", "histogram", … as in `kind`; "joint" for several.
std::string_view KindName(const RecipeSpec& spec);

}  // namespace mutual::study
