// Tiles: the files that hold the hashes of a log, and their paths (c2sp.org/tlog-tiles v0.1.0).
//
//     tile/<L>/<N>[.p/<W>]          256 hashes, or W of 1 to 255, of 32 bytes each
//     tile/entries/<N>[.p/<W>]      as many entries (entry_bundle.h)
//
// Hash i of tile N of level L is the root of the leaves [(N*256+i) * 256^L, (N*256+i+1) * 256^L).
// N is written in groups of three digits, all but the last with an x: 1234067 is x001/x234/067.
// A tile without hashes does not exist, and a partial tile is never hashed into the level above.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace mutual::transparency {

inline constexpr uint32_t kTileWidth = 256;
inline constexpr int kEntriesLevel = -1;  // the level of a bundle of entries
inline constexpr int kHighestLevel = 7;   // 256^8 leaves are more than 64 bits count

struct Tile {
  int level = 0;                // kEntriesLevel to kHighestLevel
  uint64_t number = 0;          // N
  uint32_t width = kTileWidth;  // 1 to 256; below 256 it is partial

  bool IsFull() const { return width == kTileWidth; }
  bool operator==(const Tile&) const = default;
};

// The path below the log's prefix, without a leading slash.
std::string TilePath(const Tile& tile);
// The exact inverse. INVALID_ARGUMENT for every other spelling.
absl::StatusOr<Tile> ParseTilePath(std::string_view path);

// The tiles of hashes of a log of `size` entries, level 0 first: 277 at 70,000.
std::vector<Tile> TilesOfSize(uint64_t size);
std::vector<Tile> BundlesOfSize(uint64_t size);
// Those among them that a log of `old_size` <= `size` entries does not have.
std::vector<Tile> NewTiles(uint64_t old_size, uint64_t size);
std::vector<Tile> NewBundles(uint64_t old_size, uint64_t size);

std::string PrintTile(std::span<const Digest> hashes);
// INVALID_ARGUMENT unless `bytes` are `width` hashes exactly.
absl::StatusOr<std::vector<Digest>> ParseTile(std::string_view bytes, uint32_t width);

}  // namespace mutual::transparency
