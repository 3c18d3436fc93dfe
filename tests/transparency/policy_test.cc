#include "transparency/policy.h"

#include <string>
#include <vector>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/vector.h"
#include "transparency/cosignature.h"

namespace mutual::transparency {
namespace {

using testing::kCheckpointText;
using testing::KeyOf;
using testing::LogSigner;
using Names = std::vector<std::string>;

CosignatureSigner WitnessNamed(const std::string& name) {
  return *CosignatureSigner::Create(name + ".example/witness", KeyOf(name));
}
std::string LogLine() { return "log " + std::string(testing::kLogVkey) + "\n"; }
std::string WitnessLine(const std::string& name) {
  return "witness " + name + " " + WitnessNamed(name).verifier().ToVkey() + "\n";
}
// Two levels, as in the specification's example.
std::string TwoLevels() {
  return LogLine() + WitnessLine("x1") + WitnessLine("x2") + WitnessLine("x3") + WitnessLine("y1") +
         WitnessLine("y2") +
         "group x 2 x1 x2 x3\ngroup y any y1 y2\ngroup both all x y\nquorum both\n";
}
// The published checkpoint, cosigned by `names` at the times 100, 101, ...
std::string CosignedBy(const std::vector<std::string>& names) {
  Note note{std::string(kCheckpointText), {LogSigner().Sign(kCheckpointText)}};
  uint64_t time = 100;
  for (const std::string& name : names) {
    note.signatures.push_back(*WitnessNamed(name).Sign(kCheckpointText, time++));
  }
  return PrintNote(note);
}

}  // namespace

TEST_CASE("A policy reads with comments and odd spacing, and prints plainly", "[policy]") {
  const std::string text = "# trust\n\n \t # more\nlog\t" + std::string(testing::kLogVkey) +
                           "  https://fed.example/log \n" + WitnessLine("a") + WitnessLine("b") +
                           "group g 1 a b\nquorum g\n";
  const auto policy = Policy::Parse(text);
  REQUIRE_OK(policy);
  CHECK(policy->logs()[0].url == "https://fed.example/log");
  CHECK(policy->witnesses()[1].name == "b");
  CHECK(policy->ToText() == "log " + std::string(testing::kLogVkey) + " https://fed.example/log\n" +
                                WitnessLine("a") + WitnessLine("b") +
                                "group g any a b\nquorum g\n");
  const auto again = Policy::Parse(policy->ToText());
  REQUIRE_OK(again);
  CHECK(*again == *policy);
}

TEST_CASE("Thresholds print as any, k and all", "[policy]") {
  const auto policy = Policy::Parse(TwoLevels());
  REQUIRE_OK(policy);
  CHECK(policy->ToText() == TwoLevels());
}

TEST_CASE("Malformed policies are refused with the line and the reason", "[policy]") {
  const std::string a = WitnessLine("a"), key = std::string(testing::kWitnessVkey);
  const auto [text, message] = GENERATE_COPY(table<std::string, std::string>({
      {"", "no quorum line"},
      {LogLine(), "no quorum line"},
      {"quorum none", "line 1: the policy does not end in a newline"},
      {"quorum none\nquorum none\n", "policy line 2: a second quorum line"},
      {"quorum\n", "want \"quorum NAME\""},
      {"quorum a b\n", "want \"quorum NAME\""},
      {"quorum a\n" + a, "line 1: \"a\" is not defined above"},
      {"quorum \"\"\n", "is not defined above"},
      {"log\n", "want \"log VKEY [URL]\""},
      {"log a b c\n", "want \"log VKEY [URL]\""},
      {"log a\n", "want NAME+KEYID+BASE64"},
      {"log " + key + "\n", "is of type 4, want 1"},
      {LogLine() + LogLine(), "line 2: the key of fed.example/audit stands in the policy already"},
      {"witness a\n", "want \"witness NAME VKEY [URL]\""},
      {"witness a b c d\n", "want \"witness NAME VKEY [URL]\""},
      {"witness a " + std::string(testing::kLogVkey) + "\n", "is of type 1, want 4"},
      {"witness none " + key + "\n", "fixed word"},
      {a + "witness a " + key + "\n", "\"a\" is defined already"},
      {a + "witness b" + a.substr(9), "stands in the policy already"},
      {"group g any\n", "want \"group NAME"},
      {"group g any a\n", "\"a\" is not defined above"},
      {a + "group g any none\n", "\"none\" is not defined above"},
      {a + "group a any a\n", "\"a\" is defined already"},
      {a + "group none any a\n", "fixed word"},
      {a + "group g any a a\n", "listed a second time"},
      {a + "group g any a\ngroup h any a\n", "line 3: \"a\" is listed a second time"},
      {a + "group g 0 a\n", "threshold is \"0\", want all, any or 1 to 1"},
      {a + "group g 2 a\n", "threshold is \"2\""},
      {a + "group g 01 a\n", "threshold is \"01\""},
      {a + "group g 99999999999999999999 a\n", "threshold is"},
      {"Quorum none\n", "found \"Quorum\""},
      {"quorum none\r\n", "control character 0x0d"},
      {std::string("quorum none\n\0\n", 14), "control character 0x00"},
      {std::string(kMaxPolicyBytes, '#') + "\n", "has 65536 bytes"},
  }));
  const auto policy = Policy::Parse(text);
  REQUIRE_FALSE(policy.ok());
  CHECK(policy.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(policy.status().message()), ContainsSubstring(message));
}

TEST_CASE("A policy may hold 256 definitions and no more", "[policy]") {
  std::string text;
  for (size_t i = 0; i < kMaxPolicyLines; ++i) text += WitnessLine("w" + std::to_string(i));
  REQUIRE_OK(Policy::Parse(text + "quorum w0\n"));
  const auto more = Policy::Parse(text + LogLine() + "quorum w0\n");
  CHECK_THAT(std::string(more.status().message()), ContainsSubstring("more than 256 definitions"));
}

TEST_CASE("A quorum is met by enough members at every level", "[policy]") {
  const std::vector<std::pair<Names, bool>> cases = {{Names{}, false},
                                                     {Names{"x1", "x2"}, false},
                                                     {Names{"x1", "y1"}, false},
                                                     {Names{"x1", "x3", "y2"}, true},
                                                     {Names{"x1", "x2", "x3", "y1", "y2"}, true},
                                                     {Names{"x1", "x1", "y1"}, false},
                                                     {Names{"stranger", "x1", "y1"}, false}};
  for (const auto& [names, want] : cases) {
    const auto evaluation = Policy::Parse(TwoLevels())->Evaluate(CosignedBy(names));
    REQUIRE_OK(evaluation);
    CHECK(evaluation->has_quorum == want);
  }
}

TEST_CASE("An evaluation says who cosigned and when", "[policy]") {
  const auto policy = Policy::Parse(TwoLevels());
  const auto evaluation = policy->Evaluate(CosignedBy(Names{"y2", "x3", "x1"}));
  REQUIRE_OK(evaluation);
  CHECK(evaluation->cosigned_by == std::vector<std::string>{"x1", "x3", "y2"});
  CHECK(evaluation->oldest == 100);
  CHECK(evaluation->newest == 102);
  CHECK(evaluation->signed_checkpoint.checkpoint.size == 3);
  const auto nobody = policy->Evaluate(CosignedBy(Names{}));
  REQUIRE_OK(nobody);
  CHECK_FALSE(nobody->oldest.has_value());
  REQUIRE_OK(policy->RequireQuorum(CosignedBy(Names{"y2", "x3", "x1"})));
  const auto short_of = policy->RequireQuorum(CosignedBy(Names{"x1"}));
  CHECK(short_of.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(ErrorCode(short_of.status()) == "NO_QUORUM");
  CHECK_THAT(std::string(short_of.status().message()), ContainsSubstring("by 1 of the policy's 5"));
}

TEST_CASE("Quorum none asks for the log's signature only", "[policy]") {
  const auto policy = Policy::Parse(LogLine() + "quorum none\n");
  REQUIRE_OK(policy->RequireQuorum(CosignedBy(Names{})));
  CHECK(policy->LeastOverlap() == 0);
}

TEST_CASE("Evaluation refuses bad bytes, unknown logs and bad signatures", "[policy]") {
  const auto policy = Policy::Parse(TwoLevels());
  CHECK(policy->Evaluate("x").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(Policy::Parse("quorum none\n")->Evaluate(CosignedBy(Names{})).status().code() ==
        absl::StatusCode::kPermissionDenied);
  Note note = *ParseNote(CosignedBy(Names{"x1"}));
  std::swap(note.signatures[0].bytes[3], note.signatures[0].bytes[4]);
  CHECK(policy->Evaluate(PrintNote(note)).status().code() == absl::StatusCode::kUnauthenticated);
  note = *ParseNote(CosignedBy(Names{"x1"}));
  note.signatures[1].bytes[7]++;
  CHECK(policy->Evaluate(PrintNote(note)).status().code() == absl::StatusCode::kUnauthenticated);
  note.signatures.erase(note.signatures.begin());
  CHECK(policy->Evaluate(PrintNote(note)).status().code() == absl::StatusCode::kUnauthenticated);
}

TEST_CASE("The quorum bound is 2k - n > f", "[policy]") {
  const auto [k, n, f, good] = GENERATE(
      table<uint64_t, uint64_t, uint64_t, bool>({{3, 4, 1, true},
                                                 {2, 4, 1, false},
                                                 {4, 6, 1, true},
                                                 {5, 7, 2, true},
                                                 {4, 7, 1, false},
                                                 {4, 7, 0, true},
                                                 {1, 1, 0, true},
                                                 {1, 1, 1, false},
                                                 {0, 0, 0, false},
                                                 {0, 1, 0, false},
                                                 {5, 4, 0, false},
                                                 {UINT64_MAX, UINT64_MAX, UINT64_MAX - 1, true},
                                                 {1, UINT64_MAX, 0, false}}));
  const absl::Status status = CheckQuorumBound({k, n, f});
  CHECK(status.ok() == good);
  if (!good) CHECK_THAT(std::string(status.message()), ContainsSubstring("want 2k - n > f"));
}

TEST_CASE("The least overlap of two quorums is 2k - n, through groups", "[policy]") {
  CHECK(Policy::Parse(TwoLevels())->LeastOverlap() == 1);  // 2 of 3 share one, any of 2 share none
  std::string four =
      LogLine() + WitnessLine("a") + WitnessLine("b") + WitnessLine("c") + WitnessLine("d");
  CHECK(Policy::Parse(four + "group g 3 a b c d\nquorum g\n")->LeastOverlap() == 2);
  CHECK(Policy::Parse(four + "group g 2 a b c d\nquorum g\n")->LeastOverlap() == 0);
  CHECK(Policy::Parse(four + "quorum a\n")->LeastOverlap() == 1);
}

}  // namespace mutual::transparency
