// Verified reading of a log from a folder or from anything that serves its files.
//
// Nothing is believed that does not lead to the root of the tree it was opened with, which the
// caller takes from a verified checkpoint. Memory is bounded by one bundle (at most 16.8 MB) and
// the tiles that TileReader keeps. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transparency/merkle.h"
#include "transparency/tile_reader.h"

namespace mutual::transparency {

class LogReader {
 public:
  // Errors as of TileReader::Open.
  static absl::StatusOr<std::unique_ptr<LogReader>> Open(Fetch fetch, const TreeHead& tree);

  const TreeHead& tree() const { return tiles_.tree(); }
  TileReader& tiles() { return tiles_; }

  // Below, sizes and indices beyond the tree are INVALID_ARGUMENT; bytes that do not lead to its
  // root are DATA_LOSS LOG_CORRUPT; a missing file is NOT_FOUND; other errors of the fetch are
  // passed on.

  // The bytes of one entry. In ascending order, each bundle is fetched once.
  absl::StatusOr<std::string> Entry(uint64_t index);

  // Calls `visit` for the entries [begin, end) in order, until it returns an error, which is
  // passed on.
  using Visitor = std::function<absl::Status(uint64_t index, std::string_view entry)>;
  absl::Status ForEach(uint64_t begin, uint64_t end, const Visitor& visit);

  absl::StatusOr<TreeHead> HeadAt(uint64_t size);
  // The proof that entry `index` is in the tree of `size` entries, size at most the tree's.
  absl::StatusOr<std::vector<Digest>> InclusionProof(uint64_t index, uint64_t size);
  absl::StatusOr<std::vector<Digest>> ConsistencyProof(uint64_t old_size, uint64_t new_size);

 private:
  LogReader(Fetch fetch, TileReader tiles) : fetch_(std::move(fetch)), tiles_(std::move(tiles)) {}
  absl::Status CheckSize(uint64_t size) const;
  absl::Status LoadBundle(uint64_t number);

  Fetch fetch_;
  TileReader tiles_;
  bool has_bundle_ = false;
  uint64_t bundle_number_ = 0;
  std::vector<std::string> bundle_;
};

}  // namespace mutual::transparency
