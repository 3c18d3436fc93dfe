#include <cmath>
#include <fstream>

#include "base/status.h"
#include "client/data/data_source.h"
#include "client/data/node_config.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace mutual::client {
namespace {

study::Schema MakeSchema(const std::vector<std::string>& categories) {
  study::Schema schema;
  schema.member_column = "who";
  schema.columns.push_back({"pay", study::ColumnType::kReal, 0, 100, {}, "d", "", 1});
  schema.columns.push_back({"trips", study::ColumnType::kInteger, 0, 50, {}, "d", "", 2});
  schema.columns.push_back({"shift", study::ColumnType::kCategory, 0, 0, categories, "d", "", 3});
  return schema;
}

struct Fixture {
  testing::TemporaryFolder folder;
  TableConfig config;
  std::vector<std::string> categories = {"early late", "Nächt"};  // of the column shift
  std::vector<std::string> members;
  std::vector<std::vector<double>> rows;

  absl::StatusOr<ReadReport> Read(const std::string& text) {
    config.file = (folder.path() / "table.csv").string();
    std::ofstream(config.file, std::ios::binary) << text;
    return ReadTable(config, MakeSchema(categories),
                     [this](const std::string& member, const std::vector<double>& values) {
                       members.push_back(member);
                       rows.push_back(values);
                     });
  }
};

}  // namespace

TEST_CASE("A plain table is read, bounds clamp, missing is not zero", "[data]") {
  Fixture fixture;
  const auto report = fixture.Read("who,pay,trips,shift\nA,12.5,3,early late\nB,900,?,Nächt\n");
  REQUIRE_OK(report);
  REQUIRE(report->rows_accepted == 2);
  REQUIRE(fixture.rows[0] == std::vector<double>{12.5, 3, 0});
  REQUIRE(fixture.rows[1][0] == 100);
  REQUIRE(std::isnan(fixture.rows[1][1]));
  REQUIRE(report->rows_without == std::map<std::string, uint64_t>{{"trips", 1}});
}

TEST_CASE("A missing mark that the study lists as a category, or node.toml maps to one, is one",
          "[data]") {
  Fixture fixture;
  fixture.categories = {"day", "?", "not asked"};
  fixture.config.categories["shift"] = {{"NA", "not asked"}, {"", "nobody listed this"}};
  const auto report = fixture.Read("who,pay,trips,shift\nA,?,1,?\nB,1,NA,NA\nC,1,1,\nD,1,NA,day\n");
  REQUIRE_OK(report);
  REQUIRE(report->rows_accepted == 4);
  CHECK(fixture.rows[0][2] == 1);
  CHECK(fixture.rows[1][2] == 2);
  CHECK(std::isnan(fixture.rows[2][2]));
  CHECK(fixture.rows[3][2] == 0);
  CHECK(report->rows_without ==
        std::map<std::string, uint64_t>{{"pay", 1}, {"trips", 2}, {"shift", 1}});
}

TEST_CASE("BOM, CRLF, semicolons, decimal commas and quotes are read", "[data]") {
  Fixture fixture;
  fixture.config.delimiter = ';';
  fixture.config.decimal = ',';
  fixture.config.columns["pay"] = "Hourly pay; gross";
  const auto report = fixture.Read(
      "\xEF\xBB\xBFwho;\"Hourly pay; gross\";trips;shift\r\n\"A \"\"x\"\"\";12,5;3; early late "
      "\r\n");
  REQUIRE_OK(report);
  REQUIRE(fixture.members == std::vector<std::string>{"A \"x\""});
  REQUIRE(fixture.rows[0] == std::vector<double>{12.5, 3, 0});
}

TEST_CASE("Latin-1 and tables without a header are read", "[data]") {
  Fixture fixture;
  fixture.config.encoding = "latin-1";
  fixture.config.has_header = false;
  fixture.config.columns = {{"who", "1"}, {"pay", "2"}, {"trips", "3"}, {"shift", "4"}};
  const auto report = fixture.Read(
      "A,1,2,N\xE4"
      "cht");  // and no final newline
  REQUIRE_OK(report);
  REQUIRE(fixture.rows.size() == 1);
  REQUIRE(fixture.rows[0][2] == 1);
}

