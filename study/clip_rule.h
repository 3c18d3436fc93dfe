// A clip that follows the members: adaptive quantile clipping (Andrew, Thakkar, McMahan, Ramaswamy
// 2021).
//
// In round t the clip is C_t, C_1 the study's `clip`. A member adds their gradient, clipped to C_t
// and scaled by C_1/C_t, and w·C_1·(b − 1/2), b = 1 when their gradient was not clipped. So every
// round's member vector has the same bound C_1·√(1 + w²/4) whatever C_t is, and noise, grid and
// privacy do not depend on what the rule chose.
#pragma once

#include <cstdint>

namespace mutual::study {

// Ranges: docs/STUDY_FILE.md.
struct ClipRule {
  double quantile = 0;             // share of members that should not be clipped, in (0, 1)
  double rate = 0;                 // of the steps towards it, in (0, 1]
  double lowest = 0, highest = 0;  // of C_t
  double weight = 0;               // w
};

// C_1·√(1 + w²/4).
double JointBound(const ClipRule& rule, double first_clip);

// C_{t+1} = C_t·(2 + u)/(2 − u), kept within [lowest, highest], u = rate·(quantile − share);
// `share` is that of unclipped members with its noise, taken into [0, 1]. (2 + u)/(2 − u) is e^u
// but for u³/12, in operations that round alike everywhere.
double NextClip(const ClipRule& rule, double clip, double share);

// Whether the rule can lead from `first_clip` to `clip` at the beginning of round `round`, from 1,
// for some members.
bool IsReachable(const ClipRule& rule, double first_clip, uint64_t round, double clip);

}  // namespace mutual::study
