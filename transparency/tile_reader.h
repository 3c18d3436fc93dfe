// Verified hashes of one tree, read from its tiles.
//
// Every tile is checked before a hash of it is used: those on the right edge against the root of
// the tree, a full one against the hash of it in the tile above. So whoever serves the tiles is
// trusted with nothing. Holds at most kKeptTiles tiles (8 kB each) besides the edge. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "transparency/merkle.h"
#include "transparency/tile.h"

namespace mutual::transparency {

// The bytes at a path below the log's prefix; NOT_FOUND when there is nothing.
using Fetch = std::function<absl::StatusOr<std::string>(const std::string& path)>;

// Reads below `folder`. A file above the largest bundle is OUT_OF_RANGE.
Fetch FetchFromFolder(const std::filesystem::path& folder);

class TileReader {
 public:
  static constexpr size_t kKeptTiles = 64;

  // Reads the right edge. DATA_LOSS LOG_CORRUPT when it does not lead to the root of `tree`;
  // NOT_FOUND when a tile is missing; other errors of `fetch` are passed on.
  static absl::StatusOr<TileReader> Open(Fetch fetch, const TreeHead& tree);

  const TreeHead& tree() const { return tree_; }

  // A HashReader for the tree; errors as of Open, and INVALID_ARGUMENT outside the tree.
  absl::StatusOr<Digest> Read(const Subtree& subtree);
  // Valid while this object is, at the same address.
  HashReader Reader();

  // The hashes of tile `number` of `level` that the tree has.
  absl::StatusOr<std::vector<Digest>> Hashes(int level, uint64_t number);
  // How many those are: 0 to 256.
  uint32_t Width(int level, uint64_t number) const;

  // The bytes of `tile`, or those of the full tile when the partial one is gone.
  static absl::StatusOr<std::pair<std::string, uint32_t>> FetchTile(const Fetch& fetch,
                                                                    const Tile& tile);

 private:
  using Key = std::pair<int, uint64_t>;

  TileReader(Fetch fetch, const TreeHead& tree) : fetch_(std::move(fetch)), tree_(tree) {}
  absl::Status ReadEdge();
  absl::StatusOr<std::vector<Digest>> FetchHashes(const Tile& tile);
  absl::Status CheckAgainstParent(const Key& key, const std::vector<Digest>& hashes);
  void Keep(const Key& key, const std::vector<Digest>& hashes);

  Fetch fetch_;
  TreeHead tree_;
  std::map<Key, std::vector<Digest>> edge_;
  std::map<Key, std::vector<Digest>> kept_;
  std::deque<Key> kept_order_;
};

}  // namespace mutual::transparency