TEST_CASE("Every bad row is named by line and rule, never by value", "[data]") {
  Fixture fixture;
  const auto report = fixture.Read(
      "who,pay,trips,shift\n"
      "A,1,2,early late\n"
      "B,secret,2,early late\n"
      "\"C\nC\",1,2,early late\n"
      "D,1,2.5,early late\n"
      "E,1,2\n"
      ",1,2,early late\n"
      "F,nan,2,early late\n"
      "G,1,2,private\n");
  REQUIRE_OK(report);
  REQUIRE(report->rows_accepted == 2);
  std::vector<uint64_t> lines;
  std::string reasons;
  for (const Rejection& rejection : report->rejections) {
    lines.push_back(rejection.line);
    reasons += rejection.reason;
  }
  REQUIRE(lines == std::vector<uint64_t>{3, 6, 7, 8, 9, 10});
  REQUIRE(reasons.find("secret") == std::string::npos);
  REQUIRE(reasons.find("private") == std::string::npos);
}

TEST_CASE("A table cut off inside quotes names the line where they began", "[data]") {
  Fixture fixture;
  const auto report = fixture.Read("who,pay,trips,shift\nA,1,2,early late\nB,1,2,\"early\nlate\n");
  REQUIRE(ErrorCode(report.status()) == "TABLE_UNTERMINATED");
  REQUIRE_THAT(std::string(report.status().message()), ContainsSubstring("line 3"));
}

TEST_CASE("Absent columns are all named", "[data]") {
  Fixture fixture;
  const auto report = fixture.Read("who,pay\nA,1\n");
  REQUIRE(ErrorCode(report.status()) == "SCHEMA_NOT_MET");
  REQUIRE_THAT(std::string(report.status().message()), ContainsSubstring("trips, shift"));
}

TEST_CASE("The example node.toml is valid; unknown keys and bad limits are named by line",
          "[data]") {
  testing::TemporaryFolder folder;
  const auto path = folder.path() / "node.toml";
  std::ofstream(path) << ExampleNodeToml("north");
  const auto config = LoadNodeConfig(path);
  REQUIRE_OK(config);
  REQUIRE(config->slots == 4096);
  std::ofstream(path, std::ios::app) << "\n[tables.t]\nfile = \"t.csv\"\ndelimeter = \";\"\n";
  const auto wrong = LoadNodeConfig(path);
  REQUIRE(ErrorCode(wrong.status()) == "NODE_CONFIG");
  REQUIRE_THAT(std::string(wrong.status().message()), ContainsSubstring("delimeter"));
}

namespace {

// node.toml with one table and one witness log, in which every key stands once, each in its line.
constexpr char kEveryKey[] = R"(slots = 64
[policy]
delta = 1e-6
yearly_epsilon_node = 20
yearly_epsilon_public = 10
study_epsilon_node = 8
study_epsilon_public = 8
orders = [3, 4]
[witness]
logs = ["fed.example/audit+a1a51a8f+ASZj39YJh1mKgn48tWr9HUcwcEFzACQmRPe1bE9cxCjL"]
[tables.t]
file = "t.csv"
delimiter = ";"
decimal = "."
encoding = "utf-8"
header = true
missing = ["", "NA"]
columns = {pay = "Pay"}
categories = {shift = {E = "early"}}
)";

struct WrongValue {
  std::string line, wrong, message;
};

}  // namespace

