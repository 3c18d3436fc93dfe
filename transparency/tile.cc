#include "transparency/tile.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/status.h"

namespace mutual::transparency {
namespace {

constexpr std::string_view kRoot = "tile/";
constexpr std::string_view kEntries = "entries";
constexpr std::string_view kPartial = ".p/";
constexpr size_t kDigestSize = 32;

std::string NumberPath(uint64_t number) {
  std::string path = absl::StrFormat("%03d", number % 1000);
  for (number /= 1000; number > 0; number /= 1000) {
    path = absl::StrFormat("x%03d/%s", number % 1000, path);
  }
  return path;
}

// Digits of all groups; the caller prints the result and compares, which settles the spelling.
absl::StatusOr<uint64_t> ParseNumberPath(std::string_view path) {
  std::string digits;
  for (const char c : path) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  return ParseUint64(digits.empty() ? "0" : digits);
}

absl::StatusOr<int> ParseLevel(std::string_view text) {
  if (text == kEntries) return kEntriesLevel;
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t level, ParseUint64(text));
  if (level > kHighestLevel) return InvalidArgument("the level is %d, want 0 to 7", level);
  return static_cast<int>(level);
}

absl::StatusOr<Tile> ParseTileParts(std::string_view path) {
  if (!path.starts_with(kRoot)) return InvalidArgument("a tile's path begins with tile/");
  path.remove_prefix(kRoot.size());
  Tile tile;
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return InvalidArgument("the tile's number is missing");
  MUTUAL_ASSIGN_OR_RETURN(tile.level, ParseLevel(path.substr(0, slash)));
  path.remove_prefix(slash + 1);
  const size_t partial = path.find(kPartial);
  if (partial != std::string_view::npos) {
    MUTUAL_ASSIGN_OR_RETURN(const uint64_t width, ParseUint64(path.substr(partial + 3)));
    if (width < 1 || width > 255) return InvalidArgument("the width is %d, want 1 to 255", width);
    tile.width = static_cast<uint32_t>(width);
    path = path.substr(0, partial);
  }
  MUTUAL_ASSIGN_OR_RETURN(tile.number, ParseNumberPath(path));
  return tile;
}

// The tiles of one level that hold the hashes [old_count, count) of that level.
void AppendLevel(int level, uint64_t old_count, uint64_t count, std::vector<Tile>* tiles) {
  if (old_count >= count) return;
  for (uint64_t number = old_count / kTileWidth; number <= (count - 1) / kTileWidth; ++number) {
    const uint64_t width = std::min<uint64_t>(kTileWidth, count - number * kTileWidth);
    tiles->push_back({level, number, static_cast<uint32_t>(width)});
  }
}

}  // namespace

std::string TilePath(const Tile& tile) {
  const std::string level =
      tile.level == kEntriesLevel ? std::string(kEntries) : absl::StrFormat("%d", tile.level);
  std::string path = absl::StrFormat("tile/%s/%s", level, NumberPath(tile.number));
  if (!tile.IsFull()) path += absl::StrFormat(".p/%d", tile.width);
  return path;
}

absl::StatusOr<Tile> ParseTilePath(std::string_view path) {
  const absl::StatusOr<Tile> tile = ParseTileParts(path);
  if (!tile.ok()) return Annotate(tile.status(), "not the path of a tile");
  if (TilePath(*tile) != path) {
    return InvalidArgument("not the path of a tile: it is spelled otherwise, want %s",
                           TilePath(*tile));
  }
  return tile;
}

std::vector<Tile> NewTiles(uint64_t old_size, uint64_t size) {
  std::vector<Tile> tiles;
  for (int level = 0; level <= kHighestLevel; ++level) {
    AppendLevel(level, old_size >> (8 * level), size >> (8 * level), &tiles);
  }
  return tiles;
}

std::vector<Tile> NewBundles(uint64_t old_size, uint64_t size) {
  std::vector<Tile> bundles;
  AppendLevel(kEntriesLevel, old_size, size, &bundles);
  return bundles;
}

std::vector<Tile> TilesOfSize(uint64_t size) { return NewTiles(0, size); }
std::vector<Tile> BundlesOfSize(uint64_t size) { return NewBundles(0, size); }

std::string PrintTile(std::span<const Digest> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * kDigestSize);
  for (const Digest& hash : hashes) bytes += AsText(hash.bytes);
  return bytes;
}

absl::StatusOr<std::vector<Digest>> ParseTile(std::string_view bytes, uint32_t width) {
  if (width < 1 || width > kTileWidth || bytes.size() != width * kDigestSize) {
    return InvalidArgument("a tile has %d bytes, want %d hashes of 32 bytes", bytes.size(), width);
  }
  std::vector<Digest> hashes(width);
  for (size_t i = 0; i < width; ++i) {
    const auto hash = AsBytes(bytes.substr(i * kDigestSize, kDigestSize));
    std::copy(hash.begin(), hash.end(), hashes[i].bytes.begin());
  }
  return hashes;
}

}  // namespace mutual::transparency
