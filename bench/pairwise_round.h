// One round of pairwise masking, as Bonawitz et al. 2017 (figure 4) describe it against an honest
// but curious server: what our masks are compared with. Ours is a minimal implementation of the
// published protocol, in one process, without signatures or transport.
//
//   0 advertise   every node has two X25519 keys
//   1 share       a seed b of its own mask and its mask key, shared by Shamir and sealed for each
//   peer 2 mask        y = x + PRG(b) + Σ_{v<u} PRG(s_uv) − Σ_{v>u} PRG(s_uv) 3 unmask survivors
//   open their shares: b of survivors, the mask keys of who dropped out
//
// Every secret, sealed share and stream is really made; a test of the sum is part of every run.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace mutual::bench {

struct PairwiseShape {
  uint32_t nodes = 0;
  uint32_t dropped = 0;    // after sharing, before masking: the last ones
  uint32_t threshold = 0;  // shares that give a secret
  size_t values = 0;
  // A sample: so many nodes mask, and the server takes so many seeds' and so many pairs' streams
  // off; two nodes share. The rest is counted at the mean of what was done. 0: the whole round.
  uint32_t sample = 0;
};

// Seconds of one core.
struct PairwiseCost {
  double share = 0;   // of one node: keys, agreements, shares, seals; its peers' shares opened
  double mask = 0;    // of one node
  double unmask = 0;  // of the server, secrets put together and every stream taken off
  uint64_t expansions = 0;       // streams that the server takes off
  uint64_t expansions_made = 0;  // of them measured
  bool is_exact = false;         // the whole round was made and its sum is that of the survivors
};

absl::StatusOr<PairwiseCost> RunPairwiseRound(const PairwiseShape& shape);

}  // namespace mutual::bench
