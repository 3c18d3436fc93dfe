#include "client/learning/script_source.h"

#include "absl/strings/str_format.h"

namespace mutual::client {

std::string OutputSource(const std::vector<study::LayerSpec>& layers) {
  return "def forward(self, x):\n" + study::TorchScriptOf(layers) + "    return x\n";
}

std::string ForwardSource(const Task& task) {
  const std::string source = "def forward(self, x):\n" + study::TorchScriptOf(task.layout.layers);
  switch (task.plan.loss) {
    case LossKind::kSoftmax:
      return source + "    return torch.softmax(x, 1)\n";
    case LossKind::kLogistic:
      return source + "    return torch.sigmoid(x.squeeze(1))\n";
    case LossKind::kPoisson:
      return source + "    return torch.exp(torch.clamp(x.squeeze(1), -20.0, 20.0))\n";
    default:
      return source +
             absl::StrFormat("    return x.squeeze(1) * %.17g + %.17g\n", task.half, task.centre);
  }
}

}  // namespace mutual::client
