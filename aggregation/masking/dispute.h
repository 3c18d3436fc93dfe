// Who lied about a mask key, for anyone to see.
#pragma once

#include "absl/status/statusor.h"
#include "aggregation/masking/key_window.h"
#include "crypto/secret.h"

namespace mutual::aggregation::masking {

// The node's answer to a dispute: the wrapping and the ephemeral private key of that wrapping only.
struct KeyReveal {
  KeyDispute dispute;
  WrappedKey wrapped;
  crypto::Secret ephemeral;  // 32 bytes; public from now on
};

enum class Verdict {
  kNodeLied,        // the wrapping is not the committed one, or does not hold the committed key
  kScrutineerLied,  // the wrapping was good; the scrutineer's word no longer holds the node up
};

// Pure: the same public facts give everyone the same verdict. INVALID_ARGUMENT when the dispute is
// not about `commitments`, or about a class that the scrutineer does not hold.
absl::StatusOr<Verdict> JudgeDispute(const KeyWindow& window, const MaskCommitments& commitments,
                                     const KeyReveal& reveal);

}  // namespace mutual::aggregation::masking
