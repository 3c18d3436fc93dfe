#include "study/figure.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace mutual::study {

std::string Readable(double value, double standard_error) {
  if (!std::isfinite(value)) return "withheld";
  const bool known = std::isfinite(standard_error) && standard_error > 0;
  const double scale = known ? standard_error : std::abs(value) / 100;
  constexpr double kTiny = 1e-6;  // smaller figures of unknown error would be rows of zeros
  if (!known && value != 0 && std::abs(value) < kTiny) return absl::StrFormat("%.1e", value);
  constexpr int kMostDigits = 15;
  int digits = 0;
  if (scale > 0) {
    digits = 1 - static_cast<int>(std::floor(std::clamp(std::log10(scale), -100.0, 100.0)));
  }
  std::string text = absl::StrFormat("%.*f", std::clamp(digits, 0, kMostDigits), value);
  if (text[0] == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

std::string WithUnit(const std::string& number, const std::string& unit) {
  return unit.empty() ? number : number + " " + unit;
}

}  // namespace mutual::study
