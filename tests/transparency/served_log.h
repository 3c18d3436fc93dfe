// The files of a log of a given size, made from the definition of a tile and the naive tree.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"
#include "tests/transparency/naive_tree.h"
#include "transparency/tile_reader.h"

namespace mutual::transparency::testing {

inline std::string NaivePath(const std::string& level, size_t number, size_t width) {
  std::string digits = std::to_string(number);
  while (digits.size() % 3 != 0) digits.insert(0, "0");
  std::string path = "tile/" + level;
  for (size_t i = 0; i < digits.size(); i += 3) {
    path += (i + 3 < digits.size() ? "/x" : "/") + digits.substr(i, 3);
  }
  return width == 256 ? path : path + ".p/" + std::to_string(width);
}

class ServedLog {
 public:
  explicit ServedLog(size_t size) : tree_(TreeOfSize(size)) {
    size_t span = 1;
    for (int level = 0; span <= size; ++level, span *= 256) {
      const size_t count = size / span;
      for (size_t number = 0; number * 256 < count; ++number) {
        const size_t width = std::min<size_t>(256, count - number * 256);
        AddTile(level, number, width);
        if (level == 0) AddBundle(number, width);
      }
    }
  }

  const NaiveTree& tree() const { return tree_; }
  TreeHead Head() const { return tree_.Head(tree_.size()); }
  std::map<std::string, std::string>& files() { return files_; }
  size_t hash_tile_count() const { return hash_tile_count_; }
  static std::string EntryAt(size_t index) { return "entry " + std::to_string(index); }

  Fetch Fetcher() const {
    return [this](const std::string& path) -> absl::StatusOr<std::string> {
      const auto found = files_.find(path);
      if (found == files_.end()) return NotFound("%s is missing", path);
      return found->second;
    };
  }

 private:
  void AddTile(int level, size_t number, size_t width) {
    const size_t span = size_t{1} << (8 * level);
    std::string bytes;
    for (size_t i = number * 256; i < number * 256 + width; ++i) {
      bytes += Bytes(tree_.Root(i * span, (i + 1) * span));
    }
    files_[NaivePath(std::to_string(level), number, width)] = bytes;
    ++hash_tile_count_;
  }
  void AddBundle(size_t number, size_t width) {
    std::string bytes;
    for (size_t i = number * 256; i < number * 256 + width; ++i) {
      const std::string entry = EntryAt(i);
      bytes += std::string(1, '\0') + static_cast<char>(entry.size()) + entry;
    }
    files_[NaivePath("entries", number, width)] = bytes;
  }

  NaiveTree tree_;
  std::map<std::string, std::string> files_;
  size_t hash_tile_count_ = 0;
};

}  // namespace mutual::transparency::testing
