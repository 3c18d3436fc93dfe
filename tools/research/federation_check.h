// What a study file cannot show by itself: whether its scrutineers fit the federation.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "study/study_file.h"
#include "transparency/policy.h"

namespace mutual::research {

// The federation as its newest policy entry says: the log's witnesses and the operator's nodes.
struct KnownFederation {
  transparency::Policy policy;
  std::set<std::string> operator_nodes;
};

// The problems that `propose` would be refused for, on the lines of the study file's [scrutineers]:
// OPERATOR_UNDECLARED, SCRUTINEER_UNKNOWN (no witness of the log), WITNESS_QUORUM (two quorums of
// witnesses share too few). Empty when there are none.
std::vector<study::Problem> CheckAgainst(const study::Study& study,
                                         const KnownFederation& federation);

}  // namespace mutual::research
