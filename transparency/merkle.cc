#include "transparency/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "base/status.h"
#include "crypto/digest.h"

namespace mutual::transparency {
namespace {

// The largest power of two below `count`, which is at least 2.
uint64_t SplitPoint(uint64_t count) { return std::bit_floor(count - 1); }

absl::Status WrongProof(const absl::Status& status) { return WithCode(status, "PROOF_WRONG"); }

// MTH of the leaves [begin, end), where `begin` is a multiple of the power of two at or above
// end - begin, as all ranges of the RFC's recursions are.
absl::StatusOr<Digest> ReadRange(uint64_t begin, uint64_t end, const HashReader& reader) {
  const uint64_t first = std::bit_floor(end - begin);
  const int level = std::countr_zero(first);
  MUTUAL_ASSIGN_OR_RETURN(const Digest left, reader({level, begin >> level}));
  if (begin + first == end) return left;
  MUTUAL_ASSIGN_OR_RETURN(const Digest right, ReadRange(begin + first, end, reader));
  return NodeHash(left, right);
}

struct Range {
  uint64_t begin;
  uint64_t end;
  bool is_known;  // the verifier holds the root of this range: the old tree itself
};

// SUBPROOF of RFC 6962 section 2.1.2 for the range; the old tree ends at `old_size` inside it.
absl::Status AppendSubproof(uint64_t old_size, const Range& range, const HashReader& reader,
                            std::vector<Digest>* proof) {
  if (old_size == range.end) {
    if (range.is_known) return absl::OkStatus();
    MUTUAL_ASSIGN_OR_RETURN(proof->emplace_back(), ReadRange(range.begin, range.end, reader));
    return absl::OkStatus();
  }
  const uint64_t middle = range.begin + SplitPoint(range.end - range.begin);
  Range rest{range.begin, middle, range.is_known};
  Range sibling{middle, range.end, false};
  if (old_size > middle) {
    rest = {middle, range.end, false};
    sibling = {range.begin, middle, false};
  }
  MUTUAL_RETURN_IF_ERROR(AppendSubproof(old_size, rest, reader, proof));
  MUTUAL_ASSIGN_OR_RETURN(proof->emplace_back(), ReadRange(sibling.begin, sibling.end, reader));
  return absl::OkStatus();
}

// Where a verifier stands on its way up: the node's number in its level and that of the level's
// last node (fn and sn of RFC 9162).
struct Climb {
  uint64_t node;
  uint64_t last;

