// The Merkle tree of the log: RFC 6962 section 2.1 (the same hashes as RFC 9162 section 2.1).
//
//     leaf(e)   = SHA-256(0x00 || e)
//     node(l,r) = SHA-256(0x01 || l || r)
//     MTH(D[n]) = node(MTH(D[0:k]), MTH(D[k:n])), k the largest power of two below n
//
// The last leaf is never duplicated and the root of no leaves is SHA-256(""). Everything here is
// a pure function; sizes are counts of leaves and may be any 64-bit number.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::transparency {

// The number of leaves of a tree and its root.
struct TreeHead {
  uint64_t size = 0;
  Digest root;
  bool operator==(const TreeHead&) const = default;
};

// A perfect subtree: the leaves [index * 2^level, (index + 1) * 2^level), level 0 to 63.
struct Subtree {
  int level = 0;
  uint64_t index = 0;
  bool operator==(const Subtree&) const = default;
};

// Gives the root of a perfect subtree that lies wholly inside the tree; its errors are passed on.
using HashReader = std::function<absl::StatusOr<Digest>(const Subtree&)>;

Digest LeafHash(std::string_view entry);
Digest NodeHash(const Digest& left, const Digest& right);
Digest EmptyRoot();

// MTH of `leaves` (leaf hashes), computed in memory by the recursion above.
Digest RootOf(std::span<const Digest> leaves);

// MTH of the first `size` leaves.
absl::StatusOr<Digest> ReadRoot(uint64_t size, const HashReader& reader);

// PATH(index, D[size]) of RFC 6962 section 2.1.1: at most 63 hashes below 2^63 leaves, the leaf's
// sibling first. INVALID_ARGUMENT unless index < size.
absl::StatusOr<std::vector<Digest>> ProveInclusion(uint64_t index, uint64_t size,
                                                   const HashReader& reader);

// PROOF(old_size, D[new_size]) of RFC 6962 section 2.1.2; empty when old_size is 0 or new_size.
// INVALID_ARGUMENT when old_size > new_size.
absl::StatusOr<std::vector<Digest>> ProveConsistency(uint64_t old_size, uint64_t new_size,
                                                     const HashReader& reader);

// OK when `proof` shows that `leaf` (a leaf hash) is leaf `index` of `tree` (RFC 9162 section
// 2.1.3.2). INVALID_ARGUMENT when the index is outside the tree; DATA_LOSS PROOF_WRONG when the
// proof has another length than such a proof has, or leads to another root.
absl::Status VerifyInclusion(const Digest& leaf, uint64_t index, const TreeHead& tree,
                             std::span<const Digest> proof);

// OK when `proof` shows that `old_tree` is a prefix of `new_tree` (RFC 9162 section 2.1.4.2).
// From size 0, and between equal sizes, the only good proof is the empty one, and the old root
// must be EmptyRoot() or the new root. INVALID_ARGUMENT when the old tree is the larger one;
// DATA_LOSS PROOF_WRONG otherwise.
absl::Status VerifyConsistency(const TreeHead& old_tree, const TreeHead& new_tree,
                               std::span<const Digest> proof);

}  // namespace mutual::transparency
