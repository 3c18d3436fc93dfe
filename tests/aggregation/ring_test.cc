#include "aggregation/ring.h"

#include <limits>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace mutual::aggregation {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

std::vector<uint8_t> BytesOf(const std::string& text) { return {text.begin(), text.end()}; }

}  // namespace

TEST_CASE("Integers wrap modulo 2^32 on their way into the ring", "[ring]") {
  const std::vector<int64_t> values = {0, 1, -1, int64_t{1} << 32, -(int64_t{1} << 31),
                                       kLeast, kMost};
  CHECK(ToRing(values) == std::vector<uint32_t>{0, 1, 0xffffffff, 0, 0x80000000, 0, 0xffffffff});
  CHECK(ToRing({}).empty());
}

TEST_CASE("Centring gives the representative in [-2^31, 2^31)", "[ring]") {
  const std::vector<uint32_t> ring = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
  CHECK(Centre(ring) == std::vector<int64_t>{0, 1, 0x7fffffff, -(int64_t{1} << 31), -1});
}

TEST_CASE("Sums that stay within the ring's half come back, whatever wraps on the way",
          "[ring]") {
  const std::vector<std::vector<int64_t>> nodes = {
      {2'000'000'000, -5, 7}, {2'000'000'000, -6, -7}, {-3'900'000'000, 3, 0}};
  std::vector<uint32_t> total(3, 0);
  for (const auto& node : nodes) AddToRing(ToRing(node), total);
  CHECK(Centre(total) == std::vector<int64_t>{100'000'000, -8, 0});
}

TEST_CASE("Bytes are little-endian words", "[ring]") {
  const std::vector<uint32_t> ring = {1, 0x04030201, 0xffffff00};
  const std::string bytes = ToBytes(ring);
  CHECK(BytesOf(bytes) ==
        std::vector<uint8_t>{1, 0, 0, 0, 1, 2, 3, 4, 0x00, 0xff, 0xff, 0xff});
  CHECK(ToBytes({}).empty());
}

TEST_CASE("Adding bytes is adding words", "[ring]") {
  std::vector<uint32_t> ring, more, by_words, by_bytes;
  for (uint32_t i = 0; i < 1037; ++i) {  // longer than a vector register, and odd
    ring.push_back(i * 2654435761U);
    more.push_back(~i * 40503U);
  }
  by_words = by_bytes = ring;
  AddToRing(more, by_words);
  AddBytesToRing(BytesOf(ToBytes(more)), by_bytes);
  CHECK(by_words == by_bytes);
  CHECK(by_words[7] == ring[7] + more[7]);
}

TEST_CASE("Dequantising divides by the scale", "[ring]") {
  const std::vector<int64_t> centred = {0, -3, 1024};
  CHECK(Dequantise(centred, 4.0) == std::vector<double>{0, -0.75, 256});
}

}  // namespace mutual::aggregation
