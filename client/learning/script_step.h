// ClippedStep of an imported TorchScript module.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "client/learning/clipped_step.h"

namespace mutual::client {

// plan.script: the file's path. INVALID_ARGUMENT SCRIPT_REFUSED with what was found; SCRIPT_SHAPE
// when its parameters are not `plan.script_tensors`. The file's digest is the caller's to check.
absl::StatusOr<std::unique_ptr<ClippedStep>> MakeScriptStep(const StepPlan& plan);

}  // namespace mutual::client
