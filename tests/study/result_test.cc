// Results as text, CSV and JSON: what comes out is well formed, what comes in is checked.
#include "study/result.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

Result Example() {
  Result result;
  result.sentences = {"On average 5 £."};
  result.further_models = {{"last round", std::string(64, 'a')}};
  result.tables.push_back(
      {"pay, \"gross\"",
       {"region"},
       {{{"north\r\n"}, {{"mean", 12.25, 0.5, "£"}, {"count", 1e15, 0, ""}}},
        {{"south"}, {{"mean", std::nan(""), INFINITY, "£"}, {"count", 3, 1, ""}}}}});
  return result;
}

// Fields of CSV by RFC 4180.
std::vector<std::vector<std::string>> ReadCsv(const std::string& text) {
  std::vector<std::vector<std::string>> lines(1, {""});
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string& field = lines.back().back();
    if (quoted) {
      if (text[i] != '"') {
        field += text[i];
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += text[i++];
      } else {
        quoted = false;
      }
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == ',') {
      lines.back().emplace_back();
    } else if (text[i] == '\n') {
      lines.push_back({""});
    } else {
      field += text[i];
    }
  }
  lines.pop_back();
  return lines;
}

void RequireMalformed(const std::string& text) {
  INFO(text);
  const auto result = ResultFromJson(text);
  REQUIRE(result.status().code() == absl::StatusCode::kDataLoss);
  REQUIRE(ErrorCode(result.status()) == "RESULT_MALFORMED");
  REQUIRE_THAT(std::string(result.status().message()), ContainsSubstring("not readable"));
}

}  // namespace

TEST_CASE("A result goes through JSON unchanged", "[study]") {
  const std::string text = ToJson(Example());
  REQUIRE_FALSE(nlohmann::json::parse(text, nullptr, false).is_discarded());
  const auto back = ResultFromJson(text);
  REQUIRE_OK(back);
  REQUIRE(ToJson(*back) == text);
  REQUIRE(back->tables[0].rows[0].estimates[0].value == 12.25);
  REQUIRE(std::isnan(back->tables[0].rows[1].estimates[0].value));
}

TEST_CASE("Every recipe's result goes through JSON and CSV", "[study]") {
  for (const std::string& text : {std::string(kHead) + kMean, std::string(kHead) + kHistogram,
                                  TrainText(kTrain) + "evaluation_share = 0.2\n"}) {
    const auto recipe = RecipeOf(text);
    std::mt19937_64 random(1);
    std::normal_distribution<double> noise(30, 40);
    for (int trial = 0; trial < 200; ++trial) {
      ReleasedSum sum{std::vector<double>(recipe->dimension()), 5, 4};
      for (double& value : sum.values) value = noise(random);
      const auto result = recipe->Finish(sum);
      REQUIRE_OK(result);
      const auto back = ResultFromJson(ToJson(*result));
      REQUIRE_OK(back);
      REQUIRE(ToJson(*back) == ToJson(*result));
      for (const auto& line : ReadCsv(ToCsv(*result))) REQUIRE(line.size() == 6);
      for (const std::string& sentence : result->sentences) {
        REQUIRE(sentence.back() == '.');
        REQUIRE(sentence.find("e+") == std::string::npos);
        REQUIRE(sentence.find("nan") == std::string::npos);
      }
    }
  }
}

TEST_CASE("CSV quotes what must be quoted and leaves withheld values empty", "[study]") {
  const auto lines = ReadCsv(ToCsv(Example()));
  REQUIRE(lines.size() == 5);
  REQUIRE(lines[0] == std::vector<std::string>{"table", "group", "estimate", "value",
                                               "standard_error", "unit"});
  REQUIRE(lines[1] ==
          std::vector<std::string>{"pay, \"gross\"", "north\r\n", "mean", "12.25", "0.5", "£"});
  REQUIRE(lines[3] == std::vector<std::string>{"pay, \"gross\"", "south", "mean", "", "", "£"});
}

TEST_CASE("Text shows intervals and says withheld, never nan", "[study]") {
  const std::string text = ToText(Example());
  REQUIRE_THAT(text, ContainsSubstring("12.25 ±0.98 £"));
  REQUIRE_THAT(text, ContainsSubstring("withheld"));
  REQUIRE(text.find("nan") == std::string::npos);
  REQUIRE(text.find("inf") == std::string::npos);
}

TEST_CASE("Histograms have bars as long as their counts", "[study]") {
  Result result;
  result.tables.push_back({"pay", {"pay"}, {}});
  for (const double count : {-5.0, 50.0, 100.0, std::nan("")}) {
    result.tables[0].rows.push_back({{"bin"}, {{"members", count, 1, ""}}});
  }
  const std::string text = ToText(result);
  REQUIRE_THAT(text, ContainsSubstring(" " + std::string(36, '#') + "\n"));
  REQUIRE_THAT(text, ContainsSubstring(" " + std::string(18, '#') + "\n"));
}

TEST_CASE("Bytes that are not UTF-8 do not stop a result from being written", "[study]") {
  Result result = Example();
  result.tables[0].title = "pay \xff";
  result.sentences.push_back("\xc3");
  const auto back = ResultFromJson(ToJson(result));
  REQUIRE_OK(back);
  REQUIRE(back->tables[0].title == "pay \uFFFD");
}

TEST_CASE("A stored result of another shape is refused, not believed", "[study]") {
  for (const char* bad :
       {"", "null", "[]", "{}", "\xff", "{\"sentences\": []}",
        "{\"sentences\": [1], \"tables\": []}", "{\"sentences\": {}, \"tables\": []}",
        "{\"sentences\": [], \"tables\": {}}", "{\"sentences\": [], \"tables\": [1]}",
        "{\"sentences\": [], \"tables\": [{\"title\": 1}]}",
        "{\"sentences\": [], \"tables\": [{\"title\": \"\", \"key_columns\": [2], \"rows\": []}]}",
        "{\"sentences\": [], \"tables\": [{\"title\": \"\", \"key_columns\": [], \"rows\": "
        "[{}]}]}"}) {
    RequireMalformed(bad);
  }
  const std::string sound = ToJson(Example());
  RequireMalformed(Replaced(sound, "12.25", "\"12\""));
  RequireMalformed(Replaced(sound, "\"unit\":\"£\"", "\"unit\":null"));
  RequireMalformed(std::string(100000, '['));
}

TEST_CASE("Any changed byte of a stored result is read without a crash", "[study]") {
  const std::string sound = ToJson(Example());
  std::mt19937_64 random(1);
  for (int i = 0; i < 5000; ++i) {
    std::string changed = sound;
    changed[random() % changed.size()] = static_cast<char>(random());
    const auto result = ResultFromJson(changed);
    if (result.ok()) ToText(*result);
  }
}

}  // namespace mutual::study
