// The right edge of a growing Merkle tree: what is needed to append leaves and know the root.
//
// Holds the roots of the perfect subtrees that make up the first `size` leaves, one for every bit
// set in `size`, largest first. Appending costs at most log2(size) hashes. A value; not
// thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "transparency/merkle.h"

namespace mutual::transparency {

class CompactRange {
 public:
  // Called with every perfect subtree that an appended leaf completes, the leaf itself first.
  using Visitor = std::function<void(const Subtree&, const Digest&)>;

  CompactRange() = default;
  // The edge of a tree of `size` leaves; the reader's errors are passed on.
  static absl::StatusOr<CompactRange> Read(uint64_t size, const HashReader& reader);

  void Append(const Digest& leaf, const Visitor& visitor);
  void Append(const Digest& leaf);

  uint64_t size() const { return size_; }
  Digest Root() const;
  TreeHead Head() const { return {size_, Root()}; }

 private:
  uint64_t size_ = 0;
  std::vector<Digest> roots_;
};

}  // namespace mutual::transparency
