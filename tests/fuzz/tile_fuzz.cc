#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/promise.h"
#include "transparency/tile.h"

namespace mutual::transparency {
namespace {

void CheckPath(std::string_view path) {
  const absl::StatusOr<Tile> tile = ParseTilePath(path);
  if (!tile.ok()) return;
  fuzz::Promise(TilePath(*tile) == path, "a path prints as itself");
  fuzz::Promise(tile->width >= 1 && tile->width <= kTileWidth, "a tile has 1 to 256 hashes");
  fuzz::Promise(tile->level >= kEntriesLevel && tile->level <= kHighestLevel, "a level is known");
}

// The first byte is the width asked for, less one.
void CheckTile(std::string_view bytes) {
  if (bytes.empty()) return;
  const uint32_t width = static_cast<uint8_t>(bytes[0]) + 1u;
  bytes.remove_prefix(1);
  const absl::StatusOr<std::vector<Digest>> hashes = ParseTile(bytes, width);
  fuzz::Promise(hashes.ok() == (bytes.size() == width * 32), "a tile is its hashes");
  if (hashes.ok()) fuzz::Promise(PrintTile(*hashes) == bytes, "a tile prints as itself");
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  mutual::transparency::CheckPath(bytes);
  mutual::transparency::CheckTile(bytes);
  return 0;
}
