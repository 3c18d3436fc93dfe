#include "privacy/grid.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "privacy/clipping.h"
#include "privacy/words.h"
#include "tests/support/seeded_random.h"

#include "tests/catch.h"

namespace mutual::privacy {
namespace {

using Vector = std::vector<double>;

GridRequest Request(uint64_t dimension, Rounding rounding) {
  return {.dimension = dimension,
          .member_bound = 1.5,
          .noise_multiplier = 2,
          .max_nodes = 12,
          .rounding = rounding};
}

Grid MustMake(const GridRequest& request) {
  const auto grid = MakeGrid(request);
  REQUIRE_OK(grid);
  return *grid;
}

std::string Refusal(const GridRequest& request, absl::StatusCode code) {
  const auto grid = MakeGrid(request);
  REQUIRE(grid.status().code() == code);
  return std::string(grid.status().message());
}

// Uniform in [-1, 1).
double Uniform(Words& words) {
  return std::ldexp(static_cast<double>(words.Next() >> 11), -52) - 1;
}

// L2 distance of the two vectors' grid points.
double GridDistance(const Grid& grid, const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto step = static_cast<double>(std::llround(a[i] * grid.scale) -
                                          std::llround(b[i] * grid.scale));
    sum += step * step;
  }
  return std::sqrt(sum);
}

// A member vector just inside the ball whose coordinates lie just beyond half-way between grid
// points, away from zero: every one is rounded up. Searched at random.
Vector WorstMember(const Grid& grid, const GridRequest& request, Words& words) {
  Vector direction(request.dimension);
  for (double& x : direction) x = 1 + 0.1 * Uniform(words);
  double norm = 0;
  for (const double x : direction) norm += x * x;
  const double length = request.member_bound * grid.scale / std::sqrt(norm);
  Vector member(request.dimension);
  for (size_t i = 0; i < member.size(); ++i) {
    member[i] = (std::floor(direction[i] * length - 0.5001) + 0.5001) / grid.scale;
  }
  return member;
}

// Values of sampled slots in batches of four, one rounding a batch. Packed: sampled slots follow
// each other. In blocks: slot i has place i, an unsampled slot counts zero there.
enum class Batches { kPacked, kBlocks };
int64_t SumInBatches(const Vector& slots, const std::vector<bool>& sampled, Batches batches) {
  int64_t sum = 0;
  double batch = 0;
  size_t places = 0;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (sampled[i]) batch += slots[i];
    if (sampled[i] || batches == Batches::kBlocks) ++places;
    if (places < 4 && i + 1 < slots.size()) continue;
    sum += std::llround(batch);
    batch = 0;
    places = 0;
  }
  return sum;
}

