#include "tools/audit/mirror.h"

#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "transparency/entry_bundle.h"
#include "transparency/tile.h"

namespace mutual::audit {
namespace {

using transparency::Tile;

// Verifies tiles against the tree: those of hashes by themselves, bundles by their leaves.
class Verifier {
 public:
  static absl::StatusOr<Verifier> Open(const AuditedLog& log) {
    MUTUAL_ASSIGN_OR_RETURN(auto tiles,
                            transparency::TileReader::Open(log.fetch, log.reader->tree()));
    return Verifier(std::move(tiles));
  }
  absl::Status Check(const Tile& tile, const std::string& bytes) {
    const int level = tile.level == transparency::kEntriesLevel ? 0 : tile.level;
    MUTUAL_ASSIGN_OR_RETURN(const std::vector<Digest> hashes, tiles_.Hashes(level, tile.number));
    if (tile.level != transparency::kEntriesLevel) {
      if (bytes == transparency::PrintTile(hashes)) return absl::OkStatus();
      return Damaged(tile);
    }
    const auto entries = transparency::ParseBundle(bytes, tile.width);
    if (!entries.ok() || entries->size() != hashes.size()) return Damaged(tile);
    for (size_t i = 0; i < hashes.size(); ++i) {
      if (transparency::LeafHash((*entries)[i]) != hashes[i]) return Damaged(tile);
    }
    return absl::OkStatus();
  }

 private:
  explicit Verifier(transparency::TileReader tiles) : tiles_(std::move(tiles)) {}
  static absl::Status Damaged(const Tile& tile) {
    return WithCode(DataLoss("%s does not lead to the root; it is not kept", TilePath(tile)),
                    "LOG_CORRUPT");
  }
  transparency::TileReader tiles_;
};

absl::Status WriteBelow(const std::filesystem::path& folder, const std::string& path,
                        const std::string& bytes) {
  std::error_code error;
  std::filesystem::create_directories((folder / path).parent_path(), error);
  if (error) return Unavailable("%s cannot be made: %s", path, error.message());
  return WriteFileDurably(folder / path, bytes, FileMode::kPublic);
}

// The bytes of exactly this tile, cut from the full one where the partial one is gone.
absl::StatusOr<std::string> FetchExactly(const transparency::Fetch& fetch, const Tile& tile) {
  MUTUAL_ASSIGN_OR_RETURN(const auto fetched, transparency::TileReader::FetchTile(fetch, tile));
  if (fetched.second == tile.width) return fetched.first;
  if (tile.level != transparency::kEntriesLevel) return fetched.first.substr(0, tile.width * 32);
  MUTUAL_ASSIGN_OR_RETURN(std::vector<std::string> entries,
                          transparency::ParseBundle(fetched.first, fetched.second));
  entries.resize(tile.width);
  return transparency::PrintBundle(entries);
}

}  // namespace

absl::StatusOr<MirrorResult> Mirror(const AuditedLog& log, const std::filesystem::path& folder,
                                    const std::function<void(uint64_t, uint64_t)>& say) {
  MUTUAL_ASSIGN_OR_RETURN(Verifier verifier, Verifier::Open(log));
  const uint64_t size = log.reader->tree().size;
  std::vector<Tile> tiles = transparency::TilesOfSize(size);
  for (const Tile& bundle : transparency::BundlesOfSize(size)) tiles.push_back(bundle);
  MirrorResult result;
  for (const Tile& tile : tiles) {
    const std::string path = TilePath(tile);
    const auto there = ReadFile(folder / path, transparency::kMaxBundleSize);
    if (there.ok() && verifier.Check(tile, *there).ok()) {
      ++result.kept;
    } else {
      MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, FetchExactly(log.fetch, tile));
      MUTUAL_RETURN_IF_ERROR(verifier.Check(tile, bytes));
      MUTUAL_RETURN_IF_ERROR(WriteBelow(folder, path, bytes));
      ++result.fetched;
    }
    say(result.kept + result.fetched, tiles.size());
  }
  MUTUAL_RETURN_IF_ERROR(WriteBelow(folder, "checkpoint", log.head.bytes));
  return result;
}

}  // namespace mutual::audit
