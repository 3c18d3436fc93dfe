// One row of the table of seeded faults: what is done to an honest log, and what must find it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/tools/honest_drafts.h"
#include "tools/audit/finding.h"

namespace mutual::audit::testing {

struct Fault {
  const char* name;
  const char* check;  // that must fail
  ExitCode exit;
  std::function<void(Drafts&)> drafts;    // what a dishonest federation logs
  std::function<void(Entries&)> entries;  // signed bytes, before the tree is built
  std::function<void(Files&)> files;      // what is served
};

// Dishonest entries with true signatures in a true tree.
std::vector<Fault> DecisionFaults();
std::vector<Fault> RoundFaults();
std::vector<Fault> ReleaseFaults();
std::vector<Fault> MemberFaults();
// Of scrutineers and mask keys; of disputes, tallies and class sums.
std::vector<Fault> MaskFaults();
std::vector<Fault> TallyFaults();
// Wrong bytes, signatures and checkpoints.
std::vector<Fault> ByteFaults();

}  // namespace mutual::audit::testing
