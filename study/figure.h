// Numbers as people read them: no exponents, no more digits than are known. Internal to study/.
#pragma once

#include <string>

namespace mutual::study {

// A Gaussian lies within this many standard deviations with a chance of 95 %.
inline constexpr double kTwoSided = 1.96;

// `value` with the digits that show two of `standard_error` (without one, four significant
// digits); "withheld" when it is not finite. Never "-0", never an exponent.
std::string Readable(double value, double standard_error);

// Either with its unit behind it, when it has one.
std::string WithUnit(const std::string& number, const std::string& unit);

}  // namespace mutual::study
