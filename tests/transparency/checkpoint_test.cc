#include "transparency/checkpoint.h"

#include <string>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/vector.h"

namespace mutual::transparency {
namespace {

using testing::kCheckpointText;
using testing::KeyOf;
using testing::LogSigner;
using testing::LogVerifier;
using testing::VectorCheckpoint;

constexpr char kRoot[] = "OF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo=";

}  // namespace

TEST_CASE("The published checkpoint is signed byte for byte", "[checkpoint]") {
  const auto checkpoint = ParseCheckpoint(kCheckpointText);
  REQUIRE_OK(checkpoint);
  CHECK(checkpoint->origin == testing::kOrigin);
  CHECK(checkpoint->size == 3);
  CHECK(checkpoint->root.ToHex().substr(0, 8) == "385da30f");
  CHECK(checkpoint->extension.empty());
  const auto bytes = SignCheckpoint(*checkpoint, LogSigner());
  REQUIRE_OK(bytes);
  CHECK(*bytes == std::string(kCheckpointText) + "\n" + std::string(testing::kLogLine));
}

TEST_CASE("Checkpoints of others may carry extension lines, which are kept", "[checkpoint]") {
  const std::string text = std::string(kCheckpointText) + "one more\nand another\n";
  const auto checkpoint = ParseCheckpoint(text);
  REQUIRE_OK(checkpoint);
  CHECK(checkpoint->extension == "one more\nand another\n");
  CHECK(checkpoint->ToText() == text);
}

TEST_CASE("Malformed checkpoints are refused with the reason", "[checkpoint]") {
  const std::string root(kRoot);
  const auto [text, message] = GENERATE_COPY(table<std::string, std::string>({
      {"", "ends before its origin"},
      {"\n3\n" + root + "\n", "origin of the checkpoint: the key name is empty"},
      {"a b\n3\n" + root + "\n", "origin of the checkpoint"},
      {"a", "ends before its origin"},
      {"a\n", "ends before its size"},
      {"a\n3\n", "ends before its root"},
      {"a\n3\n" + root, "ends before its root"},
      {"a\n03\n" + root + "\n", "size of the checkpoint"},
      {"a\n+3\n" + root + "\n", "size of the checkpoint"},
      {"a\n-3\n" + root + "\n", "size of the checkpoint"},
      {"a\n\n" + root + "\n", "size of the checkpoint"},
      {"a\n3 \n" + root + "\n", "size of the checkpoint"},
      {"a\n9223372036854775808\n" + root + "\n", "want at most 9223372036854775807"},
      {"a\n99999999999999999999999\n" + root + "\n", "size of the checkpoint"},
      {"a\n3\n\n", "has 0 bytes, want 32"},
      {"a\n3\nAAAA\n", "has 3 bytes, want 32"},
      {"a\n3\n" + root.substr(0, 43) + "\n", "multiple of 4"},
      {"a\n3\n" + root.substr(0, 42) + "p=\n", "not canonical"},
      {"a\n3\n" + root + "\n\n", "empty extension line"},
      {"a\n3\n" + root + "\nx", "ends before its last newline"},
      {"a\n3\r\n" + root + "\n", "control character 0x0d"},
  }));
  const auto checkpoint = ParseCheckpoint(text);
  REQUIRE_FALSE(checkpoint.ok());
  CHECK(checkpoint.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(checkpoint.status().message()), ContainsSubstring(message));
}

TEST_CASE("Signing refuses a key of another name and a checkpoint that cannot be read back",
          "[checkpoint]") {
  Checkpoint checkpoint = *ParseCheckpoint(kCheckpointText);
  const NoteSigner other = *NoteSigner::Create("other.example/log", KeyOf("other"));
  const auto renamed = SignCheckpoint(checkpoint, other);
  CHECK(renamed.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(renamed.status().message()), ContainsSubstring("want the origin"));
  checkpoint.extension = "cut short";
  CHECK(SignCheckpoint(checkpoint, LogSigner()).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("Opening needs the origin and a good signature of the log", "[checkpoint]") {
  const auto opened = OpenCheckpoint(VectorCheckpoint(), LogVerifier());
  REQUIRE_OK(opened);
  CHECK(opened->checkpoint.size == 3);
  CHECK(opened->note.signatures.size() == 2);

  const NoteSigner other = *NoteSigner::Create("other.example/log", KeyOf("other"));
  CHECK(OpenCheckpoint(VectorCheckpoint(), other.verifier()).status().code() ==
        absl::StatusCode::kPermissionDenied);
  std::string forged = VectorCheckpoint();
  forged.replace(forged.find("\n3\n"), 3, "\n4\n");
  CHECK(OpenCheckpoint(forged, LogVerifier()).status().code() ==
        absl::StatusCode::kUnauthenticated);
  const std::string unsigned_by_log =
      std::string(kCheckpointText) + "\n" + std::string(testing::kWitnessLine);
  CHECK(OpenCheckpoint(unsigned_by_log, LogVerifier()).status().code() ==
        absl::StatusCode::kUnauthenticated);
  CHECK(OpenCheckpoint("x", LogVerifier()).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace mutual::transparency
