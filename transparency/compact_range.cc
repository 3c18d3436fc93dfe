#include "transparency/compact_range.h"

#include <bit>

#include "base/status.h"

namespace mutual::transparency {

absl::StatusOr<CompactRange> CompactRange::Read(uint64_t size, const HashReader& reader) {
  CompactRange range;
  uint64_t begin = 0;
  while (begin < size) {
    const uint64_t count = std::bit_floor(size - begin);
    const int level = std::countr_zero(count);
    MUTUAL_ASSIGN_OR_RETURN(range.roots_.emplace_back(), reader({level, begin >> level}));
    begin += count;
  }
  range.size_ = size;
  return range;
}

void CompactRange::Append(const Digest& leaf, const Visitor& visitor) {
  Subtree subtree{0, size_};
  Digest root = leaf;
  visitor(subtree, root);
  while ((subtree.index & 1) != 0) {
    root = NodeHash(roots_.back(), root);
    roots_.pop_back();
    subtree = {subtree.level + 1, subtree.index >> 1};
    visitor(subtree, root);
  }
  roots_.push_back(root);
  ++size_;
}

void CompactRange::Append(const Digest& leaf) {
  Append(leaf, [](const Subtree&, const Digest&) {});
}

Digest CompactRange::Root() const {
  if (roots_.empty()) return EmptyRoot();
  Digest root = roots_.back();
  for (auto left = roots_.rbegin() + 1; left != roots_.rend(); ++left) root = NodeHash(*left, root);
  return root;
}

}  // namespace mutual::transparency
