#include "transparency/witness.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/transparency/naive_tree.h"
#include "tests/transparency/vector.h"
#include "transparency/merkle.h"

namespace mutual::transparency {
namespace {

using mutual::testing::TemporaryFolder;
using testing::KeyOf;
using testing::kOrigin;
using testing::LogSigner;
using testing::NaiveTree;
using testing::TreeOfSize;

class FixedClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(seconds); }
  int64_t seconds = 1700000000;
};

// Keeps records in memory; each hook plays one misfortune.
class FakeStore final : public WitnessStore {
 public:
  absl::StatusOr<std::string> Load(const std::string& origin) override {
    if (!load_status.ok()) return load_status;
    return records[origin];
  }
  absl::StatusOr<bool> CompareAndSwap(const std::string& origin, const std::string& expected,
                                      const std::string& desired) override {
    if (!swap_status.ok()) return swap_status;
    if (loses_races) return false;
    if (before_swap) std::exchange(before_swap, nullptr)();
    if (records[origin] != expected) return false;
    records[origin] = desired;
    return true;
  }
  std::map<std::string, std::string> records;
  absl::Status load_status, swap_status;
  bool loses_races = false;
  std::function<void()> before_swap;
};

CosignatureSigner WitnessSigner() {
  return *CosignatureSigner::Create("north.example/witness", KeyOf("vector witness"));
}
std::unique_ptr<Witness> MakeWitness(WitnessStore* store, const Clock* clock) {
  return *Witness::Create({WitnessSigner(), {testing::LogVerifier()}, store, clock});
}
std::string SignedHead(uint64_t size, const Digest& root) {
  return *SignCheckpoint({std::string(kOrigin), size, root, ""}, LogSigner());
}
// The request that moves a witness of `tree` from `from` to `to`.
std::string Move(const NaiveTree& tree, uint64_t from, uint64_t to) {
  return PrintAddCheckpoint(
      {from, *ProveConsistency(from, to, tree.Reader()), SignedHead(to, tree.Root(to))});
}
std::string OriginHash() { return crypto::Sha256(kOrigin).ToHex(); }

struct Fixture {
  FixedClock clock;
  FakeStore store;
  std::unique_ptr<Witness> witness = MakeWitness(&store, &clock);
  NaiveTree tree = TreeOfSize(20);
};

}  // namespace

TEST_CASE("A witness cosigns the published checkpoint byte for byte", "[witness]") {
  Fixture f;
  NaiveTree tree;
  for (const char* entry : {"alpha", "beta", "gamma"}) tree.Append(entry);
  const WitnessAnswer answer = f.witness->AddCheckpoint(Move(tree, 0, 3));
  CHECK(answer == WitnessAnswer{200, kTextContentType, std::string(testing::kWitnessLine)});
  CHECK(f.witness->GetCheckpoint(OriginHash()) ==
        WitnessAnswer{200, kTextContentType, testing::VectorCheckpoint()});
}

TEST_CASE("A witness follows a log that grows", "[witness]") {
  Fixture f;
  uint64_t from = 0;
  for (const uint64_t to : std::vector<uint64_t>{1, 2, 7, 8, 20}) {
    CHECK(f.witness->AddCheckpoint(Move(f.tree, from, to)).code == 200);
    from = to;
  }
}

TEST_CASE("The same size again is a heartbeat with a new time", "[witness]") {
  Fixture f;
  const WitnessAnswer first = f.witness->AddCheckpoint(Move(f.tree, 0, 7));
  f.clock.seconds += 60;
  const WitnessAnswer second = f.witness->AddCheckpoint(Move(f.tree, 7, 7));
  CHECK(second.code == 200);
  CHECK(second.body != first.body);
  const Note note = *ParseNote(f.witness->GetCheckpoint(OriginHash()).body);
  CHECK(note.signatures.size() == 2);
  const NoteVerifier key = f.witness->verifier();
  CHECK((*ReadCosignatures(note, std::span(&key, 1)))[0].unix_seconds == 1700000060);
}

