// What a join window fixes, and the signed messages that pass in it.
//
// The structs are what the log entries `masks`, `keys-ok` and `dispute` say; signatures and
// framing belong to the log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "aggregation/masking/mask_classes.h"
#include "aggregation/masking/wrapped_key.h"

namespace mutual::aggregation::masking {

// The public facts of one join window of one study: all that both sides must agree on.
struct KeyWindow {
  std::string origin;
  Digest study;
  MaskClasses classes;
  // Fresh for this window, one for each scrutineer; all zeros for one that published none. Nothing
  // is wrapped for it and nothing is held by it, as if it were dead for the whole study.
  std::vector<PublicKey> scrutineer_keys;

  MaskIds Ids(const NodeId& node, uint32_t mask_class) const;
  // `holder` < scrutineer_keys.size().
  WrapBinding Binding(const NodeId& node, uint32_t mask_class, uint32_t holder) const;
  bool IsPresent(uint32_t scrutineer) const;
  // INVALID_ARGUMENT unless there are exactly m keys, those present all different, and every class
  // has a majority of its holders present (HolderMajority): otherwise no sum could be agreed on.
  absl::Status Check() const;
};

// The node's `masks` entry: a commit for each class and a digest for each wrapping.
struct MaskCommitments {
  NodeId node;
  std::vector<Digest> commits;                 // [class]
  // [class][position among the class's holders]; zero for a holder that is not present.
  std::vector<std::vector<Digest>> wrappings;

  // SHA-256 of the canonical bytes (docs/MASKING.md): what keys-ok and dispute refer to.
  Digest ToDigest() const;
  bool operator==(const MaskCommitments&) const = default;
};

// "I opened all my keys of these commitments and they match."
struct KeysOk {
  uint32_t scrutineer = 0;
  NodeId node;
  Digest masks;
  bool operator==(const KeysOk&) const = default;
};

// "This wrapping did not open, did not match its commit, or never came."
struct KeyDispute {
  uint32_t scrutineer = 0;
  NodeId node;
  Digest masks;
  uint32_t mask_class = 0;
  bool operator==(const KeyDispute&) const = default;
};

// The digest in `commitments` of the wrapping of `mask_class` for `holder`. INVALID_ARGUMENT when
// the commitments have not K classes with every holder, or `holder` does not hold the class.
absl::StatusOr<Digest> CommittedWrapping(const MaskCommitments& commitments,
                                         const MaskClasses& classes, uint32_t mask_class,
                                         uint32_t holder);

}  // namespace mutual::aggregation::masking
