#include "coordinator/log/cosign_board.h"

#include <optional>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/support/one_entry_log.h"
#include "transparency/checkpoint.h"
#include "transparency/cosignature.h"

namespace mutual::coordinator {
namespace {

using mutual::testing::KeyOf;
using mutual::testing::kTestOrigin;
using transparency::WitnessAnswer;

// A board with two witnesses that both must cosign. "early" gives one answer as soon as it is
// asked; "late" is asked and says nothing.
struct Fixture {
  std::string Line(const std::string& name, char key) const {
    const auto cosigner = *transparency::CosignatureSigner::Create("witness/" + name, KeyOf(key));
    return "witness " + name + " " + cosigner.verifier().ToVkey() + "\n";
  }
  // The policy lives as long as the call, as it does for the log's writer.
  absl::Status Collect(uint64_t old_size, uint64_t size) {
    const auto policy = *transparency::Policy::Parse("log " + signer.verifier().ToVkey() + "\n" +
                                                     Line("early", 'e') + Line("late", 'l') +
                                                     "group both all early late\nquorum both\n");
    transparency::CosignRequest request;
    request.checkpoint = *transparency::SignCheckpoint(
        {kTestOrigin, size, transparency::LeafHash("an entry"), ""}, signer);
    request.old_size = old_size;
    request.prove = [](uint64_t) -> absl::StatusOr<std::vector<Digest>> {
      return DataLoss("no proof");
    };
    return board.Collect(request, policy, absl::Milliseconds(100), {}).status();
  }
  // Whoever asks or answers from now on comes too late.
  void RequireOver() {
    board.Reconnected("late");
    CHECK(board.RequestFor("late") == std::nullopt);
    CHECK(board.RequestFor("early") == std::nullopt);
    board.TakeAnswer("late", {409, "text/x.tlog.size", "7\n"});
  }

  transparency::NoteSigner signer = *transparency::NoteSigner::Create(kTestOrigin, KeyOf('o'));
  std::optional<WitnessAnswer> answer;  // of "early"
  CosignBoard board{[this] {
    board.RequestFor("late");
    if (board.RequestFor("early") && answer) board.TakeAnswer("early", *answer);
  }};
};

}  // namespace

TEST_CASE("Too few witnesses: the board says so, and later answers are ignored", "[log]") {
  Fixture f;
  CHECK(absl::IsUnavailable(f.Collect(1, 2)));
  f.RequireOver();
}

TEST_CASE("A witness that has seen more ends the asking of all others", "[log]") {
  Fixture f;
  f.answer = WitnessAnswer{409, "text/x.tlog.size", "3\n"};
  CHECK(ErrorCode(f.Collect(1, 2)) == "STORAGE_ROLLED_BACK");
  f.RequireOver();
}

TEST_CASE("A proof that cannot be made ends the asking", "[log]") {
  Fixture f;
  SECTION("for a witness that says where it stands") {
    f.answer = WitnessAnswer{409, "text/x.tlog.size", "1\n"};
    CHECK(absl::IsDataLoss(f.Collect(2, 3)));
    f.RequireOver();
  }
  SECTION("for a witness that was left behind") {
    CHECK(absl::IsUnavailable(f.Collect(1, 2)));
    CHECK(absl::IsDataLoss(f.Collect(2, 3)));
    f.RequireOver();
  }
}

}  // namespace mutual::coordinator
