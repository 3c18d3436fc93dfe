#include "client/scrutineer/reading_room.h"

#include "tests/catch.h"
#include "tests/client/written_log.h"
#include "tests/support/temporary_folder.h"

namespace mutual::client {
namespace {

using testing::kOrganisations;
using testing::Names;
using testing::WrittenLog;
namespace tl = transparency;

const Names kFour = {"dock", "farm", "mill", "mine"};

struct Room {
  mutual::testing::TemporaryFolder folder;
  std::unique_ptr<Trust> trust = *Trust::Open(folder.path(), std::string(testing::kOrigin),
                                              testing::KeyOf("vector log").verify_key());
  ReadingRoom room{std::string(testing::kOrigin), trust.get()};

  absl::Status Read(WrittenLog& log, const TrustReply& shown, const std::string& other = "") {
    return room.ReadShown(log.fetch(), shown, other).status();
  }
  std::string PolicyKept() const { return *ReadFile(folder.path() / "trust" / "policy", 1 << 20); }
};

struct Founded {
  WrittenLog log;
  Room room;
  Founded() {
    log.Found();
    REQUIRE_OK(room.Read(log, Shown(log.policy, kOrganisations)));
  }
  TrustReply Shown(uint64_t policy, const Names& cosigners) {
    return {log.Checkpoint(cosigners), log.Receipt(policy, cosigners)};
  }
};

TEST_CASE("The founding policy is learnt from the log, and then asked for", "[trust]") {
  Founded all;
  CHECK(ErrorCode(all.room.Read(all.log, {all.log.Checkpoint({"dock", "farm", "mill"}), ""})) ==
        "NO_QUORUM");
  REQUIRE_OK(all.room.Read(all.log, {all.log.Checkpoint(kFour), ""}));
}

TEST_CASE("A policy that the old quorum did not sign is not believed, whoever cosigned the log",
          "[trust][attack]") {
  Founded all;
  const std::string before = all.room.PolicyKept();
  Names signers = {"coordinator"};
  const int endorsers = GENERATE(0, 3);
  for (int i = 0; i < endorsers; ++i) signers.push_back("node/" + kFour[static_cast<size_t>(i)]);
  const Names weak = {"log " + std::string(testing::tl::testing::kLogVkey), "quorum none"};
  const uint64_t sham = all.log.Policy(weak, signers, 0);
  CHECK(ErrorCode(all.room.trust->Learn(all.log.Receipt(sham, kOrganisations))) ==
        "POLICY_NOT_READ");
  CHECK(ErrorCode(all.room.Read(all.log, all.Shown(sham, kOrganisations))) == "POLICY_UNENDORSED");
  CHECK(all.room.PolicyKept() == before);
  CHECK(ErrorCode(all.room.Read(all.log, {all.log.Checkpoint({}), ""})) == "NO_QUORUM");
}

TEST_CASE("A policy that the old quorum signed is adopted once it was read", "[trust]") {
  Founded all;
  const Names later = WrittenLog::PolicyLines(5);
  const uint64_t next =
      all.log.Policy(later, {"coordinator", "node/dock", "node/farm", "node/mill", "node/quay"});
  REQUIRE_OK(all.room.Read(all.log, all.Shown(next, kOrganisations)));
  CHECK(ErrorCode(all.room.Read(all.log, {all.log.Checkpoint(kFour), ""})) == "NO_QUORUM");
  // And an older receipt does not bring the old one back.
  REQUIRE_OK(all.room.Read(all.log, {all.log.Checkpoint(kOrganisations),
                                     all.log.Receipt(all.log.policy, kOrganisations)}));
  CHECK(ErrorCode(all.room.Read(all.log, {all.log.Checkpoint(kFour), ""})) == "NO_QUORUM");
}

TEST_CASE("A checkpoint that the old policy found good is judged anew by the next",
          "[trust][attack]") {
  Founded all;
  const std::string shown = all.log.Checkpoint(kFour);
  REQUIRE_OK(all.room.trust->VerifyCheckpoint(shown));
  REQUIRE_OK(all.room.trust->VerifyCheckpoint(shown));
  const uint64_t next =
      all.log.Policy(WrittenLog::PolicyLines(5),
                     {"coordinator", "node/dock", "node/farm", "node/mill", "node/quay"});
  REQUIRE_OK(all.room.Read(all.log, all.Shown(next, kOrganisations)));
  CHECK(ErrorCode(all.room.trust->VerifyCheckpoint(shown).status()) == "NO_QUORUM");
}

TEST_CASE("A receipt of another entry under a checkpoint known as good is refused",
          "[trust][attack]") {
  Founded all;
  const std::string good = all.log.Receipt(0, kOrganisations);
  REQUIRE_OK(all.room.trust->Verify(good));
  tl::Proof forged = *tl::ParseProof(good);
  forged.entry = *forged.entry + "\n";
  CHECK(ErrorCode(all.room.trust->Verify(tl::PrintProof(forged)).status()) == "PROOF_WRONG");
  forged.entry.reset();
  CHECK(all.room.trust->Verify(tl::PrintProof(forged)).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("Endorsements of the revoked change no policy", "[trust][attack]") {
  Founded all;
  all.log.Revoke("quay");
  const Names weak = {"log " + std::string(testing::tl::testing::kLogVkey), "quorum none"};
  const uint64_t sham =
      all.log.Policy(weak, {"coordinator", "node/dock", "node/farm", "node/mill", "node/quay"});
  CHECK(ErrorCode(all.room.Read(all.log, all.Shown(sham, kOrganisations))) == "POLICY_UNENDORSED");
}

TEST_CASE("A policy whose quorums share too few witnesses is not learnt", "[trust][attack]") {
  WrittenLog log;
  log.Genesis();
  for (const std::string& node : kOrganisations) log.Enrol(node);
  const uint64_t policy = log.Policy(WrittenLog::PolicyLines(3), {"coordinator"});
  Room room;
  CHECK(room.trust->Learn(log.Receipt(policy, kOrganisations)).code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("An older tree that is shown must be the beginning of what was read", "[trust][attack]") {
  Founded all;
  all.log.Propose();
  REQUIRE_OK(all.room.Read(all.log, {all.log.Checkpoint(kFour), ""}));
  const uint64_t earlier = all.log.head().size - 1;
  REQUIRE_OK(all.room.Read(all.log, {all.log.Checkpoint(kFour, earlier), ""}));
  WrittenLog fork("Another story");
  fork.Found();
  const std::string forged = fork.Checkpoint(kFour, earlier);
  SECTION("as the newest") {
    CHECK(ErrorCode(all.room.Read(all.log, {forged, ""})) == "LOG_FORKED");
  }
  SECTION("beside the newest, as that of a close") {
    CHECK(ErrorCode(all.room.Read(all.log, {all.log.Checkpoint(kFour), ""}, forged)) ==
          "LOG_FORKED");
  }
  CHECK(ErrorCode(all.room.trust->CheckUnforked()) == "LOG_FORKED");
  CHECK(!std::filesystem::is_empty(all.room.folder.path() / "evidence"));
}

}  // namespace
}  // namespace mutual::client