  void Up() {
    node >>= 1;
    last >>= 1;
  }
  bool IsRightChild() const { return (node & 1) != 0; }
  bool SiblingIsLeft() const { return IsRightChild() || node == last; }
  // A last node without a sibling rises until it has one.
  void SkipLevelsWithoutSibling() {
    while (!IsRightChild() && node != 0) Up();
  }
};

absl::Status CheckConsistencyRoots(const TreeHead& old_tree, const TreeHead& new_tree,
                                   const TreeHead& computed_old, const Digest& computed_new) {
  if (computed_old.root != old_tree.root) {
    return WrongProof(
        DataLoss("the proof from size %d to %d leads to another old root; ask for a "
                 "new proof, and report the log if it gives the same one again",
                 old_tree.size, new_tree.size));
  }
  if (computed_new != new_tree.root) {
    return WrongProof(
        DataLoss("the proof from size %d to %d leads to another new root; ask for a "
                 "new proof, and report the log if it gives the same one again",
                 old_tree.size, new_tree.size));
  }
  return absl::OkStatus();
}

// Consistency of two trees of which one is empty or both have one size.
absl::Status VerifyTrivialConsistency(const TreeHead& old_tree, const TreeHead& new_tree,
                                      size_t proof_size) {
  if (proof_size != 0) {
    return WrongProof(DataLoss("a proof from size %d to %d has %d hashes, want none", old_tree.size,
                               new_tree.size, proof_size));
  }
  const bool is_empty = old_tree.size == 0;
  const TreeHead computed{old_tree.size, is_empty ? EmptyRoot() : new_tree.root};
  const Digest new_root = new_tree.size == 0 ? EmptyRoot() : new_tree.root;
  return CheckConsistencyRoots(old_tree, new_tree, computed, new_root);
}

absl::Status WrongLength(const std::string& what, size_t size) {
  return WrongProof(
      DataLoss("%s has %d hashes, which no tree of that size gives; ask for it again", what, size));
}

}  // namespace

Digest LeafHash(std::string_view entry) {
  constexpr uint8_t kLeafPrefix = 0x00;
  crypto::Sha256Stream stream;
  stream.Update(std::span(&kLeafPrefix, 1));
  stream.Update(entry);
  return stream.Finish();
}

Digest NodeHash(const Digest& left, const Digest& right) {
  std::array<uint8_t, 65> bytes;
  bytes[0] = 0x01;
  std::copy(left.bytes.begin(), left.bytes.end(), bytes.begin() + 1);
  std::copy(right.bytes.begin(), right.bytes.end(), bytes.begin() + 33);
  return crypto::Sha256(std::span<const uint8_t>(bytes));
}

Digest EmptyRoot() { return crypto::Sha256(std::string_view()); }

Digest RootOf(std::span<const Digest> leaves) {
  if (leaves.empty()) return EmptyRoot();
  if (leaves.size() == 1) return leaves[0];
  const uint64_t split = SplitPoint(leaves.size());
  return NodeHash(RootOf(leaves.first(split)), RootOf(leaves.subspan(split)));
}

absl::StatusOr<Digest> ReadRoot(uint64_t size, const HashReader& reader) {
  if (size == 0) return EmptyRoot();
  return ReadRange(0, size, reader);
}

absl::StatusOr<std::vector<Digest>> ProveInclusion(uint64_t index, uint64_t size,
                                                   const HashReader& reader) {
  if (index >= size) {
    return InvalidArgument("leaf %d was asked for in a tree of %d leaves, want a smaller index",
                           index, size);
  }
  std::vector<Digest> proof;
  uint64_t begin = 0;
  uint64_t end = size;
  while (end - begin > 1) {
    const uint64_t middle = begin + SplitPoint(end - begin);
    const bool is_left = index < middle;
    const uint64_t sibling_begin = is_left ? middle : begin;
    const uint64_t sibling_end = is_left ? end : middle;
    MUTUAL_ASSIGN_OR_RETURN(proof.emplace_back(), ReadRange(sibling_begin, sibling_end, reader));
    (is_left ? end : begin) = middle;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<std::vector<Digest>> ProveConsistency(uint64_t old_size, uint64_t new_size,
                                                     const HashReader& reader) {
  if (old_size > new_size) {
    return InvalidArgument("the old size %d is above the new size %d; exchange the two", old_size,
                           new_size);
  }
  std::vector<Digest> proof;
  if (old_size == 0 || old_size == new_size) return proof;
  MUTUAL_RETURN_IF_ERROR(AppendSubproof(old_size, {0, new_size, true}, reader, &proof));
  return proof;
}

absl::Status VerifyInclusion(const Digest& leaf, uint64_t index, const TreeHead& tree,
                             std::span<const Digest> proof) {
  if (index >= tree.size) {
    return InvalidArgument("leaf %d is outside a tree of %d leaves, want a smaller index", index,
                           tree.size);
  }
  Climb climb{index, tree.size - 1};
  Digest root = leaf;
  for (const Digest& hash : proof) {
    if (climb.last == 0) return WrongLength("the inclusion proof", proof.size());
    if (climb.SiblingIsLeft()) {
      root = NodeHash(hash, root);
      climb.SkipLevelsWithoutSibling();
    } else {
      root = NodeHash(root, hash);
    }
    climb.Up();
  }
  if (climb.last != 0) return WrongLength("the inclusion proof", proof.size());
  if (root == tree.root) return absl::OkStatus();
  return WrongProof(
      DataLoss("the proof for leaf %d leads to another root than that of size %d; "
               "check that entry and proof belong together",
               index, tree.size));
}

absl::Status VerifyConsistency(const TreeHead& old_tree, const TreeHead& new_tree,
                               std::span<const Digest> proof) {
  if (old_tree.size > new_tree.size) {
    return InvalidArgument("the old size %d is above the new size %d; exchange the two",
                           old_tree.size, new_tree.size);
  }
  if (old_tree.size == 0 || old_tree.size == new_tree.size) {
    return VerifyTrivialConsistency(old_tree, new_tree, proof.size());
  }
  Climb climb{old_tree.size - 1, new_tree.size - 1};
  while (climb.IsRightChild()) climb.Up();
  // The old tree is one perfect subtree exactly when nothing of it lies to the left of `climb`.
  const bool is_perfect = climb.node == 0;
  if (!is_perfect && proof.empty()) return WrongLength("the consistency proof", 0);
  Digest old_root = is_perfect ? old_tree.root : proof[0];
  Digest new_root = old_root;
  for (const Digest& hash : proof.subspan(is_perfect ? 0 : 1)) {
    if (climb.last == 0) return WrongLength("the consistency proof", proof.size());
    if (climb.SiblingIsLeft()) {
      old_root = NodeHash(hash, old_root);
      new_root = NodeHash(hash, new_root);
      climb.SkipLevelsWithoutSibling();
    } else {
      new_root = NodeHash(new_root, hash);
    }
    climb.Up();
  }
  if (climb.last != 0) return WrongLength("the consistency proof", proof.size());
  return CheckConsistencyRoots(old_tree, new_tree, {old_tree.size, old_root}, new_root);
}

}  // namespace mutual::transparency
