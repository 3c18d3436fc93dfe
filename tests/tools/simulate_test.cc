// Simulations: the real protocol, on tables whose answers are known.
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_replace.h"
#include "crypto/digest.h"
#include "tests/catch.h"
#include "tests/tools/simulated_pay.h"
#include "tools/simulate/no_noise.h"

namespace mutual {
namespace {

using simulate::Misdeed;
using testing::FigureOf;
using testing::MeanStudyText;
using testing::SimulatedPay;

std::string HistogramStudyText() {
  return absl::StrReplaceAll(MeanStudyText(), {{"kind = \"mean\"\ncolumns = [\"wage\"]",
                                                "kind = \"histogram\"\ncolumns = [\"wage\"]\n"
                                                "bins = [4]"}});
}

bool IsNear(double found, double wanted) {
  return std::abs(found - wanted) <= 1e-9 * std::abs(wanted);
}

uint64_t LostIn(const nlohmann::ordered_json& round) {
  uint64_t lost = 0;
  for (const auto& [code, count] : round["lost"].items()) lost += count.get<uint64_t>();
  return lost;
}

}  // namespace

TEST_CASE("Without noise a simulated mean is the pooled one", "[simulate]") {
  const SimulatedPay pay;
  const auto report = pay.Run();
  REQUIRE(report.ok());
  REQUIRE(report->repeats[0]["state"] == "finished");
  REQUIRE(report->repeats[0]["rounds"][0]["counted"] == 7);
  REQUIRE(IsNear(FigureOf(*report, "mean", ""), pay.PooledMean(0)));
}

TEST_CASE("Without noise a simulated histogram is the pooled one", "[simulate]") {
  const SimulatedPay pay(HistogramStudyText());
  const auto report = pay.Run();
  REQUIRE(report.ok());
  double low = 0;
  for (const auto& wages : pay.wages()) {
    for (const double wage : wages) low += wage < 21 ? 1 : 0;
  }
  const auto result = study::ResultFromJson(report->repeats[0]["result"].dump());
  REQUIRE(result.ok());
  const study::ResultRow& first = result->tables[0].rows[0];
  REQUIRE(IsNear(first.estimates[0].value, low));
}

TEST_CASE("A simulated study has the digest of its file", "[simulate]") {
  const SimulatedPay pay;
  const auto report = pay.Run();
  REQUIRE(report.ok());
  REQUIRE(report->study.digest == crypto::Sha256(MeanStudyText()));
  REQUIRE(simulate::JsonOf(pay.request, *report)["study"] ==
          crypto::Sha256(MeanStudyText()).ToHex());
}

TEST_CASE("A seed gives the same report again, whatever runs beside it", "[simulate]") {
  SimulatedPay pay;
  pay.request.has_noise = true;
  pay.request.data.resample = true;
  pay.request.repeats = 3;
  pay.request.drop_out = 0.1;
  pay.request.slow = 0.3;
  pay.request.seed = 7;
  pay.request.jobs = 1;
  const auto first = pay.Run();
  pay.request.jobs = 3;
  const auto again = pay.Run();
  REQUIRE((first.ok() && again.ok()));
  REQUIRE(simulate::JsonOf(pay.request, *first) == simulate::JsonOf(pay.request, *again));
  REQUIRE(first->repeats[0] != first->repeats[1]);
  pay.request.seed = 8;
  const auto other = pay.Run();
  REQUIRE(other.ok());
  REQUIRE(other->repeats != first->repeats);
}

TEST_CASE("Sampled members are the same for the same seed", "[simulate]") {
  SimulatedPay pay(
      absl::StrReplaceAll(MeanStudyText(), {{"sampling_rate = 1", "sampling_rate = 0.5"}}));
  const auto first = pay.Run();
  const auto again = pay.Run();
  REQUIRE((first.ok() && again.ok()));
  REQUIRE(first->repeats == again->repeats);
  REQUIRE(!IsNear(FigureOf(*first, "mean", ""), pay.PooledMean(0)));
}

TEST_CASE("Who drops out or is too late is not counted, and the others are", "[simulate]") {
  SimulatedPay pay;
  pay.request.drop_out = 0.2;
  pay.request.slow = 0.5;
  pay.request.repeats = 6;
  const auto report = pay.Run();
  REQUIRE(report.ok());
  uint64_t lost = 0, missed = 0;
  for (const auto& repeat : report->repeats) {
    for (const auto& round : repeat["rounds"]) {
      const bool is_closed = round["counted"] != 0;
      REQUIRE((!is_closed ||
               round["counted"].get<uint64_t>() + round["missed"].get<uint64_t>() + LostIn(round) ==
                   7));
      lost += LostIn(round);
      missed += round["missed"].get<uint64_t>();
    }
  }
  REQUIRE(lost > 0);
  REQUIRE(missed > 0);
}

TEST_CASE("Too few answers end the study, and nothing is released", "[simulate]") {
  SimulatedPay pay;
  pay.request.drop_out = 0.95;
  const auto report = pay.Run();
  REQUIRE(report.ok());
  REQUIRE(report->repeats[0]["state"] == "abandoned");
  REQUIRE(report->repeats[0]["result"].is_null());
  REQUIRE(report->repeats[0]["rounds"][0]["counted"] == 0);
}

TEST_CASE("Who does wrong loses only its own place", "[simulate]") {
  struct Case {
    Misdeed misdeed;
    const char* refusal;  // by the coordinator; "" when it is settled otherwise
    size_t left_out;      // organisations whose members do not count
  };
  const Case one = GENERATE(values<Case>({{Misdeed::kWrongLength, "WRONG_LENGTH", 1},
                                          {Misdeed::kBadDigest, "CONTRIBUTION_CORRUPT", 1},
                                          {Misdeed::kTwice, "CONTRIBUTED_TWICE", 0},
                                          {Misdeed::kLate, "ROUND_CLOSED", 1},
                                          {Misdeed::kForged, "UNAUTHENTICATED", 1},
                                          {Misdeed::kBadKeys, "", 1},
                                          {Misdeed::kLyingScrutineer, "", 0},
                                          {Misdeed::kSilentScrutineer, "", 0}}));
  SimulatedPay pay;
  pay.request.misdeeds = {{one.misdeed, 1}};
  const auto report = pay.Run();
  INFO(simulate::NameOf(one.misdeed));
  REQUIRE(report.ok());
  const auto& repeat = report->repeats[0];
  REQUIRE(repeat["state"] == "finished");
  REQUIRE(repeat["rounds"][0]["counted"] == 7 - one.left_out);
  REQUIRE(IsNear(FigureOf(*report, "mean", ""), pay.PooledMean(one.left_out)));
  INFO(repeat["refusals"].dump());
  if (*one.refusal != '\0') REQUIRE(repeat["refusals"].value(one.refusal, 0) == 1);
  if (one.left_out > 0) REQUIRE(LostIn(repeat["rounds"][0]) == 1);
}

TEST_CASE("Too many lying scrutineers end the study instead of a wrong answer", "[simulate]") {
  SimulatedPay pay;
  pay.request.misdeeds = {{Misdeed::kLyingScrutineer, 3}};
  const auto report = pay.Run();
  REQUIRE(report.ok());
  REQUIRE(report->repeats[0]["state"] == "abandoned");
  REQUIRE(report->repeats[0]["result"].is_null());
}

TEST_CASE("What is without noise says so everywhere", "[simulate]") {
  SimulatedPay pay;
  const auto report = pay.Run();
  REQUIRE(report.ok());
  REQUIRE(simulate::TextOf(pay.request, *report).find(simulate::kNoNoiseMark) == 0);
  REQUIRE(simulate::JsonOf(pay.request, *report)["noise"] == "off");
  REQUIRE(simulate::JsonOf(pay.request, *report)["warning"] == simulate::kNoNoiseMark);
  pay.request.has_noise = true;
  const auto noisy = pay.Run();
  REQUIRE(noisy.ok());
  REQUIRE(simulate::JsonOf(pay.request, *noisy)["noise"] == "on");
  REQUIRE(!IsNear(FigureOf(*noisy, "mean", ""), FigureOf(*report, "mean", "")));
}

TEST_CASE("One table is split by a column", "[simulate]") {
  SimulatedPay pay;
  const auto path = (pay.folder() / "all.csv").string();
  {
    std::ofstream file(path);
    file << "branch;who;wage\n";
    const char* const names[] = {"north", "south", "west", "east", "a \"b\"; c"};
    for (int m = 0; m < 100; ++m) {
      file << (m % 5 == 4 ? "\"a \"\"b\"\"; c\"" : names[m % 5]) << ";m" << m << ";"
           << (m < 50 ? 8 : 60) << "\n";
    }
  }
  pay.request.data.files = {path};
  pay.request.data.split_by = "branch";
  const auto report = pay.Run();
  REQUIRE(report.ok());
  REQUIRE(report->organisations == 5);
  REQUIRE(report->members == 100);
  REQUIRE(IsNear(FigureOf(*report, "mean", ""), 34));
  pay.request.data.split_by = "county";
  REQUIRE(pay.Run().status().message().find("has no column \"county\"") != std::string::npos);
}

TEST_CASE("Made-up members are within the study's bounds", "[simulate]") {
  SimulatedPay pay;
  pay.request.data.files.clear();
  pay.request.data.sizes = {40, 50, 60, 70};
  const auto report = pay.Run();
  REQUIRE(report.ok());
  REQUIRE(report->members == 220);
  REQUIRE(std::abs(FigureOf(*report, "count", "") - 220) < 0.5);
  const double mean = FigureOf(*report, "mean", "");
  REQUIRE((mean > 20 && mean < 28));  // a bell around 23.6 with deviation 7.8: 8 errors wide
}

TEST_CASE("Wrong options are refused with what was wanted", "[simulate]") {
  SimulatedPay pay;
  pay.request.repeats = 0;
  REQUIRE(pay.Run().status().message().find("--repeat is 0 (want 1 to") != std::string::npos);
  pay.request.repeats = 1;
  pay.request.misdeeds = {{Misdeed::kLate, 4}};
  REQUIRE(pay.Run().status().message().find("1 too few") != std::string::npos);
  pay.request.misdeeds.clear();
  pay.request.data.files.resize(2);
  REQUIRE(pay.Run().status().message().find("2 organisations are simulated, want at least 3") !=
          std::string::npos);
  REQUIRE(!simulate::ParseMisdeeds("late").ok());
  REQUIRE(!simulate::ParseMisdeeds("late:0").ok());
  REQUIRE(!simulate::ParseMisdeeds("rude:1").ok());
  REQUIRE(simulate::ParseMisdeeds("late:2")->count == 2);
}

}  // namespace mutual
