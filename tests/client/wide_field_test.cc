// Images in every form, and free text, as they come out of a table.
#include <cmath>
#include <fstream>

#include "client/data/data_source.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace mutual::client {
namespace {

study::Column ImageColumn() {
  study::Column image{"scan", study::ColumnType::kImage, 0, 0, {}, "d", "", 1};
  image.width = 3;
  image.height = 2;
  image.channels = 1;
  return image;
}

struct Table {
  testing::TemporaryFolder folder;
  TableConfig config;
  study::Schema schema;
  std::vector<std::vector<double>> rows;

  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder.path() / name, std::ios::binary) << bytes;
  }
  ReadReport Read(const std::string& text) {
    schema.member_column = "who";
    schema.PlaceExtras();
    config.file = (folder.path() / "table.csv").string();
    Write("table.csv", text);
    const auto report = ReadTable(
        config, schema,
        [this](const std::string&, const std::vector<double>& values) { rows.push_back(values); });
    REQUIRE_OK(report);
    return *report;
  }
};

std::string Idx(uint8_t magic, const std::vector<uint8_t>& sides, const std::string& pixels) {
  std::string file = {0, 0, 8, static_cast<char>(magic)};
  for (const uint8_t side : sides) file += std::string(3, '\0') + static_cast<char>(side);
  return file + pixels;
}

}  // namespace

TEST_CASE("Images are read from IDX items, PGM files and pixel columns alike", "[data]") {
  const std::string pixels = {
      0, 51, 102, static_cast<char>(153), static_cast<char>(204), static_cast<char>(255)};
  Table table;
  table.schema.columns = {ImageColumn()};
  table.Write("digits.idx", Idx(3, {2, 2, 3}, std::string(6, 'x') + pixels));
  table.Write("digit.pgm", "P5\n# made by hand\n3 2\n255\n" + pixels);
  const ReadReport report = table.Read("who,scan\nA,digits.idx#1\nB,digit.pgm\nC,NA\n");
  REQUIRE(report.rows_accepted == 3);
  const std::vector<double> wanted = {0, 0, 0.2, 0.4, 0.6, 0.8, 1};
  for (size_t i = 0; i < wanted.size(); ++i) {
    REQUIRE_THAT(table.rows[0][i], WithinAbs(wanted[i], 1e-12));
    REQUIRE_THAT(table.rows[1][i], WithinAbs(wanted[i], 1e-12));
  }
  REQUIRE(std::isnan(table.rows[2][0]));
  Table columns;
  columns.schema.columns = {ImageColumn()};
  columns.Read(
      "who,scan1,scan2,scan3,scan4,scan5,scan6\nA,0,51,102,153,204,255\nB,0,51,NA,153,204,255\n");
  for (size_t i = 0; i < wanted.size(); ++i)
    REQUIRE_THAT(columns.rows[0][i], WithinAbs(wanted[i], 1e-12));
  REQUIRE(std::isnan(columns.rows[1][0]));
}

TEST_CASE("Colours are read channel by channel", "[data]") {
  Table table;
  study::Column image = ImageColumn();
  image.width = 2;
  image.height = 1;
  image.channels = 3;
  table.schema.columns = {image};
  table.Write("c.ppm", "P6 2 1 255\nRGBrgb");
  table.Read("who,scan\nA,c.ppm\n");
  const std::string planes = "RrGgBb";
  for (size_t i = 0; i < 6; ++i)
    REQUIRE_THAT(table.rows[0][1 + i], WithinAbs(planes[i] / 255.0, 1e-12));
}

TEST_CASE(
    "Images that are not what the study says reject their row, with the rule and not the value",
    "[data]") {
  Table table;
  table.schema.columns = {ImageColumn()};
  table.Write("other.idx", Idx(3, {1, 3, 2}, "abcdef"));
  table.Write("short.pgm", "P5 3 2 255\nabc");
  table.Write("text.pgm", "hello");
  table.Write("idx", Idx(3, {1, 2, 3}, "abcdef"));
  const ReadReport report = table.Read(
      "who,scan\nA,other.idx#0\nB,short.pgm\nC,text.pgm\nD,nowhere\nE,idx#1\nF,idx#x\nG,idx\n");
  REQUIRE(report.rows_accepted == 0);
  REQUIRE(report.rejections.size() == 7);
  const std::vector<std::string> says = {"not 3 by 2",       "ends too early", "binary PGM",
                                         "cannot be opened", "fewer images",   "FILE#N",
                                         "binary PGM"};
  for (size_t i = 0; i < says.size(); ++i) {
    REQUIRE_THAT(report.rejections[i].reason, ContainsSubstring(says[i]));
    REQUIRE(report.rejections[i].reason.find("nowhere") == std::string::npos);
  }
}

TEST_CASE("Free text becomes words only when the study says how", "[data]") {
  Table table;
  study::Column note{"note", study::ColumnType::kText, 0, 0, {}, "d", "", 1};
  study::Column closed = note;
  closed.name = "diary";
  note.words = 3;
  note.vocabulary = {"late", "shift"};
  table.schema.columns = {note, closed};
  table.Read("who,note,diary\nA,\"The LATE shift, too\",secret\nB,,x\n");
  REQUIRE(table.rows[0].size() == 5);
  REQUIRE(table.rows[0][0] == 0);
  REQUIRE(std::isnan(table.rows[0][1]));
  REQUIRE(std::vector<double>(table.rows[0].begin() + 2, table.rows[0].end()) ==
          std::vector<double>{0, 1, 2});
  REQUIRE(std::isnan(table.rows[1][0]));
}

}  // namespace mutual::client
