#include "privacy/sampling.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <vector>

#include "tests/support/seeded_random.h"

#include "tests/catch.h"

namespace mutual::privacy {
namespace {

// Gives the listed words, then zeros.
class Script final : public crypto::RandomSource {
 public:
  explicit Script(std::vector<uint64_t> words) : words_(std::move(words)) {}
  void Fill(std::span<uint8_t> out) override {
    std::fill(out.begin(), out.end(), uint8_t{0});
    const size_t bytes = std::min(out.size(), words_.size() * 8);
    if (bytes > 0) std::memcpy(out.data(), words_.data(), bytes);
    words_.clear();
  }

 private:
  std::vector<uint64_t> words_;
};

std::vector<bool> Sampled(std::vector<uint64_t> words, uint64_t slots, double rate) {
  Script script(std::move(words));
  const auto sampled = SampleSlots(slots, rate, script);
  REQUIRE_OK(sampled);
  return *sampled;
}

// The attack's victim: coins for occupied slots only.
std::vector<bool> SampleOccupiedOnly(const std::vector<bool>& occupied, double rate,
                                     crypto::RandomSource& random) {
  const auto coins = SampleSlots(
      static_cast<uint64_t>(std::count(occupied.begin(), occupied.end(), true)), rate, random);
  std::vector<bool> sampled(occupied.size(), false);
  size_t next = 0;
  for (size_t i = 0; i < occupied.size(); ++i) {
    if (occupied[i]) sampled[i] = (*coins)[next++];
  }
  return sampled;
}

}  // namespace

TEST_CASE("A coin compares with the rate's exact binary expansion", "[sampling]") {
  // 0.1 = 0x1.999999999999ap-4: its first 64 binary digits are 0x1999999999999a00, then zeros.
  constexpr uint64_t kTenth = 0x1999999999999a00;
  CHECK(Sampled({kTenth - 1}, 1, 0.1) == std::vector<bool>{true});
  CHECK(Sampled({kTenth}, 1, 0.1) == std::vector<bool>{false});
  CHECK(Sampled({kTenth + 1}, 1, 0.1) == std::vector<bool>{false});
  // 2^-64 + 2^-100: a first word of 0 is a hit, of 1 needs the second word.
  const double rate = 0x1p-64 + 0x1p-100;
  CHECK(Sampled({0}, 1, rate) == std::vector<bool>{true});
  CHECK(Sampled({1, (uint64_t{1} << 28) - 1}, 1, rate) == std::vector<bool>{true});
  CHECK(Sampled({1, uint64_t{1} << 28}, 1, rate) == std::vector<bool>{false});
  CHECK(Sampled({2}, 1, rate) == std::vector<bool>{false});
  CHECK(Sampled({1}, 1, std::numeric_limits<double>::denorm_min()) == std::vector<bool>{false});
}

TEST_CASE("A rate of one samples every slot and no slots give an empty sample", "[sampling]") {
  testing::SeededRandom random(1);
  CHECK(*SampleSlots(5, 1, random) == std::vector<bool>(5, true));
  CHECK(SampleSlots(0, 0.5, random)->empty());
}

TEST_CASE("Rates outside (0, 1] are refused", "[sampling]") {
  testing::SeededRandom random(1);
  for (const double rate : {0.0, -0.1, 1.0000001, std::nan("")}) {
    const auto sampled = SampleSlots(3, rate, random);
    CHECK(sampled.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK_THAT(std::string(sampled.status().message()), ContainsSubstring("sampling rate is"));
  }
}

TEST_CASE("Slots are sampled at the rate and independently", "[sampling]") {
  // Four binomial checks at 6 standard errors each: fails by chance with probability 1e-8.
  testing::SeededRandom random(2);
  constexpr uint64_t kSlots = 1'000'000;
  for (const double rate : {0.02, 0.5}) {
    const std::vector<bool> sampled = *SampleSlots(kSlots, rate, random);
    double hits = 0, pairs = 0;
    for (size_t i = 0; i < kSlots; ++i) {
      hits += sampled[i];
      pairs += sampled[i] && sampled[(i + 1) % kSlots];
    }
    const double n = kSlots, square = rate * rate;
    CHECK_THAT(hits / n, WithinAbs(rate, 6 * std::sqrt(rate * (1 - rate) / n)));
    CHECK_THAT(pairs / n, WithinAbs(square, 6 * std::sqrt(3 * square / n)));
  }
}

TEST_CASE("Attack: emptying a slot does not move any other member's coin", "[sampling]") {
  std::vector<bool> full(200, true), neighbour = full;
  neighbour[17] = false;
  const auto differences = [](const std::vector<bool>& a, const std::vector<bool>& b) {
    int count = 0;
    for (size_t i = 0; i < a.size(); ++i) count += i != 17 && a[i] != b[i];
    return count;
  };
  // With coins for occupied slots only, the others' coins shift: the neighbours differ in many
  // members, and the sensitivity of one member does not hold.
  testing::SeededRandom random_a(3), random_b(3);
  CHECK(differences(SampleOccupiedOnly(full, 0.5, random_a),
                    SampleOccupiedOnly(neighbour, 0.5, random_b)) > 20);
  // SampleSlots is not even told who is there: the same randomness gives the same coins.
  testing::SeededRandom random_c(3), random_d(3);
  CHECK(differences(*SampleSlots(200, 0.5, random_c), *SampleSlots(200, 0.5, random_d)) == 0);
  CHECK(random_c.filled() == random_d.filled());
}

TEST_CASE("A draw without replacement is increasing, distinct and complete at the end",
          "[sampling]") {
  testing::SeededRandom random(4);
  for (uint64_t count = 0; count <= 12; ++count) {
    const std::vector<uint64_t> drawn = SampleWithoutReplacement(10, count, random);
    CHECK(drawn.size() == std::min<uint64_t>(count, 10));
    CHECK(std::is_sorted(drawn.begin(), drawn.end(), std::less_equal<>()));
    for (const uint64_t index : drawn) CHECK(index < 10);
  }
  CHECK(SampleWithoutReplacement(0, 3, random).empty());
}

TEST_CASE("Every subset is drawn equally often", "[sampling]") {
  // Chi-square with 19 degrees of freedom at 80: fails by chance with probability 2e-9.
  testing::SeededRandom random(5);
  std::map<std::vector<uint64_t>, double> counts;
  constexpr int kDraws = 40000;
  for (int i = 0; i < kDraws; ++i) counts[SampleWithoutReplacement(6, 3, random)] += 1;
  REQUIRE(counts.size() == 20);
  double chi_square = 0;
  for (const auto& [subset, count] : counts) {
    chi_square += (count - kDraws / 20.0) * (count - kDraws / 20.0) / (kDraws / 20.0);
  }
  CHECK(chi_square < 80);
}

}  // namespace mutual::privacy
