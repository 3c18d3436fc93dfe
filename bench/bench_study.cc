#include "bench/bench_study.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace mutual::bench {
namespace {

constexpr uint64_t kMaxWidth = 4096;

constexpr char kText[] = R"(title = "Whole rounds of %d nodes"
purpose = "To measure rounds."
benefit = "None but the figures."
contact = "bench@fed.example"
licence = "CC0-1.0"
expires = 2099-12-31

[data]
table = "rows"
member = "member"

[[data.column]]
name = "x"
type = "real"
lower = 0
upper = 1
definition = "A number."

[[data.column]]
name = "y"
type = "real"
lower = 0
upper = 1
definition = "Another number."

[recipe]
kind = "train"
model = "mlp"
hidden = [%d, %d]
features = ["x"]
target = "y"
optimizer = "%s"
learning_rate = 1e-6
rounds = %d
expected_members = 1000
evaluation_share = 0.25

[privacy]
noise_multiplier = 8
delta = 1e-6
sampling_rate = 1
clip = 1
max_rows = 1

[cohort]
min_nodes = %d
assumed_colluders = 1
deadline = "2h"
join_window = "2h"

[scrutineers]
organisations = ["node-01", "node-02", "node-03", "node-04"]
threshold = 2
operator_nodes = []
)";

}  // namespace

absl::StatusOr<std::string> StudyText(const StudyWanted& wanted) {
  if (wanted.values < 9 || wanted.values > (kMaxWidth + 2) * (kMaxWidth + 2)) {
    return InvalidArgument("a contribution of %d values was asked for, want 9 to %d", wanted.values,
                           (kMaxWidth + 2) * (kMaxWidth + 2));
  }
  const auto root = static_cast<uint64_t>(std::sqrt(static_cast<double>(wanted.values)));
  uint64_t best = 3, best_miss = wanted.values;
  for (uint64_t side = root; side >= 3; --side) {
    const uint64_t other = (wanted.values + side / 2) / side;
    if (other > kMaxWidth + 2) break;
    const uint64_t product = side * other;
    const uint64_t miss =
        product > wanted.values ? product - wanted.values : wanted.values - product;
    if (miss < best_miss) {
      best = side;
      best_miss = miss;
    }
  }
  const uint64_t other = (wanted.values + best / 2) / best;
  return absl::StrFormat(kText, wanted.nodes, best - 2, other - 2, wanted.optimizer, wanted.rounds,
                         wanted.nodes);
}

}  // namespace mutual::bench
