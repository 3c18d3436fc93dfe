// Plans of the demos' studies against what the studies state when they are run.
#include "study/plan/plan.h"
#include "tests/examples/demos.h"

namespace mutual {
namespace {

using testing::DemoFederation;
using testing::EstimateOf;

struct Planned {
  const char* study;
  const DemoFederation& (*demo)();
  const char *table, *row, *estimate;
};

const Planned kPlanned[] = {
    {"drivers/waiting.toml", testing::Drivers, "pay per logged-in hour", "after", "mean"},
    {"drivers/pay.toml", testing::Drivers, "share of the fare that reaches the driver", "after",
     "mean"},
    {"warehouses/injuries.toml", testing::Warehouses, "injuries per 100 full-time years", "large",
     "rate"},
    {"warehouses/injuries.toml", testing::Warehouses, "injuries per 100 full-time years", "other",
     "rate"},
    {"pay_survey/mean.toml", testing::PaySurvey, "pay", "all members", "mean"},
    {"pay_survey/medians.toml", testing::PaySurvey, "quantiles of pay", "men, full time / 50%",
     "value"},
    {"pay_survey/gap.toml", testing::PaySurvey, "gap of log(pay), men less women", "raw gap",
     "value"},
};

// The planned half-width of the figure.
double HalfWidthOf(const study::Plan& plan, const Planned& planned) {
  for (const study::PlannedFigure& figure : plan.figures) {
    if (figure.table == planned.table && figure.row == planned.row &&
        figure.name == planned.estimate) {
      return figure.combined;
    }
  }
  FAIL("the plan has no " << planned.estimate << " of " << planned.row);
  return 0;
}

}  // namespace

TEST_CASE("Plans from the demos' data foretell the errors that their studies state", "[examples]") {
  constexpr int kRuns = 10;
  for (const Planned& planned : kPlanned) {
    const DemoFederation& demo = planned.demo();
    const auto study = DemoFederation::StudyAt(planned.study);
    const study::MemberSample sample = demo.Sample(study);
    const auto planner = study::Planner::Create(study, sample);
    REQUIRE_OK(planner);
    const auto nodes = static_cast<double>(demo.files().size());
    const study::Plan plan = planner->At(
        {nodes, static_cast<double>(sample.size()), demo.NodeNoise(study) * std::sqrt(nodes)});
    double stated = 0;
    for (int run = 0; run < kRuns; ++run) {
      const auto estimate = EstimateOf(demo.Run(study, 100 + static_cast<uint64_t>(run)),
                                       planned.table, planned.row, planned.estimate);
      stated += 1.96 * estimate.standard_error / kRuns;
    }
    const double half_width = HalfWidthOf(plan, planned);
    // For docs/RESULTS.md: run with -s to see the lines.
    INFO(planned.study << " | " << planned.row << " | " << half_width << " | " << stated);
    CHECK_THAT(half_width, WithinRel(stated, 0.15));
  }
}

}  // namespace mutual
