// The forward method of an exported model.
#pragma once

#include <string>

#include "client/learning/task.h"

namespace mutual::client {

// forward(x [n, inputs]) -> prediction: [n] (a probability, a rate, a value in the target's unit),
// or [n, classes] probabilities. Parameters are attributes named as the tensors with "_" for ".".
std::string ForwardSource(const Task& task);

// forward(x [n, inputs]) -> the output before the link function, [n, outputs].
std::string OutputSource(const std::vector<study::LayerSpec>& layers);

}  // namespace mutual::client
