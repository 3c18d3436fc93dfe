#include "study/local_steps.h"

#include "absl/strings/str_format.h"

namespace mutual::study {

double DifferenceScale(double bound, int64_t clamp) {
  const auto most = static_cast<double>(clamp);
  double scale = 1;
  while (bound * scale > most) scale /= 2;
  while (bound * (2 * scale) <= most) scale *= 2;
  return scale;
}

std::string SentenceOf(const LocalSteps& steps) {
  return absl::StrFormat(
      "In every round each organisation took %d noised steps of its own and sent the difference of "
      "the weights. Other organisations' noise does not protect such a difference, so both privacy "
      "figures are the same and count every step.",
      steps.count);
}

}  // namespace mutual::study