TEST_CASE("Refusals carry the exact status codes", "[witness]") {
  Fixture f;
  REQUIRE(f.witness->AddCheckpoint(Move(f.tree, 0, 7)).code == 200);
  const std::string before = f.store.records[std::string(kOrigin)];
  const NaiveTree& tree = f.tree;
  const Digest other = crypto::Sha256("other");
  const auto proof = *ProveConsistency(7, 9, tree.Reader());
  const NoteSigner stranger = *NoteSigner::Create("strange.example/log", KeyOf("stranger"));
  const NoteSigner impostor = *NoteSigner::Create(kOrigin, KeyOf("impostor"));
  const Checkpoint nine{std::string(kOrigin), 9, tree.Root(9), ""};
  Note forged = *ParseNote(SignedHead(9, tree.Root(9)));
  forged.signatures.push_back(forged.signatures[0]);
  forged.signatures[1].bytes[0] ^= 1;
  std::vector<Digest> cut = proof, longer = proof, swapped = proof;
  cut.pop_back();
  longer.push_back(other);
  std::swap(swapped[0], swapped[1]);
  struct Case {
    std::string what, body;
    int code;
  };
  const std::vector<Case> cases = {
      {"garbage", "garbage", 400},
      {"no checkpoint", "old 7\n\n", 400},
      {"a note that is no checkpoint", "old 7\n\n" + PrintNote({"x\n", {LogSigner().Sign("x\n")}}),
       400},
      {"old above the checkpoint's size", PrintAddCheckpoint({8, {}, SignedHead(7, tree.Root(7))}),
       400},
      {"unknown origin",
       PrintAddCheckpoint(
           {0, {}, *SignCheckpoint({"strange.example/log", 1, other, ""}, stranger)}),
       404},
      {"unknown key", PrintAddCheckpoint({7, proof, *SignCheckpoint(nine, impostor)}), 403},
      {"a bad signature beside a good one", PrintAddCheckpoint({7, proof, PrintNote(forged)}), 403},
      {"a smaller tree", Move(tree, 3, 5), 409},
      {"old too small", Move(tree, 6, 9), 409},
      {"old too large", Move(tree, 8, 9), 409},
      {"old 0", Move(tree, 0, 9), 409},
      {"no proof", PrintAddCheckpoint({7, {}, SignedHead(9, tree.Root(9))}), 422},
      {"a short proof", PrintAddCheckpoint({7, cut, SignedHead(9, tree.Root(9))}), 422},
      {"a long proof", PrintAddCheckpoint({7, longer, SignedHead(9, tree.Root(9))}), 422},
      {"a wrong proof", PrintAddCheckpoint({7, swapped, SignedHead(9, tree.Root(9))}), 422},
      {"another root", PrintAddCheckpoint({7, proof, SignedHead(9, other)}), 422},
      {"same size, another root", PrintAddCheckpoint({7, {}, SignedHead(7, other)}), 422},
      {"same size with a proof", PrintAddCheckpoint({7, {other}, SignedHead(7, tree.Root(7))}),
       422},
  };
  for (const Case& one : cases) {
    INFO(one.what);
    const WitnessAnswer answer = f.witness->AddCheckpoint(one.body);
    CHECK(answer.code == one.code);
    CHECK(answer.content_type == (one.code == 409 ? kSizeContentType : kTextContentType));
    if (one.code == 409) CHECK(answer.body == "7\n");
    CHECK(f.store.records[std::string(kOrigin)] == before);
  }
}

TEST_CASE("From nothing a witness takes any tree without a proof, and size 0 by its true root only",
          "[witness]") {
  Fixture f;
  const Digest other = crypto::Sha256("other");
  CHECK(f.witness->AddCheckpoint(PrintAddCheckpoint({0, {other}, SignedHead(7, f.tree.Root(7))}))
            .code == 422);
  CHECK(f.witness->AddCheckpoint(PrintAddCheckpoint({0, {}, SignedHead(0, other)})).code == 422);
  const WitnessAnswer unknown = f.witness->AddCheckpoint(Move(f.tree, 3, 7));
  CHECK(unknown == WitnessAnswer{409, kSizeContentType, "0\n"});
  CHECK(f.witness->AddCheckpoint(PrintAddCheckpoint({0, {}, SignedHead(0, EmptyRoot())})).code ==
        200);
  CHECK(f.witness->AddCheckpoint(Move(f.tree, 0, 7)).code == 200);
}

TEST_CASE("The last checkpoint is served by the hash of its origin", "[witness]") {
  Fixture f;
  CHECK(f.witness->GetCheckpoint(OriginHash()).code == 404);  // nothing yet
  CHECK(f.witness->GetCheckpoint(std::string(64, '0')).code == 404);
  CHECK(f.witness->GetCheckpoint("../../etc/passwd").code == 404);
  REQUIRE(f.witness->AddCheckpoint(Move(f.tree, 0, 7)).code == 200);
  const WitnessAnswer answer = f.witness->GetCheckpoint(OriginHash());
  CHECK(answer.code == 200);
  REQUIRE_OK(OpenCheckpoint(answer.body, testing::LogVerifier()));
}

TEST_CASE("Nothing is cosigned that is not stored, and a damaged state stops the witness",
          "[witness]") {
  Fixture f;
  f.store.swap_status = absl::UnavailableError("disk");
  CHECK(f.witness->AddCheckpoint(Move(f.tree, 0, 7)).code == 500);
  f.store.swap_status = absl::OkStatus();
  REQUIRE(f.witness->AddCheckpoint(Move(f.tree, 0, 7)).code == 200);
  f.store.load_status = absl::DataLossError("gone");
  CHECK(f.witness->AddCheckpoint(Move(f.tree, 7, 9)).code == 500);
  CHECK(f.witness->GetCheckpoint(OriginHash()).code == 500);
  f.store.load_status = absl::OkStatus();
  std::string& record = f.store.records[std::string(kOrigin)];
  record.replace(record.find("\n7\n"), 3, "\n6\n");
  CHECK(f.witness->AddCheckpoint(Move(f.tree, 6, 9)).code == 500);
  CHECK(f.witness->GetCheckpoint(OriginHash()).code == 500);
}

