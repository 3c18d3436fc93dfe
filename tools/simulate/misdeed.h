// What organisations may do wrong, or only badly, in a simulation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace mutual::simulate {

enum class Misdeed {
  kNone,
  kWrongLength,       // its entry speaks of a longer vector
  kBadDigest,         // it sends other bytes than it signed for
  kTwice,             // after its contribution it sends another one
  kLate,              // it computes in time and sends after the round's end
  kForged,            // its contribution is signed with another key
  kBadKeys,           // what it wraps for the scrutineers does not open
  kLyingScrutineer,   // its tally names other class sums
  kSilentScrutineer,  // it never answers a close
};

struct Misdeeds {
  Misdeed kind;
  int count;
};
// "KIND:COUNT", e.g. "wrong-length:2". INVALID_ARGUMENT SIMULATE_BYZANTINE with the kinds there
// are.
absl::StatusOr<Misdeeds> ParseMisdeeds(const std::string& text);
std::string NameOf(Misdeed kind);
bool IsScrutineers(Misdeed kind);

// One organisation's share of misfortune, by a seed.
struct Reliability {
  double drop_out = 0;  // chance to miss a round
  double slow = 0;      // chance to answer late in it
  uint64_t seed = 0;
};
// When the organisation answers a round whose length is `deadline`, after its start: nothing when
// it never does. One that is slow answers within one and a half lengths, so every third of them is
// too late.
std::optional<absl::Duration> DelayOf(const Reliability& reliability, const std::string& name,
                                      uint64_t round, absl::Duration deadline);

}  // namespace mutual::simulate
