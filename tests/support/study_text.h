// Study files for tests.
#pragma once

#include <string>

#include "absl/strings/str_replace.h"

namespace mutual::testing {

// A mean study of one column "wage" in [8, 60] over 3 nodes. Change lines by StrReplaceAll.
inline std::string MeanStudyText() {
  return R"(title = "Wages"
purpose = "To know them."
benefit = "Figures for negotiations."
contact = "research@fed.example"
licence = "CC-BY-4.0"
expires = 2035-12-31

[data]
table = "wages"
member = "who"
[[data.column]]
name = "wage"
type = "real"
lower = 8
upper = 60
unit = "pounds"
definition = "Per hour."

[recipe]
kind = "mean"
columns = ["wage"]

[privacy]
noise_multiplier = 2
delta = 1e-6
sampling_rate = 1
max_rows = 4

[cohort]
min_nodes = 3
assumed_colluders = 1
deadline = "60s"
join_window = "10m"

[scrutineers]
organisations = ["north", "south", "west", "east"]
threshold = 2
operator_nodes = []
)";
}

// A linear model of the wage by age, trained in `rounds` rounds.
inline std::string TrainStudyText(int rounds) {
  return absl::StrReplaceAll(
      MeanStudyText(),
      {{"definition = \"Per hour.\"\n",
        "definition = \"Per hour.\"\n[[data.column]]\nname = \"age\"\ntype = \"real\"\nlower = 16\n"
        "upper = 80\ndefinition = \"In years.\"\n"},
       {"kind = \"mean\"\ncolumns = [\"wage\"]",
        "kind = \"train\"\nmodel = \"linear\"\nfeatures = [\"age\"]\ntarget = \"wage\"\n"
        "optimizer = \"sgd\"\nlearning_rate = 0.5\nrounds = " +
            std::to_string(rounds) + "\nexpected_members = 10"},
       {"max_rows = 4", "max_rows = 4\nclip = 1"}});
}

// The same with `steps` local steps a round, whose difference is hardly ever clipped.
inline std::string LocalStudyText(int rounds, int steps) {
  return absl::StrReplaceAll(TrainStudyText(rounds),
                             {{"expected_members = 10",
                               "expected_members = 10\nlocal_rate = 0.5\ndifference_clip = 1000\n"
                               "local_steps = " +
                                   std::to_string(steps)}});
}

}  // namespace mutual::testing