TEST_CASE("A value of a wrong type in node.toml is named by line, as found and as wanted",
          "[data]") {
  const auto wrong = GENERATE(values<WrongValue>({
      {"slots = 64", "slots = \"64\"", "line 1: slots is a text, want a whole number"},
      {"slots = 64", "slots = 64.5", "line 1: slots is a number, want a whole number"},
      {"delta = 1e-6", "delta = true", "line 3: delta is true or false, want a number"},
      {"yearly_epsilon_node = 20", "yearly_epsilon_node = \"20\"",
       "line 4: yearly_epsilon_node is a text, want a number"},
      {"yearly_epsilon_public = 10", "yearly_epsilon_public = [10]",
       "line 5: yearly_epsilon_public is a list, want a number"},
      {"study_epsilon_node = 8", "study_epsilon_node = 2026-01-01",
       "line 6: study_epsilon_node is a date or time, want a number"},
      {"study_epsilon_public = 8", "study_epsilon_public = {}",
       "line 7: study_epsilon_public is a section, want a number"},
      {"orders = [3, 4]", "orders = 3",
       "line 8: orders is a whole number, want a list in brackets"},
      {"orders = [3, 4]", "orders = [3, \"4\"]",
       "line 8: an order in orders is a text, want a whole number"},
      {"logs = [", "logs = [7, ",
       "line 10: a log in logs is a whole number, want a text in quotes"},
      {"file = \"t.csv\"", "file = 7", "line 12: file is a whole number, want a text in quotes"},
      {"delimiter = \";\"", "delimiter = 1",
       "line 13: delimiter is a whole number, want a text in quotes"},
      {"decimal = \".\"", "decimal = 0.5", "line 14: decimal is a number, want a text in quotes"},
      {"encoding = \"utf-8\"", "encoding = true",
       "line 15: encoding is true or false, want a text in quotes"},
      {"header = true", "header = \"yes\"", "line 16: header is a text, want true or false"},
      {"missing = [\"\", \"NA\"]", "missing = \"NA\"",
       "line 17: missing is a text, want a list in brackets"},
      {"missing = [\"\", \"NA\"]", "missing = [\"\", 99]",
       "line 17: a mark in missing is a whole number, want a text in quotes"},
      {"columns = {pay = \"Pay\"}", "columns = [\"Pay\"]",
       "line 18: columns is a list, want a section"},
      {"columns = {pay = \"Pay\"}", "columns = {pay = 3}",
       "line 18: \"pay\" is a whole number, want a text in quotes"},
      {"categories = {shift = {E = \"early\"}}", "categories = \"early\"",
       "line 19: categories is a text, want a section"},
      {"categories = {shift = {E = \"early\"}}", "categories = {shift = \"early\"}",
       "line 19: shift is a text, want a section"},
      {"categories = {shift = {E = \"early\"}}", "categories = {shift = {E = 1}}",
       "line 19: \"E\" is a whole number, want a text in quotes"},
  }));
  testing::TemporaryFolder folder;
  const auto path = folder.path() / "node.toml";
  std::string text = kEveryKey;
  std::ofstream(path) << text;
  REQUIRE_OK(LoadNodeConfig(path));
  text.replace(text.find(wrong.line), wrong.line.size(), wrong.wrong);
  std::ofstream(path) << text;
  const auto config = LoadNodeConfig(path);
  REQUIRE(ErrorCode(config.status()) == "NODE_CONFIG");
  CHECK_THAT(std::string(config.status().message()), ContainsSubstring("1 problems"));
  CHECK_THAT(std::string(config.status().message()), ContainsSubstring(wrong.message));
}

TEST_CASE("A section of node.toml that is something else is named by line", "[data]") {
  const auto wrong = GENERATE(values<WrongValue>({
      {"", "slots = 64\npolicy = 3\n", "line 2: policy is a whole number, want a section"},
      {"", "slots = 64\nwitness = \"w\"\n", "line 2: witness is a text, want a section"},
      {"", "slots = 64\ntables = []\n", "line 2: tables is a list, want a section"},
      {"", "slots = 64\n[tables]\nt = true\n", "line 3: t is true or false, want a section"},
      {"", "slots = 64\n[witness]\nlogs = \"w\"\n",
       "line 3: logs is a text, want a list in brackets"},
  }));
  testing::TemporaryFolder folder;
  const auto path = folder.path() / "node.toml";
  std::ofstream(path) << wrong.wrong;
  const auto config = LoadNodeConfig(path);
  REQUIRE(ErrorCode(config.status()) == "NODE_CONFIG");
  CHECK_THAT(std::string(config.status().message()), ContainsSubstring(wrong.message));
}

}  // namespace mutual::client
