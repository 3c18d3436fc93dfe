// Free text as numbers, and the layers of cnn, text and mlp studies.
#include "study/words.h"

#include "study/model.h"
#include "tests/catch.h"
#include "tests/study/example_study.h"

namespace mutual::study {
namespace {

const char kWide[] = R"(
[[data.column]]
name = "note"
type = "text"
free_text = "allowed"
words = 4
vocabulary = ["late", "shift", "übung"]
definition = "What the member wrote."

[[data.column]]
name = "scan"
type = "image"
width = 12
height = 12
channels = 1
definition = "A scanned digit."

[privacy])";

std::string With(const std::string& recipe) {
  return TrainText(Replaced(kTrain, "model = \"linear\"", recipe));
}

std::string WideStudy(const std::string& model, const std::string& feature) {
  std::string text = With(model);
  text = Replaced(text, "[privacy]", std::string(kWide));
  text = Replaced(text, "features = [\"hours\", \"region\"]", "features = [\"" + feature + "\"]");
  return Replaced(text, "target = \"pay\"", "target = \"region\"");
}

std::string Problems(const std::string& text) {
  std::string all;
  for (const Problem& problem : LintText(text).problems)
    all += problem.code + ": " + problem.message + "\n";
  return all;
}

}  // namespace

TEST_CASE("Words are runs of letters and digits, made small, UTF-8 kept whole", "[study]") {
  REQUIRE(WordsOf("The Late-shift, Übung 42!") ==
          std::vector<std::string>{"the", "late", "shift", "Übung", "42"});
  REQUIRE(WordsOf(" .. ").empty());
}

TEST_CASE("Known words become their places, the last word last", "[study]") {
  Column column;
  column.words = 4;
  column.vocabulary = {"late", "shift"};
  REQUIRE(WordIndexes(column, "Shift: far too late") == std::vector<double>{0, 0, 2, 1});
  REQUIRE(WordIndexes(column, "late late late late shift") == std::vector<double>{1, 1, 1, 1});
}

TEST_CASE("Hashed words are 1 + FNV-1a modulo the buckets", "[study]") {
  Column column;
  column.words = 1;
  column.buckets = 1 << 20;
  // FNV-1a of "a" is af63dc4c8601ec8c, a published value.
  REQUIRE(WordIndexes(column, "a") == std::vector<double>{1 + 0x1ec8c});
}

TEST_CASE("A cnn study has the layers that its keys say", "[study]") {
  const std::string text = WideStudy(
      "model = \"cnn\"\nchannels = [4, 6]\nkernels = [3, 2]\npools = [2, 1]\nhidden = "
      "[5]\nnormalisation = \"group\"",
      "scan");
  INFO(Problems(text));
  const LintResult result = LintText(text);
  REQUIRE(result.study.has_value());
  const auto layout = LayoutOf(*result.study);
  REQUIRE_OK(layout);
  REQUIRE(layout->inputs == 144);
  REQUIRE(layout->outputs == 3);
  // 12 - 2 = 10, pooled 5, 5 - 1 = 4: 6·16 values.
  REQUIRE(layout->tensors().at(8).shape == std::vector<int64_t>{5, 96});
  REQUIRE(layout->parameter_count() == 4 * 9 + 4 + 8 + 6 * 16 + 6 + 12 + 96 * 5 + 5 + 15 + 3);
}

TEST_CASE("Text studies average their words or read them in order", "[study]") {
  const auto mean = LintText(WideStudy("model = \"text\"\nembedding_width = 8", "note"));
  REQUIRE(mean.study.has_value());
  REQUIRE(LayoutOf(*mean.study)->parameter_count() == 4 * 8 + 8 * 3 + 3);
  const auto gru =
      LintText(WideStudy("model = \"text\"\nembedding_width = 8\ngru_width = 5", "note"));
  REQUIRE(gru.study.has_value());
  REQUIRE(LayoutOf(*gru.study)->parameter_count() == 4 * 8 + 15 * (8 + 5 + 2) + 5 * 3 + 3);
}

TEST_CASE("Embedded categories stand behind the plain inputs", "[study]") {
  const auto result =
      LintText(With("model = \"mlp\"\nhidden = [4]\nembedded = [\"region\"]\nembedding_width = 2"));
  REQUIRE(result.study.has_value());
  const auto layout = LayoutOf(*result.study);
  REQUIRE(layout->inputs == 2);
  REQUIRE(layout->parameter_count() == 3 * 2 + (1 + 2) * 4 + 4 + 4 + 1);
}

TEST_CASE("Batch normalisation, free text and shapes that do not fit are refused with the reason",
          "[study]") {
  const std::string cnn = "model = \"cnn\"\nchannels = [4]\nkernels = [3]\n";
  REQUIRE_THAT(Problems(WideStudy(cnn + "normalisation = \"batch\"", "scan")),
               ContainsSubstring("all others in the batch"));
  REQUIRE_THAT(Problems(WideStudy("model = \"cnn\"\nchannels = [4]\nkernels = [13]", "scan")),
               ContainsSubstring("leave no pixel"));
  REQUIRE_THAT(Problems(WideStudy("model = \"cnn\"\nchannels = [4]\nkernels = [3, 3]", "scan")),
               ContainsSubstring("one for each convolution"));
  REQUIRE_THAT(Problems(WideStudy(cnn, "note")), ContainsSubstring("is no image"));
  const std::string text = WideStudy("model = \"text\"\nembedding_width = 8", "note");
  const std::string closed = Replaced(
      text, "free_text = \"allowed\"\nwords = 4\nvocabulary = [\"late\", \"shift\", \"übung\"]\n",
      "");
  REQUIRE_THAT(Problems(closed), ContainsSubstring("free text names people"));
  REQUIRE_THAT(Problems(Replaced(text, "vocabulary = [\"late\", \"shift\", \"übung\"]\n", "")),
               ContainsSubstring("either buckets or a vocabulary"));
  REQUIRE_THAT(
      Problems(With("model = \"mlp\"\nhidden = [4]\nembedded = [\"hours\"]\nembedding_width = 2")),
      ContainsSubstring("want a category column"));
}

TEST_CASE("Free text that a study opens badly is refused", "[study]") {
  const std::string text = WideStudy("model = \"text\"", "note");
  const auto problems = [&](const std::string& from, const std::string& to) {
    return Problems(Replaced(text, from, to));
  };
  CHECK_THAT(problems("\"allowed\"", "\"yes\""), ContainsSubstring("FREE_TEXT: free_text is"));
  CHECK_THAT(problems("words = 4", "words = 4\nbuckets = 8"), ContainsSubstring("FREE_TEXT"));
  CHECK_THAT(problems("\"shift\"", "\"late\""), ContainsSubstring("FREE_TEXT"));
}

}  // namespace mutual::study
