#include "coordinator/log/outside_witnesses.h"

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/support/one_entry_log.h"
#include "tests/support/temporary_folder.h"
#include "transparency/http/witness_server.h"
#include "transparency/witness_store.h"

namespace mutual::coordinator {
namespace {

using mutual::testing::KeyOf;
using mutual::testing::kTestOrigin;

// A log's newest checkpoints and one outside witness over HTTP, at the same port whenever it is
// there.
struct Fixture {
  Fixture() {
    auto cosigner = *transparency::CosignatureSigner::Create("w.example", KeyOf('w'));
    const std::string vkey = cosigner.verifier().ToVkey();
    witness = *transparency::Witness::Create(
        {std::move(cosigner), {signer.verifier()}, store.get(), &clock});
    listener = *transparency::ServeWitness("127.0.0.1:0", *witness, nullptr);
    address = "127.0.0.1:" + std::to_string(listener->port());
    policy =
        *transparency::Policy::Parse("log " + signer.verifier().ToVkey() + "\nwitness w.example " +
                                     vkey + " http://" + address + "\nquorum w.example\n");
  }
  absl::StatusOr<std::vector<std::string>> Collect(uint64_t old_size, absl::Duration timeout) {
    transparency::CosignRequest request;
    const Digest first = transparency::LeafHash("first");
    const Digest both = transparency::NodeHash(first, transparency::LeafHash("second"));
    request.checkpoint = *transparency::SignCheckpoint(
        {kTestOrigin, old_size + 1, old_size == 0 ? first : both, ""}, signer);
    request.old_size = old_size;
    if (old_size == 1) request.proof = {transparency::LeafHash("second")};
    request.prove = [&](uint64_t) { return request.proof; };
    return board.Collect(request, *policy, timeout, {});
  }

  mutual::testing::TemporaryFolder folder;
  SystemClock clock;
  transparency::NoteSigner signer = *transparency::NoteSigner::Create(kTestOrigin, KeyOf('l'));
  std::unique_ptr<transparency::FileWitnessStore> store =
      *transparency::FileWitnessStore::Create(folder.path() / "witness");
  std::unique_ptr<transparency::Witness> witness;
  std::unique_ptr<transparency::HttpListener> listener;
  std::string address;
  std::optional<transparency::Policy> policy;
  absl::Mutex mutex;
  std::vector<std::string> said;
  CosignBoard board{[this] { outside.Wake(*policy); }};
  OutsideWitnesses outside{&board, [this](const std::string& line) {
                             const absl::MutexLock lock(&mutex);
                             said.push_back(line);
                           }};
};

}  // namespace

TEST_CASE("A witness outside is asked over HTTP, and its cosignature makes the quorum", "[log]") {
  Fixture f;
  const auto first = f.Collect(0, absl::Seconds(20));
  REQUIRE_OK(first);
  CHECK(first->size() == 1);
  REQUIRE_OK(f.Collect(1, absl::Seconds(20)));
  CHECK(f.said.empty());
}

TEST_CASE("A witness outside that is away is waited for and said to be, and heard when it is back",
          "[log]") {
  Fixture f;
  f.listener.reset();
  CHECK(absl::IsUnavailable(f.Collect(0, absl::Milliseconds(300)).status()));
  f.listener = *transparency::ServeWitness(f.address, *f.witness, nullptr);
  REQUIRE_OK(f.Collect(0, absl::Seconds(20)));
  const absl::MutexLock lock(&f.mutex);
  REQUIRE(!f.said.empty());
  CHECK_THAT(f.said.front(), ContainsSubstring("w.example does not answer"));
}

TEST_CASE("Witnesses outside show what they have seen of a log", "[log]") {
  Fixture f;
  CHECK(OutsideWitnesses::KeptBy(*f.policy, kTestOrigin).empty());
  REQUIRE_OK(f.Collect(0, absl::Seconds(20)));
  const auto kept = OutsideWitnesses::KeptBy(*f.policy, kTestOrigin);
  REQUIRE(kept.size() == 1);
  const auto opened = transparency::OpenCheckpoint(kept[0], f.signer.verifier());
  REQUIRE_OK(opened);
  CHECK(opened->checkpoint.size == 1);
  CHECK(OutsideWitnesses::KeptBy(*f.policy, "other.example/audit").empty());
  f.listener.reset();
  CHECK(OutsideWitnesses::KeptBy(*f.policy, kTestOrigin).empty());
}

}  // namespace mutual::coordinator
