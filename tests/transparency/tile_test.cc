#include "transparency/tile.h"

#include <set>

#include "base/encoding.h"
#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/served_log.h"
#include "transparency/entry_bundle.h"

namespace mutual::transparency {

using testing::ServedLog;

TEST_CASE("A tile's path is written in groups of three digits", "[tile]") {
  CHECK(TilePath({0, 0, 256}) == "tile/0/000");
  CHECK(TilePath({0, 1234, 256}) == "tile/0/x001/234");
  CHECK(TilePath({3, 1234067, 256}) == "tile/3/x001/x234/067");
  CHECK(TilePath({1, 999, 17}) == "tile/1/999.p/17");
  CHECK(TilePath({kEntriesLevel, 0, 3}) == "tile/entries/000.p/3");
}

TEST_CASE("Parsing a tile's path is the inverse of printing it", "[tile]") {
  const int level = GENERATE(-1, 0, 1, 7);
  const uint64_t number = GENERATE(0u, 1u, 255u, 999u, 1000u, 1234067u, 72057594037927935u);
  const uint32_t width = GENERATE(1u, 255u, 256u);
  const Tile tile{level, number, width};
  const auto parsed = ParseTilePath(TilePath(tile));
  REQUIRE_OK(parsed);
  CHECK(*parsed == tile);
}

TEST_CASE("Another spelling of a tile's path is refused", "[tile]") {
  const std::string path = GENERATE(
      as<std::string>(), "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00",
      "tile/0/0000", "tile/0/x000/000", "tile/0/001/234", "tile/0/x001/x234", "/tile/0/000",
      "tile/0/000/", "tile/00/000", "tile/8/000", "tile/-1/000", "tile/+1/000", "tile/data/000",
      "tile/Entries/000", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/01",
      "tile/0/000.p/256", "tile/0/000.p/-1", "tile/0/000.p/1/", "tile/0/000.p/1.p/1",
      "tile/0/../000", "tile/0/x001//234", "tile/0/abc", "tile/0/x99999999/999", "tile/0/000 ",
      "tile/0/x999/x999/x999/x999/x999/x999/x999/999");
  INFO(path);
  CHECK(ParseTilePath(path).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("The tiles of a size are those of the definition", "[tile]") {
  const size_t size = GENERATE(0u, 1u, 3u, 255u, 256u, 257u, 600u, 65535u, 65536u, 65537u, 70000u);
  ServedLog log(size);
  std::set<std::string> paths;
  for (const Tile& tile : TilesOfSize(size)) paths.insert(TilePath(tile));
  CHECK(paths.size() == log.hash_tile_count());
  for (const Tile& tile : BundlesOfSize(size)) paths.insert(TilePath(tile));
  REQUIRE(paths.size() == log.files().size());
  for (const auto& [path, bytes] : log.files()) REQUIRE(paths.contains(path));
}

TEST_CASE("Size 70,000 has 277 tiles of hashes, 256 two", "[tile]") {
  const std::vector<Tile> tiles = TilesOfSize(70000);
  REQUIRE(tiles.size() == 277);
  CHECK(TilePath(tiles[273]) == "tile/0/273.p/112");
  CHECK(TilePath(tiles[274]) == "tile/1/000");
  CHECK(TilePath(tiles[275]) == "tile/1/001.p/17");
  CHECK(TilePath(tiles[276]) == "tile/2/000.p/1");
  const std::vector<Tile> two = TilesOfSize(256);
  REQUIRE(two.size() == 2);
  CHECK(TilePath(two[0]) == "tile/0/000");
  CHECK(TilePath(two[1]) == "tile/1/000.p/1");
}

TEST_CASE("The new tiles of a growing log are those that it did not have", "[tile]") {
  const uint64_t old_size = GENERATE(0u, 1u, 255u, 256u, 300u, 65535u, 65536u);
  const uint64_t growth = GENERATE(0u, 1u, 2u, 255u, 256u, 257u, 5000u);
  std::set<std::string> expected;
  for (const Tile& tile : TilesOfSize(old_size + growth)) expected.insert(TilePath(tile));
  for (const Tile& tile : TilesOfSize(old_size)) expected.erase(TilePath(tile));
  std::set<std::string> found;
  for (const Tile& tile : NewTiles(old_size, old_size + growth)) found.insert(TilePath(tile));
  CHECK(found == expected);
}

TEST_CASE("The tiles of the largest sizes are counted without overflow", "[tile]") {
  const uint64_t largest = ~uint64_t{0};
  CHECK(NewTiles(largest - 1, largest).size() == 1);
  CHECK(NewTiles(largest - 256, largest)[1] == Tile{0, largest / 256, 255});
}

TEST_CASE("A tile is its hashes and nothing else", "[tile]") {
  const std::vector<Digest> hashes = testing::TreeOfSize(256).leaves();
  const std::string bytes = PrintTile(hashes);
  CHECK(bytes.size() == 8192);
  CHECK(*ParseTile(bytes, 256) == hashes);
  CHECK(ParseTile(bytes.substr(0, 96), 3)->size() == 3);
  CHECK_THAT(std::string(ParseTile(bytes, 255).status().message()),
             ContainsSubstring("a tile has 8192 bytes, want 255 hashes"));
  CHECK_FALSE(ParseTile(bytes.substr(1), 256).ok());
  CHECK_FALSE(ParseTile("", 0).ok());
  CHECK_FALSE(ParseTile(bytes + bytes, 512).ok());
}

TEST_CASE("The bundle of alpha, beta and gamma is that of the published vector", "[tile]") {
  const std::vector<std::string> entries = {"alpha", "beta", "gamma"};
  const std::string bytes = *PrintBundle(entries);
  CHECK(HexEncode(AsBytes(bytes)) == "0005616c706861000462657461000567616d6d61");
  CHECK(*ParseBundle(bytes, 3) == entries);
}

TEST_CASE("A bundle that is cut, too long or of another count is refused", "[tile]") {
  const std::string bytes = *PrintBundle(std::vector<std::string>{"alpha", "beta", "gamma"});
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE(ParseBundle(bytes.substr(0, size), 3).status().code() ==
            absl::StatusCode::kInvalidArgument);
  }
  CHECK_THAT(std::string(ParseBundle(bytes, 2).status().message()),
             ContainsSubstring("a bundle has 7 bytes after its 2 entries"));
  CHECK_THAT(std::string(ParseBundle(bytes, 4).status().message()),
             ContainsSubstring("a bundle ends after 3 entries, want 4"));
  CHECK_FALSE(ParseBundle(bytes + '\0', 3).ok());
}

TEST_CASE("Entries of 0 and 65,535 bytes fit a bundle and 65,536 do not", "[tile]") {
  const std::vector<std::string> entries = {"", std::string(65535, 'x'), ""};
  CHECK(*ParseBundle(*PrintBundle(entries), 3) == entries);
  const auto status = PrintBundle(std::vector<std::string>{std::string(65536, 'x')}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), ContainsSubstring("want at most 65535"));
}

}  // namespace mutual::transparency
