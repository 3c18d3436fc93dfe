// ClippedStep of an imported TorchScript module.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "client/learning/clipped_step.h"

namespace mutual::client {

// plan.script: the file's path. INVALID_ARGUMENT SCRIPT_REFUSED with what was found; SCRIPT_SHAPE
// when its parameters are not `plan.script_tensors`. The file's digest is the caller's to check.
absl::StatusOr<std::unique_ptr<ClippedStep>> MakeScriptStep(const StepPlan& plan);

// The `parameters` line of a study file for the module at `path`. SCRIPT_REFUSED when its code is.
absl::StatusOr<std::string> ScriptParameters(const std::string& path);

// Writes the module at `path` with the parameters `model` to `to`. UNAVAILABLE when it cannot.
absl::Status SaveScript(const std::string& path, std::span<const float> model,
                        const std::string& to);

}  // namespace mutual::client
