#include "transparency/tile_reader.h"

#include <algorithm>
#include <span>

#include "base/file.h"
#include "base/status.h"
#include "transparency/compact_range.h"
#include "transparency/entry_bundle.h"

namespace mutual::transparency {
namespace {

absl::Status Corrupt(const absl::Status& status) { return WithCode(status, "LOG_CORRUPT"); }

}  // namespace

Fetch FetchFromFolder(const std::filesystem::path& folder) {
  return [folder](const std::string& path) { return ReadFile(folder / path, kMaxBundleSize); };
}

absl::StatusOr<TileReader> TileReader::Open(Fetch fetch, const TreeHead& tree) {
  TileReader reader(std::move(fetch), tree);
  MUTUAL_RETURN_IF_ERROR(reader.ReadEdge());
  return reader;
}

absl::Status TileReader::ReadEdge() {
  for (int level = 0; level <= kHighestLevel; ++level) {
    const uint64_t count = tree_.size >> (8 * level);
    const uint64_t number = count / kTileWidth;
    const auto width = static_cast<uint32_t>(count % kTileWidth);
    if (width == 0) continue;
    MUTUAL_ASSIGN_OR_RETURN(edge_[Key(level, number)], FetchHashes({level, number, width}));
  }
  MUTUAL_ASSIGN_OR_RETURN(const CompactRange range, CompactRange::Read(tree_.size, Reader()));
  if (range.Root() == tree_.root) return absl::OkStatus();
  return Corrupt(
      DataLoss("the tiles of size %d lead to another root than its checkpoint's; this "
               "copy of the log is damaged or forged, read it from elsewhere",
               tree_.size));
}

uint32_t TileReader::Width(int level, uint64_t number) const {
  const uint64_t count = tree_.size >> (8 * std::max(level, 0));
  if (number > count / kTileWidth) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(kTileWidth, count - number * kTileWidth));
}

absl::StatusOr<Digest> TileReader::Read(const Subtree& subtree) {
  const int level = subtree.level / 8;
  const int height = subtree.level % 8;
  const uint64_t per_tile = uint64_t{kTileWidth} >> height;
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<Digest> hashes,
                          Hashes(level, subtree.index / per_tile));
  const size_t begin = static_cast<size_t>(subtree.index % per_tile) << height;
  const size_t count = size_t{1} << height;
  if (begin + count > hashes.size()) {
    return InvalidArgument("subtree %d of level %d is outside a tree of %d leaves", subtree.index,
                           subtree.level, tree_.size);
  }
  return RootOf(std::span(hashes).subspan(begin, count));
}

HashReader TileReader::Reader() {
  return [this](const Subtree& subtree) { return Read(subtree); };
}

absl::StatusOr<std::vector<Digest>> TileReader::Hashes(int level, uint64_t number) {
  const Key key(level, number);
  if (const auto found = edge_.find(key); found != edge_.end()) return found->second;
  if (const auto found = kept_.find(key); found != kept_.end()) return found->second;
  if (level < 0 || level > kHighestLevel || Width(level, number) != kTileWidth) {
    return InvalidArgument("tile %d of level %d is outside a tree of %d leaves", number, level,
                           tree_.size);
  }
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<Digest> hashes,
                          FetchHashes({level, number, kTileWidth}));
  MUTUAL_RETURN_IF_ERROR(CheckAgainstParent(key, hashes));
  Keep(key, hashes);
  return hashes;
}

absl::Status TileReader::CheckAgainstParent(const Key& key, const std::vector<Digest>& hashes) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<Digest> parent,
                          Hashes(key.first + 1, key.second / kTileWidth));
  if (RootOf(hashes) == parent[key.second % kTileWidth]) return absl::OkStatus();
  return Corrupt(
      DataLoss("%s has another hash than the tile above it says; this copy of the log "
               "is damaged or forged, read it from elsewhere",
               TilePath({key.first, key.second, kTileWidth})));
}

void TileReader::Keep(const Key& key, const std::vector<Digest>& hashes) {
  if (kept_order_.size() == kKeptTiles) {
    kept_.erase(kept_order_.front());
    kept_order_.pop_front();
  }
  kept_order_.push_back(key);
  kept_[key] = hashes;
}

absl::StatusOr<std::pair<std::string, uint32_t>> TileReader::FetchTile(const Fetch& fetch,
                                                                       const Tile& tile) {
  absl::StatusOr<std::string> bytes = fetch(TilePath(tile));
  if (bytes.ok()) return std::pair(*std::move(bytes), tile.width);
  if (!absl::IsNotFound(bytes.status()) || tile.IsFull()) return bytes.status();
  absl::StatusOr<std::string> full = fetch(TilePath({tile.level, tile.number, kTileWidth}));
  if (full.ok()) return std::pair(*std::move(full), kTileWidth);
  return absl::IsNotFound(full.status()) ? bytes.status() : full.status();
}

absl::StatusOr<std::vector<Digest>> TileReader::FetchHashes(const Tile& tile) {
  MUTUAL_ASSIGN_OR_RETURN(const auto fetched, FetchTile(fetch_, tile));
  absl::StatusOr<std::vector<Digest>> hashes = ParseTile(fetched.first, fetched.second);
  if (!hashes.ok()) {
    return Corrupt(DataLoss("%s: %s", TilePath(tile), std::string(hashes.status().message())));
  }
  hashes->resize(tile.width);
  return hashes;
}

}  // namespace mutual::transparency
