// Members as they might be, when nobody has a sample of real ones.
#pragma once

#include <cstdint>
#include <vector>

#include "study/study_file.h"

namespace mutual::study {

// Rows of one member, as in MemberRows.
using MemberSample = std::vector<std::vector<double>>;

// `count` made-up members: numbers are spread like a bell around three tenths of their range, with
// a standard deviation of 0.15 of it, cut at the bounds; categories are equally frequent; columns
// are independent. One row each; two when the study asks for changes, one in each period. Always
// the same for the same study.
MemberSample AssumedMembers(const Study& study, size_t count);
// Others for another `seed`.
MemberSample AssumedMembers(const Study& study, size_t count, uint64_t seed);

inline constexpr char kAssumption[] =
    "numbers spread like a bell around three tenths of their range with a standard deviation of "
    "0.15 "
    "of it, categories equally frequent, columns independent";

}  // namespace mutual::study
