#include "transparency/witness_request.h"

#include <string>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/vector.h"

namespace mutual::transparency {
namespace {

const std::string kHash = "OF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo=\n";

std::string Hashes(size_t count) {
  std::string lines;
  for (size_t i = 0; i < count; ++i) lines += kHash;
  return lines;
}

}  // namespace

TEST_CASE("Requests read and print as themselves", "[witness]") {
  const size_t count = GENERATE(size_t{0}, size_t{1}, kMaxConsistencyHashes);
  const std::string bytes = "old 0\n" + Hashes(count) + "\n" + testing::VectorCheckpoint();
  const auto request = ParseAddCheckpoint(bytes);
  REQUIRE_OK(request);
  CHECK(request->proof.size() == count);
  CHECK(request->checkpoint == testing::VectorCheckpoint());
  CHECK(PrintAddCheckpoint(*request) == bytes);
}

TEST_CASE("Malformed requests are refused with the reason", "[witness]") {
  const auto [bytes, message] = GENERATE(table<std::string, std::string>({
      {"", "ends before its empty line"},
      {"old 1", "ends before its empty line"},
      {"old 1\n", "ends before its empty line"},
      {"old 1\n" + kHash, "ends before its empty line"},
      {"new 1\n\n", "want \"old SIZE\""},
      {"\n", "want \"old SIZE\""},
      {"old 01\n\n", "old size"},
      {"old -1\n\n", "old size"},
      {"old  1\n\n", "old size"},
      {"old \n\n", "old size"},
      {"old 9223372036854775808\n\n", "want at most 9223372036854775807"},
      {"old 1\r\n\n", "old size"},
      {"old 1\nAAAA\n\n", "has 3 bytes, want 32"},
      {"old 1\nAAAAA\n\n", "multiple of 4"},
      {"old 1\n" + kHash.substr(0, 42) + "p=\n\n", "not canonical"},
      {"old 1\n" + Hashes(64) + "\n", "more than 63 hashes"},
      {std::string(kMaxNoteBytes + 5000, 'a'), "the request has"},
  }));
  const auto request = ParseAddCheckpoint(bytes);
  REQUIRE_FALSE(request.ok());
  CHECK(request.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(request.status().message()), ContainsSubstring(message));
}

TEST_CASE("A log reads a cosignature, or the size to start from", "[witness]") {
  const NoteVerifier witness = testing::WitnessVerifier();
  const auto good = ReadWitnessAnswer(
      {200, kTextContentType, std::string(testing::kLogLine) + std::string(testing::kWitnessLine)},
      testing::kCheckpointText, witness);
  REQUIRE_OK(good);
  CHECK(PrintSignatureLine(good->cosignature.value()) == testing::kWitnessLine);
  const auto conflict = ReadWitnessAnswer({409, kSizeContentType, "42\n"}, "", witness);
  REQUIRE_OK(conflict);
  CHECK(conflict->old_size == 42);
  CHECK_FALSE(conflict->cosignature.has_value());
}

TEST_CASE("A log refuses other answers of a witness", "[witness]") {
  using Code = absl::StatusCode;
  const auto [answer, code] = GENERATE(table<WitnessAnswer, Code>({
      {{200, kTextContentType, ""}, Code::kUnauthenticated},
      {{200, kTextContentType, std::string(testing::kLogLine)}, Code::kUnauthenticated},
      {{200, kTextContentType, "garbage\n"}, Code::kInvalidArgument},
      {{409, kSizeContentType, "42"}, Code::kInvalidArgument},
      {{409, kSizeContentType, ""}, Code::kInvalidArgument},
      {{409, kSizeContentType, "042\n"}, Code::kInvalidArgument},
      {{409, kTextContentType, "another root\n"}, Code::kFailedPrecondition},
      {{422, kTextContentType, "wrong\n"}, Code::kFailedPrecondition},
      {{403, kTextContentType, "who are you\n"}, Code::kFailedPrecondition},
  }));
  const auto reply =
      ReadWitnessAnswer(answer, testing::kCheckpointText, testing::WitnessVerifier());
  CHECK(reply.status().code() == code);
}

}  // namespace mutual::transparency
