// What an imported TorchScript module may and may not do.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/learning/clipped_step.h"

namespace torch::jit {
struct Module;
}

namespace mutual::client {

inline constexpr uint64_t kMostScriptBytes = uint64_t{256} << 20;
inline constexpr size_t kMostScriptOperators = 20000;
inline constexpr double kMostSecondsPerMember = 1;

// Refuses, with code SCRIPT_REFUSED and what was found: operators that are not on the list
// (randomness, files, printing, batch statistics among them), assignments to attributes, loops
// whose end depends on data, too many operators, parameters that are not float32. Only reads the
// module's code.
absl::Status CheckScriptCode(const torch::jit::Module& module);

// Refuses a module that fails on `plan`'s shapes, whose buffers change, which answers differently
// the second time, in which one row changes another's output, or that takes longer than
// kMostSecondsPerMember. Runs it on made-up rows.
absl::Status CheckScriptRun(torch::jit::Module& module, const StepPlan& plan, int64_t outputs);

}  // namespace mutual::client
