// A Merkle tree that recomputes everything from its leaves, straight from the text of RFC 6962
// section 2.1 and by other code than the one under test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "transparency/merkle.h"

namespace mutual::transparency::testing {

inline Digest NaiveHash(const std::string& bytes) { return crypto::Sha256(bytes); }
inline std::string Bytes(const Digest& digest) { return std::string(AsText(digest.bytes)); }

class NaiveTree {
 public:
  void Append(const std::string& entry) {
    leaves_.push_back(NaiveHash(std::string(1, '\0') + entry));
  }
  size_t size() const { return leaves_.size(); }
  const std::vector<Digest>& leaves() const { return leaves_; }

  Digest Root(size_t begin, size_t end) const {
    if (begin == end) return NaiveHash("");
    if (end - begin == 1) return leaves_[begin];
    const size_t k = Split(end - begin);
    return NaiveHash("\x01" + Bytes(Root(begin, begin + k)) + Bytes(Root(begin + k, end)));
  }
  Digest Root(size_t size) const { return Root(0, size); }
  TreeHead Head(size_t size) const { return {size, Root(size)}; }

  // PATH(m, D[begin:end]), m relative to begin.
  std::vector<Digest> Path(size_t m, size_t begin, size_t end) const {
    if (end - begin == 1) return {};
    const size_t k = Split(end - begin);
    std::vector<Digest> path;
    if (m < k) {
      path = Path(m, begin, begin + k);
      path.push_back(Root(begin + k, end));
    } else {
      path = Path(m - k, begin + k, end);
      path.push_back(Root(begin, begin + k));
    }
    return path;
  }

  // A reader that recomputes the subtree's root from the leaves.
  HashReader Reader() const {
    return [this](const Subtree& subtree) -> absl::StatusOr<Digest> {
      const size_t begin = static_cast<size_t>(subtree.index) << subtree.level;
      return Root(begin, begin + (size_t{1} << subtree.level));
    };
  }

 private:
  static size_t Split(size_t count) {
    size_t k = 1;
    while (2 * k < count) k *= 2;
    return k;
  }
  std::vector<Digest> leaves_;
};

inline NaiveTree TreeOfSize(size_t size) {
  NaiveTree tree;
  for (size_t i = 0; i < size; ++i) tree.Append("entry " + std::to_string(i));
  return tree;
}

}  // namespace mutual::transparency::testing
