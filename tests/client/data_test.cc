#include <cmath>
#include <fstream>

#include "base/status.h"
#include "client/data/data_source.h"
#include "client/data/node_config.h"
#include "tests/support/temporary_folder.h"
#include "tests/catch.h"

namespace mutual::client {
namespace {

study::Schema MakeSchema() {
  study::Schema schema;
  schema.member_column = "who";
  schema.columns.push_back({"pay", study::ColumnType::kReal, 0, 100, {}, "d", "", 1});
  schema.columns.push_back({"trips", study::ColumnType::kInteger, 0, 50, {}, "d", "", 2});
  schema.columns.push_back(
      {"shift", study::ColumnType::kCategory, 0, 0, {"early late", "Nächt"}, "d", "", 3});
  return schema;
}

struct Fixture {
  testing::TemporaryFolder folder;
  TableConfig config;
  std::vector<std::string> members;
  std::vector<std::vector<double>> rows;

  absl::StatusOr<ReadReport> Read(const std::string& text) {
    config.file = (folder.path() / "table.csv").string();
    std::ofstream(config.file, std::ios::binary) << text;
    return ReadTable(config, MakeSchema(),
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
}

TEST_CASE("BOM, CRLF, semicolons, decimal commas and quotes are read", "[data]") {
  Fixture fixture;
  fixture.config.delimiter = ';';
  fixture.config.decimal = ',';
  fixture.config.columns["pay"] = "Hourly pay; gross";
  const auto report = fixture.Read(
      "\xEF\xBB\xBFwho;\"Hourly pay; gross\";trips;shift\r\n\"A \"\"x\"\"\";12,5;3; early late \r\n");
  REQUIRE_OK(report);
  REQUIRE(fixture.members == std::vector<std::string>{"A \"x\""});
  REQUIRE(fixture.rows[0] == std::vector<double>{12.5, 3, 0});
}

TEST_CASE("Latin-1 and tables without a header are read", "[data]") {
  Fixture fixture;
  fixture.config.encoding = "latin-1";
  fixture.config.has_header = false;
  fixture.config.columns = {{"who", "1"}, {"pay", "2"}, {"trips", "3"}, {"shift", "4"}};
  const auto report = fixture.Read("A,1,2,N\xE4" "cht");  // and no final newline
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

TEST_CASE("The example node.toml is valid; unknown keys and bad limits are named by line", "[data]") {
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

}  // namespace mutual::client
