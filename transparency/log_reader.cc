#include "transparency/log_reader.h"

#include <utility>

#include "base/status.h"
#include "transparency/entry_bundle.h"

namespace mutual::transparency {
namespace {

absl::Status Corrupt(const absl::Status& status) { return WithCode(status, "LOG_CORRUPT"); }

}  // namespace

absl::StatusOr<std::unique_ptr<LogReader>> LogReader::Open(Fetch fetch, const TreeHead& tree) {
  MUTUAL_ASSIGN_OR_RETURN(TileReader tiles, TileReader::Open(fetch, tree));
  return std::unique_ptr<LogReader>(new LogReader(std::move(fetch), std::move(tiles)));
}

absl::Status LogReader::CheckSize(uint64_t size) const {
  if (size <= tree().size) return absl::OkStatus();
  return InvalidArgument("size %d was asked for, the log has %d entries; read a newer checkpoint",
                         size, tree().size);
}

absl::Status LogReader::LoadBundle(uint64_t number) {
  if (has_bundle_ && bundle_number_ == number) return absl::OkStatus();
  has_bundle_ = false;
  const Tile tile{kEntriesLevel, number, tiles_.Width(0, number)};
  MUTUAL_ASSIGN_OR_RETURN(const auto fetched, TileReader::FetchTile(fetch_, tile));
  absl::StatusOr<std::vector<std::string>> entries = ParseBundle(fetched.first, fetched.second);
  if (!entries.ok()) {
    return Corrupt(DataLoss("%s: %s", TilePath(tile), std::string(entries.status().message())));
  }
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<Digest> leaves, tiles_.Hashes(0, number));
  entries->resize(leaves.size());
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (LeafHash((*entries)[i]) == leaves[i]) continue;
    return Corrupt(
        DataLoss("entry %d has another hash than its leaf; this copy of the log is "
                 "damaged or forged, read it from elsewhere",
                 number * kTileWidth + i));
  }
  bundle_ = *std::move(entries);
  bundle_number_ = number;
  has_bundle_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::string> LogReader::Entry(uint64_t index) {
  if (index >= tree().size) {
    return InvalidArgument("entry %d was asked for, the log has %d entries", index, tree().size);
  }
  MUTUAL_RETURN_IF_ERROR(LoadBundle(index / kTileWidth));
  return bundle_[index % kTileWidth];
}

absl::Status LogReader::ForEach(uint64_t begin, uint64_t end, const Visitor& visit) {
  MUTUAL_RETURN_IF_ERROR(CheckSize(end));
  for (uint64_t index = begin; index < end; ++index) {
    MUTUAL_RETURN_IF_ERROR(LoadBundle(index / kTileWidth));
    MUTUAL_RETURN_IF_ERROR(visit(index, bundle_[index % kTileWidth]));
  }
  return absl::OkStatus();
}

absl::StatusOr<TreeHead> LogReader::HeadAt(uint64_t size) {
  MUTUAL_RETURN_IF_ERROR(CheckSize(size));
  MUTUAL_ASSIGN_OR_RETURN(const Digest root, ReadRoot(size, tiles_.Reader()));
  return TreeHead{size, root};
}

absl::StatusOr<std::vector<Digest>> LogReader::InclusionProof(uint64_t index, uint64_t size) {
  MUTUAL_RETURN_IF_ERROR(CheckSize(size));
  return ProveInclusion(index, size, tiles_.Reader());
}

absl::StatusOr<std::vector<Digest>> LogReader::ConsistencyProof(uint64_t old_size,
                                                                uint64_t new_size) {
  MUTUAL_RETURN_IF_ERROR(CheckSize(new_size));
  return ProveConsistency(old_size, new_size, tiles_.Reader());
}

}  // namespace mutual::transparency