TEST_CASE("A clock before 1970 and a lost race are errors of the witness", "[witness]") {
  Fixture f;
  f.clock.seconds = -1;
  CHECK(f.witness->AddCheckpoint(Move(f.tree, 0, 7)).code == 500);
  f.clock.seconds = 1;
  f.store.loses_races = true;
  CHECK(f.witness->AddCheckpoint(Move(f.tree, 0, 7)).code == 503);
}

TEST_CASE("A request that loses the race is judged again by the new state", "[witness]") {
  Fixture f;
  REQUIRE(f.witness->AddCheckpoint(Move(f.tree, 0, 7)).code == 200);
  f.store.before_swap = [&] { CHECK(f.witness->AddCheckpoint(Move(f.tree, 7, 12)).code == 200); };
  CHECK(f.witness->AddCheckpoint(Move(f.tree, 7, 9)) ==
        WitnessAnswer{409, kSizeContentType, "12\n"});
}

TEST_CASE("Racing requests never roll a file store back", "[witness]") {
  const TemporaryFolder folder;
  const FixedClock clock;
  const auto store = *FileWitnessStore::Create(folder.path());
  const auto second_store = *FileWitnessStore::Open(folder.path());  // as another process would
  const auto a = MakeWitness(store.get(), &clock), b = MakeWitness(second_store.get(), &clock);
  const NaiveTree tree = TreeOfSize(20);
  REQUIRE(a->AddCheckpoint(Move(tree, 0, 1)).code == 200);
  for (uint64_t from = 1; from < 17; from += 4) {
    std::vector<int> codes(4);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < codes.size(); ++i) {
      threads.emplace_back([&, i, body = Move(tree, from, from + 4)] {
        codes[i] = (i % 2 == 0 ? a : b)->AddCheckpoint(body).code;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(std::count(codes.begin(), codes.end(), 200) == 1);
    CHECK(std::count(codes.begin(), codes.end(), 409) == 3);
  }
  CHECK(a->AddCheckpoint(Move(tree, 17, 20)).code == 200);
}

TEST_CASE("A witness remembers across restarts, and notices a lost file", "[witness]") {
  const TemporaryFolder folder;
  const FixedClock clock;
  const NaiveTree tree = TreeOfSize(20);
  CHECK(FileWitnessStore::Open(folder.path()).status().code() == absl::StatusCode::kNotFound);
  {
    const auto store = *FileWitnessStore::Create(folder.path());
    REQUIRE(MakeWitness(store.get(), &clock)->AddCheckpoint(Move(tree, 0, 7)).code == 200);
  }
  const auto again = FileWitnessStore::Create(folder.path());
  CHECK(again.status().code() == absl::StatusCode::kAlreadyExists);
  const auto store = *FileWitnessStore::Open(folder.path());
  const auto witness = MakeWitness(store.get(), &clock);
  CHECK(witness->AddCheckpoint(Move(tree, 3, 9)) == WitnessAnswer{409, kSizeContentType, "7\n"});
  CHECK(witness->AddCheckpoint(Move(tree, 7, 9)).code == 200);
  std::ofstream(folder.path() / OriginHash(), std::ios::trunc).close();
  CHECK(store->Load(std::string(kOrigin)).status().code() == absl::StatusCode::kDataLoss);
  std::filesystem::remove(folder.path() / OriginHash());
  CHECK(store->Load(std::string(kOrigin)).status().code() == absl::StatusCode::kDataLoss);
  CHECK(store->CompareAndSwap(std::string(kOrigin), "", "x").status().code() ==
        absl::StatusCode::kDataLoss);
  CHECK(witness->AddCheckpoint(Move(tree, 0, 9)).code == 500);
}

TEST_CASE("A store swaps only from the expected record", "[witness]") {
  const TemporaryFolder folder;
  const auto store = *FileWitnessStore::Create(folder.path() / "new");
  CHECK(*store->Load("a") == "");
  CHECK(*store->CompareAndSwap("a", "x", "y") == false);
  CHECK(*store->CompareAndSwap("a", "", "y") == true);
  CHECK(*store->CompareAndSwap("a", "", "z") == false);
  CHECK(*store->Load("a") == "y");
  CHECK(*store->Load("b") == "");
}

TEST_CASE("A witness refuses keys that cannot be a log's", "[witness]") {
  FakeStore store;
  const FixedClock clock;
  const auto type =
      Witness::Create({WitnessSigner(), {testing::WitnessVerifier()}, &store, &clock});
  CHECK(type.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(type.status().message()), ContainsSubstring("is of type 4, want 1"));
  const NoteVerifier own =
      *NoteVerifier::Create("log", KeyType::kNote, KeyOf("vector witness").verify_key());
  const auto shared = Witness::Create({WitnessSigner(), {own}, &store, &clock});
  CHECK_THAT(std::string(shared.status().message()),
             ContainsSubstring("make one for the witness alone"));
}

}  // namespace mutual::transparency
