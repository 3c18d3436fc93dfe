#include "study/early_stop.h"

namespace mutual::study {

bool EndsWith(int patience, uint64_t round, const HeldOut& sums, StopState* state) {
  const auto window = static_cast<uint64_t>(patience);
  state->loss += sums.loss;
  state->count += sums.count;
  if (round % window != 0) return false;
  const bool is_known = state->count > 0;
  const double mean = is_known ? state->loss / state->count : state->before;
  const bool ends = is_known && round > window && !(mean < state->before);
  *state = {mean, 0, 0};
  return ends;
}

}  // namespace mutual::study
