// `mutual plan` of training studies as researchers meet it.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/tools/mutual_program.h"

namespace mutual {
namespace {

using testing::Output;
using testing::RunMutual;

const std::string kModel = std::string(MUTUAL_SOURCE_DIR) + "/examples/drivers/model.toml";
// Of that file.
constexpr double kRounds = 30, kNoise = 8, kClip = 0.3, kExpected = 320;
constexpr int kHonest = 3;  // 4 nodes at least, one of them assumed to collude

nlohmann::json JsonOf(const std::string& arguments) {
  const Output output = RunMutual(arguments + " --json");
  INFO(arguments << "\n" << output.text);
  REQUIRE(output.status == 0);
  const auto json = nlohmann::json::parse(output.text, nullptr, false);
  REQUIRE(json.is_object());
  return json;
}

nlohmann::json Plan(const std::string& path, const std::string& more = "") {
  return JsonOf("plan " + path + " --nodes 12 --members 50 " + more);
}

// What the command of the accountants says of so many rounds of examples/drivers/model.toml.
nlohmann::json Accounted(int rounds) {
  return JsonOf("epsilon --noise " + std::to_string(kNoise) + " --delta 1e-6 --honest " +
                std::to_string(kHonest) + " --rounds " + std::to_string(rounds));
}

// The same study that watches the loss of a fifth of its members over windows of four rounds.
std::string WithPatience(const testing::TemporaryFolder& folder) {
  std::ifstream file(kModel);
  std::stringstream text;
  text << file.rdbuf();
  std::string study = text.str();
  const std::string line = "rounds = 30\n";
  study.replace(study.find(line), line.size(), line + "evaluation_share = 0.2\npatience = 4\n");
  const std::string path = (folder.path() / "model.toml").string();
  std::ofstream(path) << study;
  return path;
}

bool AreSaved(const nlohmann::json& plan, const nlohmann::json& end) {
  const nlohmann::json &spent = end["spent"], &saved = end["saved"], &whole = plan["after"].back();
  for (const char* const name :
       {"rounds", "epsilon_node", "epsilon_public", "yearly_share_node", "yearly_share_public"}) {
    if (std::fabs(spent[name].get<double>() + saved[name].get<double>() -
                  whole[name].get<double>()) > 1e-9) {
      return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("A training study's plan states the figures of the accountants after each tenth",
          "[tools]") {
  const auto plan = Plan(kModel);
  REQUIRE(plan["after"].size() == 10);
  double before = 0;
  for (const auto& cost : plan["after"]) {
    const auto accounted = Accounted(cost["rounds"].get<int>());
    CHECK(cost["epsilon_node"] == accounted["epsilon_node"]);
    CHECK(cost["epsilon_public"] == accounted["epsilon_public"]);
    CHECK(cost["yearly_share_node"].get<double>() > before);
    before = cost["yearly_share_node"].get<double>();
  }
  CHECK(plan["after"][0]["rounds"] == 3);
  CHECK(plan["after"][9]["rounds"] == kRounds);
  CHECK(plan["epsilon_node"] == plan["after"][9]["epsilon_node"]);
  CHECK(plan["works"] == true);
}

TEST_CASE("A training study's plan states its noise, its bytes and who is expected", "[tools]") {
  const auto plan = Plan(kModel, "--response 0.5");
  CHECK(plan["organisations"] == 12);
  CHECK(plan["members"] == 300);
  CHECK(plan["members_a_round"] == 300);
  CHECK(plan["expected_members_a_round"] == kExpected);
  const double parameters = plan["parameters"];
  CHECK(parameters > 2);
  // Noise of twelve nodes, each z·C, over the declared number; the grid rounds it up.
  const double noise = kNoise * std::sqrt(12.0) / kExpected;
  CHECK(plan["gradient_noise_of_clip"].get<double>() >= noise);
  CHECK_THAT(plan["gradient_noise_of_clip"].get<double>(), WithinRel(noise, 0.05));
  CHECK_THAT(plan["gradient_noise_length_of_clip"].get<double>(),
             WithinRel(plan["gradient_noise_of_clip"].get<double>() * std::sqrt(parameters), 1e-9));
  CHECK(plan["bytes_down_a_round"] == 4 * parameters);
  CHECK(plan["bytes_up_a_round"] == 64);  // short vectors are padded to 16 words
  CHECK(plan["bytes_in_all"] == kRounds * (4 * parameters + 64));
  CHECK(!plan.contains("earliest_end"));
}

TEST_CASE("With patience a plan says when the study may end and what that would save", "[tools]") {
  const testing::TemporaryFolder folder;
  const auto plan = Plan(WithPatience(folder));
  const auto& end = plan["earliest_end"];
  CHECK(end["spent"]["rounds"] == 8);  // two windows of four
  CHECK(end["spent"]["epsilon_node"] == Accounted(8)["epsilon_node"]);
  CHECK(end["saved"]["epsilon_node"].get<double>() > 0.3);
  CHECK(AreSaved(plan, end));
  CHECK(plan["expected_members_a_round"] == 0.8 * kExpected);
}

TEST_CASE("A study that ended early is planned with what it spent and saved", "[tools]") {
  const testing::TemporaryFolder folder;
  const std::string path = WithPatience(folder);
  const auto plan = Plan(path, "--rounds-run 12");
  CHECK(plan["rounds_run"]["spent"]["rounds"] == 12);
  CHECK(plan["rounds_run"]["spent"]["epsilon_public"] == Accounted(12)["epsilon_public"]);
  CHECK(AreSaved(plan, plan["rounds_run"]));
  const auto all = Plan(path, "--rounds-run 30");
  CHECK(all["rounds_run"]["saved"]["epsilon_node"] == 0);
  const Output words = RunMutual("plan " + path + " --nodes 12 --members 50 --rounds-run 12");
  INFO(words.text);
  CHECK_THAT(words.text, ContainsSubstring("Ended after round 12 of 30"));
  CHECK_THAT(words.text, ContainsSubstring("planned minus run"));
  CHECK_THAT(words.text, ContainsSubstring("charged to nobody"));
}

TEST_CASE("A training study that a year's budget or the organisations do not suffice for",
          "[tools]") {
  const std::string asked = "plan " + kModel + " --members 50 --nodes ";
  const Output few = RunMutual(asked + "3");
  CHECK_THAT(few.text, ContainsSubstring("Do not run this study yet: 3 organisations"));
  const Output dear = RunMutual(asked + "12 --yearly-node 1");
  INFO(dear.text);
  CHECK_THAT(dear.text, ContainsSubstring("Do not run this study yet: a year's budget pays for"));
  const auto plan = Plan(kModel, "--yearly-node 1");
  CHECK(plan["works"] == false);
  // The last round that is paid for fits, the one after it does not.
  const int paid = plan["affordable_rounds"];
  REQUIRE(paid > 0);
  const auto fits = Plan(kModel, "--yearly-node 1 --rounds-run " + std::to_string(paid));
  const auto beyond = Plan(kModel, "--yearly-node 1 --rounds-run " + std::to_string(paid + 1));
  CHECK(fits["rounds_run"]["spent"]["yearly_share_node"] <= 1);
  CHECK(beyond["rounds_run"]["spent"]["yearly_share_node"] > 1);
}

TEST_CASE("What a training study's plan cannot answer is refused", "[tools]") {
  const std::string asked = "plan " + kModel + " --nodes 12 --members 50 ";
  CHECK_THAT(RunMutual(asked + "--sweep noise").text, ContainsSubstring("PLAN_TRAINING"));
  CHECK_THAT(RunMutual(asked + "--rounds-run 31").text, ContainsSubstring("PLAN_ROUNDS"));
  CHECK_THAT(RunMutual(asked + "--rounds-run 0").text, ContainsSubstring("PLAN_ROUNDS"));
}

}  // namespace mutual
