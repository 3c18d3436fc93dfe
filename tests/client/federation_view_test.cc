#include "client/scrutineer/federation_view.h"

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/log_fixture.h"

namespace mutual::client {
namespace {

namespace tl = transparency;
using tl::testing::KeyOf;
using tl::testing::kOrigin;

tl::NoteSigner Signer(const std::string& name) {
  return *tl::NoteSigner::Create(name, KeyOf(name));
}

// A log that a coordinator writes, and one reader of it.
struct Fixture {
  tl::testing::LogFixture log;
  std::unique_ptr<tl::Log> writer = *log.Open();
  FederationView view{std::string(kOrigin)};

  uint64_t Add(const tl::EntryWriter& entry, const std::vector<std::string>& signers) {
    std::vector<tl::NoteSigner> all;
    for (const std::string& name : signers) all.push_back(Signer(name));
    std::vector<const tl::NoteSigner*> pointers;
    for (const tl::NoteSigner& one : all) pointers.push_back(&one);
    const auto finished = entry.Finish();
    REQUIRE_OK(finished.status());
    const auto index =
        writer->Append(std::vector<std::string>{tl::SignEntry(*finished, pointers)->ToBytes()});
    REQUIRE_OK(index.status());
    return *index;
  }
  void Genesis() {
    tl::EntryWriter entry("genesis", kOrigin);
    entry.Text("title", "A federation")
        .Text("spec", "mutual-log-1")
        .Hash("rules", Digest{})
        .Key("coordinator-key", Signer("coordinator").verifier())
        .Key("log-key", tl::testing::LogVerifier())
        .Text("policy", "log " + std::string(tl::testing::kLogVkey))
        .Text("policy", "quorum none")
        .Integer("dishonest", 0)
        .Integer("admission-quorum", 0)
        .Time("time", absl::UnixEpoch());
    Add(entry, {"coordinator"});
  }
  uint64_t Policy(uint64_t quorum, std::vector<std::string> signers) {
    tl::EntryWriter entry("policy", kOrigin);
    entry.Text("policy", "log " + std::string(tl::testing::kLogVkey))
        .Text("policy", "quorum none")
        .Integer("dishonest", 0)
        .Integer("admission-quorum", quorum)
        .Time("time", absl::UnixEpoch());
    return Add(entry, signers);
  }
  uint64_t Enrol(const std::string& node, std::vector<std::string> others = {}) {
    tl::EntryWriter entry("enrol", kOrigin);
    entry.Text("node", node)
        .Text("role", "node")
        .Key("identity-key", Signer("node/" + node).verifier())
        .Key("witness-key", *tl::NoteVerifier::Create("witness/" + node, tl::KeyType::kCosignature,
                                                      KeyOf("witness " + node).verify_key()))
        .Time("time", absl::UnixEpoch());
    others.insert(others.end(), {"coordinator", "node/" + node});
    return Add(entry, others);
  }
  uint64_t Key(const std::string& node, uint8_t byte, const std::string& signer) {
    Digest key;
    key.bytes.fill(byte);
    tl::EntryWriter entry("scrutineer", kOrigin);
    entry.Head("seen", {1, Digest{}})
        .Study(Digest{})
        .Integer("window", 1)
        .Text("node", node)
        .Hash("x25519", key)
        .Time("time", absl::UnixEpoch());
    return Add(entry, {signer});
  }
  uint64_t Revoke(const std::string& node) {
    tl::EntryWriter entry("revoke", kOrigin);
    entry.Text("node", node).Text("code", "REVOKED_BY_OPERATOR").Time("time", absl::UnixEpoch());
    return Add(entry, {"coordinator"});
  }
  absl::Status Read() { return ReadInto(&view); }
  absl::Status ReadInto(FederationView* into) {
    const auto bytes = ReadFile(log.served() / "checkpoint", 1 << 20);
    const auto found = tl::testing::OneWitnessPolicy().RequireQuorum(*bytes);
    const tl::Checkpoint& tree = found->signed_checkpoint.checkpoint;
    const auto reader =
        tl::LogReader::Open(tl::FetchFromFolder(log.served()), {tree.size, tree.root});
    return reader.ok() ? into->ReadTo(**reader) : reader.status();
  }
  void Found() {
    Genesis();
    for (const char* const node : {"north", "east", "south"}) Enrol(node);
    Policy(2, {"coordinator"});
  }
};

TEST_CASE("only keys signed by the organisation that they are of count") {
  Fixture fixture;
  fixture.Found();
  fixture.Key("north", 1, "node/east");         // somebody else's hand
  fixture.Key("north", 2, "coordinator");       // the coordinator's
  fixture.Key("stranger", 3, "node/stranger");  // never enrolled
  fixture.Key("north", 4, "node/north");
  REQUIRE_OK(fixture.Read());
  const StudyHistory* const history = fixture.view.Find(Digest{});
  REQUIRE(history != nullptr);
  REQUIRE(history->keys.size() == 1);
  REQUIRE(history->KeyOf("north", ~uint64_t{0})->key[0] == 4);
}

TEST_CASE("what a revoked scrutineer says is void from then on") {
  Fixture fixture;
  fixture.Found();
  const uint64_t before = fixture.Key("east", 1, "node/east");
  fixture.Revoke("north");
  const uint64_t after = fixture.Key("north", 2, "node/north");
  REQUIRE_OK(fixture.Read());
  REQUIRE(fixture.view.Find(Digest{})->KeyOf("north", ~uint64_t{0}) == nullptr);
  REQUIRE(fixture.view.Find(Digest{})->KeyOf("east", ~uint64_t{0}) != nullptr);
  REQUIRE(fixture.view.IsEnrolled("north", before));
  REQUIRE(!fixture.view.IsEnrolled("north", after));
}

TEST_CASE("after the founding a newcomer needs the endorsement of others") {
  Fixture fixture;
  fixture.Found();
  fixture.Enrol("alone");
  fixture.Enrol("one", {"node/north"});
  fixture.Enrol("two", {"node/north", "node/east"});
  REQUIRE_OK(fixture.Read());
  REQUIRE(!fixture.view.IsEnrolled("alone", fixture.view.size()));
  REQUIRE(!fixture.view.IsEnrolled("one", fixture.view.size()));
  REQUIRE(fixture.view.IsEnrolled("two", fixture.view.size()));
}

TEST_CASE("a coordinator cannot lower the quorum alone and then enrol whom it invents") {
  Fixture fixture;
  fixture.Found();
  fixture.Policy(0, {"coordinator"});
  fixture.Policy(0, {"coordinator", "node/north"});
  fixture.Enrol("invented");
  REQUIRE_OK(fixture.Read());
  REQUIRE(!fixture.view.IsEnrolled("invented", fixture.view.size()));
  fixture.Policy(1, {"coordinator", "node/north", "node/south"});
  fixture.Enrol("welcome", {"node/east"});
  REQUIRE_OK(fixture.Read());
  REQUIRE(fixture.view.IsEnrolled("welcome", fixture.view.size()));
}

TEST_CASE("a log that no longer holds what was read is a fork") {
  Fixture fixture;
  fixture.Found();
  REQUIRE_OK(fixture.Read());
  Fixture other;
  other.Genesis();
  for (const char* const node : {"north", "east", "mill", "farm", "dock", "loom"}) {
    other.Enrol(node);
  }
  REQUIRE(ErrorCode(other.ReadInto(&fixture.view)) == "LOG_FORKED");
}

}  // namespace
}  // namespace mutual::client