// One batch's sum as training forms it: rows of all members in one fixed order, float64.
Vector BatchSum(const std::vector<std::vector<std::pair<Vector, Vector>>>& members,
                const Vector& factors) {
  Vector sum(4, 0.0);
  for (size_t m = 0; m < members.size(); ++m) {
    for (const auto& [a, b] : members[m]) {
      for (size_t i = 0; i < 4; ++i) sum[i] += a[i / 2] * (factors[m] * b[i % 2]);
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("The grid keeps its promises over the whole range", "[grid]") {
  const uint64_t dimension = GENERATE(1, 2, 37, 1000, 100'000, 1'000'000, 20'000'000);
  const double z = GENERATE(0.2, 0.7, 1.0, 2.0, 4.0);
  const int nodes = GENERATE(1, 12, 300, 1000);
  const Rounding rounding = GENERATE(Rounding::kPerMember, Rounding::kPerBatch);
  const double bound = GENERATE(1e-6, 1.0, 12345.678);
  const Grid grid = MustMake({dimension, bound, z, nodes, rounding});
  CAPTURE(dimension, z, nodes, bound, grid.scale, grid.sensitivity, grid.noise_stddev);
  const double root = std::sqrt(static_cast<double>(dimension));
  const double half = rounding == Rounding::kPerMember ? root / 2 : root;
  CHECK(grid.scale * bound >= 100 * root * (1 - 1e-14));
  CHECK(static_cast<double>(grid.sensitivity) >= grid.scale * bound + half);
  CHECK(static_cast<double>(grid.noise_stddev) >= z * static_cast<double>(grid.sensitivity));
  CHECK(std::has_single_bit(static_cast<uint64_t>(grid.noise_stddev)));
  CHECK(grid.noise_stddev <= int64_t{1} << 28);
  CHECK(grid.clamp >= grid.sensitivity);
  // n clamped sums and eight standard deviations of their noise stay within the ring.
  const double sum = static_cast<double>(grid.clamp) * nodes +
                     8 * static_cast<double>(grid.noise_stddev) * std::sqrt(nodes);
  CHECK(sum <= 0x1p31);
}

TEST_CASE("No smaller power of two would do, and the grid is as fine as the noise allows",
          "[grid]") {
  const Grid grid = MustMake(Request(1000, Rounding::kPerMember));
  const double least = std::ceil(100.5 * std::sqrt(1000.0));
  CHECK(static_cast<double>(grid.noise_stddev) / 2 < 2 * least);
  // Whole units cost at most 4·C = 6 of sensitivity.
  CHECK(grid.sensitivity >= grid.noise_stddev / 2 - 7);
}

TEST_CASE("Counts and quarters of a unit reach the grid without rounding", "[grid]") {
  const uint64_t dimension = GENERATE(1, 3, 12, 1000, 1'000'000);
  const double bound = GENERATE(0.5, 1.0, 1.7320508075688772, 20.0);
  const double z = GENERATE(0.7, 2.0, 12.0);
  const Grid grid = MustMake({dimension, bound, z, 12, Rounding::kPerMember});
  CAPTURE(dimension, bound, z, grid.scale);
  if (grid.scale >= 64) CHECK(std::fmod(grid.scale, 4.0) == 0);
  if (grid.scale >= 16) CHECK(grid.scale == std::floor(grid.scale));
}

TEST_CASE("Training pays for two roundings and for the sum's arithmetic", "[grid]") {
  const Grid member = MustMake(Request(10'000, Rounding::kPerMember));
  const Grid batch = MustMake(Request(10'000, Rounding::kPerBatch));
  CHECK(member.noise_stddev == batch.noise_stddev);
  CHECK(batch.scale < member.scale);
  const double eta = 1.0 / 64;
  CHECK(static_cast<double>(batch.sensitivity) >= batch.scale * 1.5 * (1 + eta) + 100);
}

TEST_CASE("Requests out of range are refused", "[grid]") {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  GridRequest request = Request(10, Rounding::kPerMember);
  request.dimension = 0;
  CHECK_THAT(Refusal(request, kInvalid), ContainsSubstring("has 0"));
  request = Request(10, Rounding::kPerMember);
  request.member_bound = -1;
  CHECK_THAT(Refusal(request, kInvalid), ContainsSubstring("member bound is -1"));
  request.member_bound = INFINITY;
  CHECK_THAT(Refusal(request, kInvalid), ContainsSubstring("member bound"));
  request = Request(10, Rounding::kPerMember);
  request.noise_multiplier = 0;
  CHECK_THAT(Refusal(request, kInvalid), ContainsSubstring("noise multiplier is 0"));
  request = Request(10, Rounding::kPerMember);
  request.max_nodes = 0;
  CHECK_THAT(Refusal(request, kInvalid), ContainsSubstring("0 nodes"));
}

TEST_CASE("A request without room in the ring says what to change", "[grid]") {
  constexpr auto kRange = absl::StatusCode::kOutOfRange;
  GridRequest request = Request(20'000'000, Rounding::kPerBatch);
  request.max_nodes = 1'000'000;
  CHECK_THAT(Refusal(request, kRange), ContainsSubstring("nodes"));
  request.max_nodes = 12;
  request.noise_multiplier = 1000;
  CHECK_THAT(Refusal(request, kRange), ContainsSubstring("vector"));
}

TEST_CASE("No member moves the grid point of a sum by more than the sensitivity", "[grid]") {
  const uint64_t dimension = GENERATE(1, 2, 3, 4, 9, 64);
  const GridRequest request = Request(dimension, Rounding::kPerMember);
  const Grid grid = MustMake(request);
  testing::SeededRandom random(31);
  Words words(random);
  const Vector nobody(dimension, 0.0);
  double largest = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    Vector member(dimension);
    for (double& x : member) x = 1e6 * Uniform(words);
    ClipL2(request.member_bound, member);
    largest = std::max(largest, GridDistance(grid, member, nobody));
    const Vector worst = WorstMember(grid, request, words);
    largest = std::max(largest, GridDistance(grid, worst, nobody));
  }
  CAPTURE(dimension, grid.scale);
  CHECK(largest <= static_cast<double>(grid.sensitivity));
  // Rounding is part of it: without its term the claim would have failed here.
  if (dimension > 1) CHECK(largest > grid.scale * request.member_bound + 0.05);
}

TEST_CASE("One rounding of a batch's sum moves by at most the sensitivity", "[grid]") {
  const uint64_t dimension = GENERATE(1, 2, 4, 16);
  const GridRequest request = Request(dimension, Rounding::kPerBatch);
  const Grid grid = MustMake(request);
  testing::SeededRandom random(32);
  Words words(random);
  double largest = 0, largest_excess = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    // The others' sum lies just below half-way points, the member pushes it just above.
    const Vector member = WorstMember(grid, request, words);
    Vector others(dimension), both(dimension);
    double norm = 0;
    for (size_t i = 0; i < others.size(); ++i) {
      others[i] = (static_cast<double>(words.Below(1000)) + 0.4999) / grid.scale;
      both[i] = others[i] + member[i];
      norm += member[i] * member[i];
    }
    const double distance = GridDistance(grid, both, others);
    largest = std::max(largest, distance);
    largest_excess = std::max(largest_excess, distance - std::sqrt(norm) * grid.scale);
  }
  CAPTURE(dimension, grid.scale);
  CHECK(largest <= static_cast<double>(grid.sensitivity));
  CHECK(largest_excess > 0.4);
}

TEST_CASE("Attack: members whose rows cancel do not break the sensitivity", "[grid]") {
  const GridRequest request = Request(4, Rounding::kPerBatch);
  const Grid grid = MustMake(request);
  testing::SeededRandom random(33);
  Words words(random);
  double largest_naive = 0;
  for (int trial = 0; trial < 300; ++trial) {
    // Eight members of 2·k rows: each pair of rows cancels up to a small rest.
    std::vector<std::vector<std::pair<Vector, Vector>>> members(8);
    Vector safe, naive;
    for (auto& rows : members) {
      double bound = 0;
      Vector gradient(4, 0.0);
      for (int pair = 0; pair < 4; ++pair) {
        const double size = std::ldexp(1.0, static_cast<int>(words.Below(64)));
        const Vector a = {size * Uniform(words), size * Uniform(words)};
        const Vector b = {Uniform(words), Uniform(words)};
        const Vector minus = {-a[0], -a[1] + Uniform(words)};
        rows.emplace_back(a, b);
        rows.emplace_back(minus, b);
      }
      for (const auto& [a, b] : rows) {
        bound += std::hypot(a[0], a[1]) * std::hypot(b[0], b[1]);
        for (size_t i = 0; i < 4; ++i) gradient[i] += a[i / 2] * b[i % 2];
      }
      double ghost = 0;
      for (const double x : gradient) ghost += x * x;
      safe.push_back(SafeClipFactor({ghost, bound}, request.member_bound, 16));
      naive.push_back(std::min(1.0, request.member_bound / std::sqrt(ghost)));
    }
    const Vector with = BatchSum(members, safe);
    const Vector naive_with = BatchSum(members, naive);
    members[words.Below(8)].assign(8, {Vector(2, 0.0), Vector(2, 0.0)});
    const double distance = GridDistance(grid, with, BatchSum(members, safe));
    REQUIRE(distance <= static_cast<double>(grid.sensitivity));
    largest_naive =
        std::max(largest_naive, GridDistance(grid, naive_with, BatchSum(members, naive)));
  }
  // The same members, clipped by their computed norm alone, move the sum by more than allowed.
  CHECK(largest_naive > 2 * static_cast<double>(grid.sensitivity));
}

TEST_CASE("Attack: packing sampled slots lets an empty slot's coin move the sum", "[grid]") {
  // Slot 0 is empty, the others hold fractions of a grid unit. Amplification by sampling compares
  // two worlds that are equal when slot 0 is not drawn; in the neighbour without its member they
  // must be equal when it is drawn too.
  testing::SeededRandom random(34);
  Words words(random);
  int packed_differences = 0;
  for (int trial = 0; trial < 100; ++trial) {
    Vector slots = {0.0};
    for (int i = 1; i < 40; ++i) slots.push_back(Uniform(words));
    std::vector<bool> with(40, true), without = with;
    without[0] = false;
    packed_differences += SumInBatches(slots, with, Batches::kPacked) !=
                          SumInBatches(slots, without, Batches::kPacked);
    REQUIRE(SumInBatches(slots, with, Batches::kBlocks) ==
            SumInBatches(slots, without, Batches::kBlocks));
  }
  CHECK(packed_differences > 30);
}

}  // namespace mutual::privacy
