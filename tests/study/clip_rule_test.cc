// The rule of a clip that adapts.
#include "study/clip_rule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

constexpr ClipRule kRule{0.5, 0.2, 0.01, 100, 0.3};

std::string Adaptive(const std::string& keys) {
  return Replaced(TrainText(kTrain), "clip = 0.5", "clip = 0.5\n" + keys);
}

const char kKeys[] =
    "clip_quantile = 0.5\nclip_rate = 0.2\nclip_weight = 0.3\nclip_lowest = 0.01\n"
    "clip_highest = 10\n";

}  // namespace

TEST_CASE("A step of the clip is the exponential of its paper to the third order", "[study]") {
  for (const double share : {0.0, 0.25, 0.5, 0.8, 1.0}) {
    REQUIRE_THAT(NextClip(kRule, 2, share), WithinRel(2 * std::exp(0.2 * (0.5 - share)), 1e-4));
  }
  REQUIRE(NextClip(kRule, 2, 0.5) == 2);
  // Noise may bring a share out of [0, 1]; it moves the clip no further than one of all or none.
  REQUIRE(NextClip(kRule, 2, -7) == NextClip(kRule, 2, 0));
  REQUIRE(NextClip(kRule, 2, 7) == NextClip(kRule, 2, 1));
  REQUIRE(NextClip(kRule, 100, 0) == 100);
  REQUIRE(NextClip(kRule, 0.01, 1) == 0.01);
}

TEST_CASE("The clip comes to the quantile of the norms, whatever it began with", "[study]") {
  const double quantile = GENERATE(0.2, 0.5, 0.9), first = GENERATE(0.02, 1.0, 50.0);
  ClipRule rule = kRule;
  rule.quantile = quantile;
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> norm(0.5, 1);
  std::vector<double> norms(1000);
  for (double& value : norms) value = norm(random);
  double clip = first;
  for (int round = 0; round < 400; ++round) {
    const auto below =
        std::count_if(norms.begin(), norms.end(), [&](double value) { return value <= clip; });
    clip = NextClip(rule, clip, static_cast<double>(below) / 1000);
  }
  std::sort(norms.begin(), norms.end());
  REQUIRE_THAT(clip, WithinRel(norms[static_cast<size_t>(1000 * quantile)], 0.03));
}

TEST_CASE("What the rule chose is reachable, and what no members can bring about is not",
          "[study]") {
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> unit(0.001, 0.999), noisy(-0.5, 1.5);
  for (int i = 0; i < 200; ++i) {
    const ClipRule rule{unit(random), unit(random), 0.1, 30, 0.5};
    double clip = 1;
    for (uint64_t round = 1; round < 60; ++round) {
      REQUIRE(IsReachable(rule, 1, round, clip));
      clip = NextClip(rule, clip, noisy(random));
    }
  }
  REQUIRE(IsReachable(kRule, 2, 1, 2));
  REQUIRE_FALSE(IsReachable(kRule, 2, 1, std::nextafter(2.0, 3.0)));
  REQUIRE_FALSE(IsReachable(kRule, 2, 2, 2 * 1.11));
  REQUIRE_FALSE(IsReachable(kRule, 2, 2, 2 / 1.11));
  REQUIRE(IsReachable(kRule, 2, 1000000, 100));
  REQUIRE_FALSE(IsReachable(kRule, 2, 1000000, 100.001));
  REQUIRE_FALSE(IsReachable(kRule, 2, 0, 2));
  REQUIRE_FALSE(IsReachable(kRule, 2, 3, std::numeric_limits<double>::quiet_NaN()));
}

TEST_CASE("A rule of the clip is read, and what is wrong with it is named", "[study]") {
  const LintResult good = LintText(Adaptive(kKeys));
  REQUIRE(good.study.has_value());
  REQUIRE(good.study->privacy.clip_rule->weight == 0.3);
  REQUIRE_THAT(JointBound(*good.study->privacy.clip_rule, 0.5),
               WithinRel(0.5 * std::sqrt(1 + 0.15 * 0.15), 1e-15));
  struct Wrong {
    std::string from, to, message;
  };
  const auto wrong =
      GENERATE(Wrong{"clip_quantile = 0.5\n", "", "clip_rate belongs to a clip that adapts"},
               Wrong{"clip_quantile = 0.5", "clip_quantile = 1", "clip_quantile is 1"},
               Wrong{"clip_rate = 0.2", "clip_rate = 0", "clip_rate is 0"},
               Wrong{"clip_weight = 0.3\n", "", "clip_weight"},
               Wrong{"clip_lowest = 0.01", "clip_lowest = 0.6", "outside clip_lowest = 0.6"},
               Wrong{"clip_highest = 10", "clip_highest = 0.4", "outside clip_lowest = 0.01"});
  const LintResult bad = LintText(Adaptive(Replaced(kKeys, wrong.from, wrong.to)));
  REQUIRE_FALSE(bad.study.has_value());
  CAPTURE(wrong.to);
  REQUIRE_THAT(bad.problems[0].message, ContainsSubstring(wrong.message));
}

}  // namespace mutual::study
