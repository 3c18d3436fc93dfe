#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/enrolment/federation_state.h"
#include "crypto/invitation.h"
#include "crypto/random.h"
#include "tests/support/temporary_folder.h"
#include "tests/catch.h"

namespace mutual::coordinator {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);

struct Fixture {
  testing::TemporaryFolder folder;
  std::unique_ptr<FederationState> state;
  std::unique_ptr<Journal> journal;

  Fixture() {
    const auto fed = folder.path() / "fed";
    REQUIRE_OK(FederationState::Init({fed, "fed.example", "127.0.0.1:0", "127.0.0.1:1", kNow}));
    state = *FederationState::Load(fed);
    journal = *Journal::Open((fed / "journal.sqlite").string());
  }

  Newcomer WithCode(const std::string& code, const std::string& name) const {
    crypto::SystemRandom random;
    const auto key = crypto::SigningKey::Generate(random).verify_key().bytes();
    const auto request =
        crypto::MakeCertificateRequest(crypto::GenerateTlsKey(), {name, "node", ""});
    return {crypto::Invitation::Parse(code)->secret, name, "node", *request,
            std::string(AsText(key)), std::string(AsText(key))};
  }
};

}  // namespace

TEST_CASE("An invitation enrols one organisation once", "[enrolment]") {
  const Fixture fixture;
  const auto code = fixture.state->Invite(*fixture.journal, "node", kNow + absl::Hours(1));
  REQUIRE_OK(code);
  const auto certificate =
      fixture.state->Enrol(*fixture.journal, fixture.WithCode(*code, "north"), kNow);
  REQUIRE_OK(certificate);
  REQUIRE_OK(crypto::VerifyIssuedBy(*certificate, fixture.state->authority().certificate_pem(),
                                    kNow));
  const auto again =
      fixture.state->Enrol(*fixture.journal, fixture.WithCode(*code, "south"), kNow);
  REQUIRE(ErrorCode(again.status()) == "INVITATION_USED");
  const auto other = fixture.state->Invite(*fixture.journal, "node", kNow + absl::Hours(1));
  REQUIRE(ErrorCode(fixture.state->Enrol(*fixture.journal, fixture.WithCode(*other, "north"), kNow)
                        .status()) == "NAME_TAKEN");
  REQUIRE(fixture.journal->Organisations()->size() == 1);
}

TEST_CASE("Expired, unknown and misused invitations are told apart", "[enrolment]") {
  const Fixture fixture;
  const auto late = fixture.state->Invite(*fixture.journal, "node", kNow - absl::Seconds(1));
  REQUIRE(ErrorCode(fixture.state->Enrol(*fixture.journal, fixture.WithCode(*late, "north"), kNow)
                        .status()) == "INVITATION_EXPIRED");
  Newcomer stranger = fixture.WithCode(*late, "north");
  stranger.secret = std::string(16, 'x');
  REQUIRE(ErrorCode(fixture.state->Enrol(*fixture.journal, stranger, kNow).status()) ==
          "INVITATION_UNKNOWN");
  const auto role = fixture.state->Invite(*fixture.journal, "researcher", kNow + absl::Hours(1));
  REQUIRE(ErrorCode(fixture.state->Enrol(*fixture.journal, fixture.WithCode(*role, "north"), kNow)
                        .status()) == "INVITATION_UNKNOWN");
}

TEST_CASE("A newcomer with a small-order key or a bad name is refused", "[enrolment]") {
  const Fixture fixture;
  const auto code = fixture.state->Invite(*fixture.journal, "node", kNow + absl::Hours(1));
  Newcomer weak = fixture.WithCode(*code, "north");
  weak.identity_key = std::string(32, '\0');
  REQUIRE_FALSE(fixture.state->Enrol(*fixture.journal, weak, kNow).ok());
  REQUIRE_FALSE(
      fixture.state->Enrol(*fixture.journal, fixture.WithCode(*code, "North Branch"), kNow).ok());
  REQUIRE_OK(fixture.state->Enrol(*fixture.journal, fixture.WithCode(*code, "north"), kNow));
}

TEST_CASE("A folder that holds a federation is not overwritten", "[enrolment]") {
  const Fixture fixture;
  REQUIRE(ErrorCode(FederationState::Init({fixture.folder.path() / "fed", "other.example", "a", "b",
                                           kNow})) == "ALREADY_INITIALISED");
  REQUIRE(ErrorCode(FederationState::Load(fixture.folder.path() / "none").status()) ==
          "NOT_INITIALISED");
}

}  // namespace mutual::coordinator
