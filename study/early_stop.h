// When a training study ends before its last round: its held-out loss, noise included, no longer
// falls.
//
// Losses are compared between windows of `patience` rounds, because one round's is mostly noise.
// What is compared was released, so ending early is post-processing: the study's figures stay those
// of all its rounds, and the rounds that are not run are charged to nobody.
#pragma once

#include <cstdint>

namespace mutual::study {

// Of a running study; begins as zeros. Kept between rounds.
struct StopState {
  double before = 0;           // mean loss share of the last whole window
  double loss = 0, count = 0;  // released sums of the window that runs
  bool operator==(const StopState&) const = default;
};

// Released sums over the held-out members of a round: of loss shares and of ones, in the vector's
// unit.
struct HeldOut {
  double loss, count;
};

// Takes round `round` = 1, 2, … into the state; whether the study ends with it. At the end of the
// second window and of every later one: when its mean loss is not below that of the window before.
// A window whose count is not positive, by noise, says nothing and leaves the one before to be
// compared with.
bool EndsWith(int patience, uint64_t round, const HeldOut& sums, StopState* state);

}  // namespace mutual::study
