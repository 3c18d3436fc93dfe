// `mutual plan` as researchers meet it.
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/tools/mutual_program.h"

namespace mutual {
namespace {

using testing::Output;
using testing::RunMutual;

const std::string kMean = std::string(MUTUAL_SOURCE_DIR) + "/examples/pay_survey/mean.toml";
// 40 branches with 10,147 members.
const std::string kForty = "plan " + kMean + " --nodes 40 --members 253.675 ";

nlohmann::json Plan(const std::string& arguments) {
  const Output output = RunMutual(arguments + " --json");
  INFO(arguments << "\n" << output.text);
  REQUIRE(output.status == 0);
  const auto json = nlohmann::json::parse(output.text, nullptr, false);
  REQUIRE(json.is_object());
  return json;
}

}  // namespace

TEST_CASE("A plan says in words what will be known and what it costs", "[tools]") {
  const Output output = RunMutual(kForty);
  INFO(output.text);
  CHECK(output.status == 0);
  CHECK_THAT(output.text, ContainsSubstring("40 organisations with 10147 members"));
  CHECK_THAT(output.text, ContainsSubstring("With these 40 organisations"));
  CHECK_THAT(output.text, ContainsSubstring("privacy adds"));
  CHECK_THAT(output.text, ContainsSubstring("This study can work."));
  CHECK_THAT(output.text, ContainsSubstring("epsilon_public"));
}

TEST_CASE("A plan's figures are those of the formulas", "[tools]") {
  const auto json = Plan(kForty);
  CHECK(json["works"] == true);
  CHECK(json["organisations"] == 40);
  CHECK_THAT(json["members"].get<double>(), WithinAbs(10147, 0.5));
  CHECK_THAT(json["epsilon_node"].get<double>(), WithinAbs(2.42, 0.03));
  double sampling = 0, privacy = 0;
  for (const auto& figure : json["half_widths_95"]) {
    if (figure["name"] != "mean") continue;
    sampling = figure["sampling"];
    privacy = figure["privacy"];
  }
  CHECK_THAT(sampling, WithinRel(0.15, 0.15));
  // 1.96·26·2·√3·√40/10147·√1.16, and what the grid rounds up.
  CHECK_THAT(privacy, WithinRel(0.1185, 0.05));
  CHECK(json["least_members"].get<double>() < 10147);
  CHECK(json["most_noise_multiplier"].get<double>() > 2);
}

TEST_CASE("Response and drop-out take away members and organisations", "[tools]") {
  const auto json = Plan(kForty + "--response 0.5 --drop-out 0.25");
  CHECK(json["organisations"] == 30);
  CHECK_THAT(json["members"].get<double>(), WithinAbs(10147 * 0.375, 0.5));
}

TEST_CASE("A study that cannot work is not to be run yet, with the number that would do",
          "[tools]") {
  const Output few = RunMutual("plan " + kMean + " --nodes 12 --members 250");
  CHECK(few.status == 0);
  CHECK_THAT(few.text, ContainsSubstring("Do not run this study yet"));
  CHECK_THAT(few.text, ContainsSubstring("at least 20"));
  const Output hidden = RunMutual("plan " + kMean + " --nodes 40 --members 3");
  INFO(hidden.text);
  CHECK_THAT(hidden.text, ContainsSubstring("Do not run this study yet"));
  CHECK_THAT(hidden.text, ContainsSubstring("members would do"));
}

TEST_CASE("Members can be a list, a file, a distribution or a sample", "[tools]") {
  const testing::TemporaryFolder folder;
  std::string list = "100";
  for (int i = 0; i < 19; ++i) list += ",100";
  CHECK(Plan("plan " + kMean + " --members " + list)["members"] == 2000);
  std::ofstream(folder.path() / "sizes") << std::string(list).replace(3, 1, "\n") << "\n";
  CHECK(
      RunMutual("plan " + kMean + " --members-file " + (folder.path() / "sizes").string()).status ==
      1);
  std::ofstream sizes(folder.path() / "lines");
  for (int i = 0; i < 20; ++i) sizes << "150\n";
  sizes.close();
  CHECK(Plan("plan " + kMean + " --members-file " +
             (folder.path() / "lines").string())["members"] == 3000);
  CHECK(Plan("plan " + kMean + " --nodes 40 --members lognormal:250:0.5")["members"].get<double>() >
        5000);
  std::ofstream sample(folder.path() / "sample.csv");
  sample << "token,pay\n";
  for (int i = 0; i < 50; ++i) sample << "t" << i << "," << (i % 2 == 0 ? 18 : 22) << "\n";
  sample.close();
  const auto json = Plan(kForty + "--sample " + (folder.path() / "sample.csv").string());
  for (const auto& figure : json["half_widths_95"]) {
    if (figure["name"] == "mean") {
      CHECK_THAT(figure["value"].get<double>(), WithinAbs(20, 1e-9));
      CHECK_THAT(figure["sampling"].get<double>(), WithinRel(1.96 * 2 / std::sqrt(10147.0), 1e-6));
    }
  }
}

TEST_CASE("A sweep draws the curve as characters and as SVG", "[tools]") {
  const testing::TemporaryFolder folder;
  for (const char* const what : {"noise", "nodes"}) {
    const std::string svg = (folder.path() / what).string() + ".svg";
    const Output output = RunMutual(kForty + "--sweep " + what + " --svg " + svg);
    INFO(output.text);
    CHECK(output.status == 0);
    CHECK_THAT(output.text, ContainsSubstring("o sampling"));
    std::ifstream file(svg);
    std::string first;
    std::getline(file, first);
    CHECK_THAT(first, ContainsSubstring("<svg"));
  }
  const auto json = Plan(kForty + "--sweep noise");
  CHECK(json["together"].size() == json["noise_multiplier"].size());
}

TEST_CASE("What a plan cannot read is refused with the next step", "[tools]") {
  CHECK_THAT(RunMutual("plan " + kMean + " --nodes 40 --members many").text,
             ContainsSubstring("PLAN_MEMBERS"));
  CHECK_THAT(RunMutual(kForty + "--response 2").text, ContainsSubstring("PLAN_SHARES"));
  CHECK_THAT(RunMutual(kForty + "--rounds-run 1").text, ContainsSubstring("PLAN_ROUNDS"));
}

}  // namespace mutual
