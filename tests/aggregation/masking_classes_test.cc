#include <algorithm>
#include <bit>

#include "aggregation/masking/mask_classes.h"
#include "aggregation/masking/trust_bound.h"
#include "base/status.h"
#include "tests/catch.h"

namespace mutual::aggregation::masking {
namespace {

std::vector<Threshold> AllThresholds() {
  std::vector<Threshold> all;
  for (uint32_t m = 2; m <= 7; ++m) {
    for (uint32_t t = 2; t <= m; ++t) all.push_back({m, t});
  }
  return all;
}

std::vector<uint32_t> Members(uint32_t set) {
  std::vector<uint32_t> members;
  for (uint32_t j = 0; j < 7; ++j) {
    if (set >> j & 1) members.push_back(j);
  }
  return members;
}

}  // namespace

TEST_CASE("By default four scrutineers hold four classes of three", "[masking]") {
  const auto classes = MaskClasses::Create({});
  REQUIRE_OK(classes);
  REQUIRE(classes->size() == 4);
  REQUIRE(classes->holders_per_class() == 3);
  CHECK(classes->Holders(0) == std::vector<uint32_t>{1, 2, 3});
  CHECK(classes->Holders(3) == std::vector<uint32_t>{0, 1, 2});
  CHECK(classes->ClassesOf(2) == std::vector<uint32_t>{0, 1, 3});
  CHECK_FALSE(classes->Holds(2, 2));
  CHECK_FALSE(classes->Holds(4, 0));
  CHECK_FALSE(classes->Holds(0, 4));
}

TEST_CASE("Any t scrutineers hold every class and any t - 1 miss exactly one", "[masking]") {
  for (const Threshold& threshold : AllThresholds()) {
    const auto classes = MaskClasses::Create(threshold);
    REQUIRE_OK(classes);
    for (uint32_t set = 0; set < 1u << threshold.scrutineers; ++set) {
      const std::vector<uint32_t> members = Members(set);
      uint32_t missed = 0;
      for (uint32_t c = 0; c < classes->size(); ++c) {
        missed += std::none_of(members.begin(), members.end(),
                               [&](uint32_t j) { return classes->Holds(j, c); });
      }
      const auto size = static_cast<uint32_t>(std::popcount(set));
      REQUIRE(classes->Cover(members) == (size >= threshold.threshold));
      REQUIRE((size >= threshold.threshold) == (missed == 0));
      if (size == threshold.threshold - 1) REQUIRE(missed == 1);
    }
  }
}

TEST_CASE("Thresholds out of range are refused", "[masking]") {
  const Threshold bad =
      GENERATE(Threshold{1, 1}, Threshold{8, 2}, Threshold{4, 1}, Threshold{4, 5}, Threshold{0, 0});
  const auto classes = MaskClasses::Create(bad);
  REQUIRE(classes.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(ErrorCode(classes.status()) == "THRESHOLD_INVALID");
  CHECK_THAT(std::string(classes.status().message()), ContainsSubstring("want 2 to 7 scrutineers"));
}

TEST_CASE("Scrutineer quorums overlap in an honest one, and leave every class a majority",
          "[masking]") {
  CHECK(ScrutineerQuorum({4, 2}) == 3);
  CHECK(ScrutineerQuorum({3, 2}) == 3);
  CHECK(ScrutineerQuorum({2, 2}) == 2);
  CHECK(ScrutineerQuorum({7, 7}) == 7);
  for (const Threshold& threshold : AllThresholds()) {
    const uint32_t m = threshold.scrutineers, t = threshold.threshold;
    const uint32_t quorum = ScrutineerQuorum(threshold);
    REQUIRE(quorum <= m);
    REQUIRE(2 * quorum - m > t - 1);  // two quorums share more than can lie
    REQUIRE((m - t + 1) - (m - quorum) >= HolderMajority(threshold));
  }
}

TEST_CASE("Two scrutineers of the operator's circle must not isolate one honest node",
          "[masking][attack]") {
  // Played out: t - 1 = 1 scrutineer and 1 operator node know 2 of the 3 inputs of a sum of
  // min_nodes = 3, so the sum is the third node's vector. The bound asks for min_nodes 4.
  const TrustBound isolating{{4, 2}, 1, 1, 3};
  const absl::Status refused = CheckTrustBound(isolating);
  CHECK(refused.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(ErrorCode(refused) == "COLLUDER_BOUND");
  CHECK_THAT(std::string(refused.message()), ContainsSubstring("want at least 2"));
  REQUIRE_OK(CheckTrustBound({{4, 2}, 1, 2, 4}));
}

TEST_CASE("min_nodes is at least two more than the assumed colluders", "[masking][attack]") {
  REQUIRE_OK(CheckTrustBound({{4, 2}, 0, 1, 3}));
  REQUIRE_OK(CheckTrustBound({{2, 2}, 0, 1, 3}));
  const absl::Status refused = CheckTrustBound({{4, 2}, 0, 2, 3});
  CHECK(ErrorCode(refused) == "COLLUDER_BOUND");
  CHECK_THAT(std::string(refused.message()), ContainsSubstring("min_nodes is 3, want at least 4"));
  CHECK_FALSE(CheckTrustBound({{4, 2}, 0, 0, 3}).ok());
  CHECK_FALSE(CheckTrustBound({{7, 7}, 0, 5, 9}).ok());
  CHECK_FALSE(CheckTrustBound({{4, 2}, 0, 0xffffffff, 1}).ok());  // no wrap-around
}

}  // namespace mutual::aggregation::masking
