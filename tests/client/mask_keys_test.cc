#include "client/node/mask_keys.h"

#include "base/status.h"
#include "tests/aggregation/masking_federation.h"
#include "tests/catch.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temporary_folder.h"

namespace mutual::client {
namespace {

namespace masking = aggregation::masking;
using masking::testing::Federation;

struct Fixture {
  testing::TemporaryFolder folder;
  Federation federation{{4, 2}, 1, 5};
  MaskKeys keys{folder.path()};
  testing::SeededRandom random{1};
  Digest study = federation.study;
  bool Has(const char* kind) const {
    return std::filesystem::exists(folder.path() / "masks" / (study.ToHex() + kind));
  }
  masking::Masker Loaded() {
    auto masker = keys.Load(study, federation.classes);
    REQUIRE_OK(masker.status());
    return *std::move(masker);
  }
};

TEST_CASE("the seed of a join window stays, also in another process") {
  Fixture fixture;
  const auto first = fixture.keys.SeedOf(fixture.study, fixture.random);
  REQUIRE_OK(first.status());
  MaskKeys other(fixture.folder.path());
  const auto second = other.SeedOf(fixture.study, fixture.random);
  REQUIRE_OK(second.status());
  REQUIRE(std::equal(first->bytes().begin(), first->bytes().end(), second->bytes().begin()));
}

TEST_CASE("without masks agreed on nothing is masked") {
  Fixture fixture;
  REQUIRE(ErrorCode(fixture.keys.Load(fixture.study, fixture.federation.classes).status()) ==
          "MASK_KEYS_MISSING");
  REQUIRE_OK(fixture.keys.AdvancePast(fixture.study, 1));
  REQUIRE(!fixture.Has(".keys"));
}

TEST_CASE("once a round was masked its keys, the seed and the window are gone") {
  Fixture fixture;
  REQUIRE_OK(fixture.keys.SeedOf(fixture.study, fixture.random).status());
  REQUIRE_OK(fixture.keys.Keep(fixture.study, fixture.federation.maskers[0]));
  masking::Masker masker = fixture.Loaded();
  const std::vector<uint32_t> values = {1, 2};
  REQUIRE_OK(masker.Mask(1, values, 1).status());
  REQUIRE_OK(fixture.keys.Advance(fixture.study, masker));
  REQUIRE(!fixture.Has(".seed"));
  REQUIRE(ErrorCode(fixture.Loaded().Mask(1, values, 1).status()) == "ROUND_PASSED");
  REQUIRE(ErrorCode(fixture.keys.SeedOf(fixture.study, fixture.random).status()) == "MASKS_IN_USE");
  REQUIRE(ErrorCode(fixture.keys.Keep(fixture.study, masker)) == "MASKS_IN_USE");
}

TEST_CASE("a crash after the vector was stored leaves no key of its round to a later thief") {
  Fixture fixture;
  REQUIRE_OK(fixture.keys.SeedOf(fixture.study, fixture.random).status());
  REQUIRE_OK(fixture.keys.Keep(fixture.study, fixture.federation.maskers[0]));
  REQUIRE_OK(fixture.keys.AdvancePast(fixture.study, 2));
  REQUIRE(!fixture.Has(".seed"));
  const std::vector<uint32_t> values = {1, 2};
  REQUIRE(ErrorCode(fixture.Loaded().Mask(2, values, 1).status()) == "ROUND_PASSED");
  REQUIRE(fixture.Loaded().round() == 3);
  REQUIRE_OK(fixture.keys.AdvancePast(fixture.study, 1));
  REQUIRE(fixture.Loaded().round() == 3);
}

TEST_CASE(
    "once a key is revealed nothing is masked with what it belonged to, and later draws know") {
  Fixture fixture;
  REQUIRE_OK(fixture.keys.SeedOf(fixture.study, fixture.random).status());
  REQUIRE_OK(fixture.keys.Keep(fixture.study, fixture.federation.maskers[0]));
  REQUIRE_OK(fixture.keys.Reveal(fixture.study, {2, 1}));
  REQUIRE_OK(fixture.keys.Reveal(fixture.study, {2, 1}));  // the receipt was lost
  REQUIRE_OK(fixture.keys.Reveal(fixture.study, {0, 3}));
  REQUIRE(ErrorCode(fixture.keys.Load(fixture.study, fixture.federation.classes).status()) ==
          "MASK_KEYS_MISSING");
  const MaskKeys restarted(fixture.folder.path());
  REQUIRE(*restarted.Revealed(fixture.study) == std::vector<RevealedKey>{{2, 1}, {0, 3}});
  REQUIRE_OK(fixture.keys.Keep(fixture.study, fixture.federation.maskers[0]));
  REQUIRE_OK(fixture.keys.AdvancePast(fixture.study, 1));
  REQUIRE(!fixture.Has(".revealed"));
}

TEST_CASE("everything of a study is forgotten") {
  Fixture fixture;
  REQUIRE_OK(fixture.keys.SeedOf(fixture.study, fixture.random).status());
  REQUIRE_OK(fixture.keys.Keep(fixture.study, fixture.federation.maskers[0]));
  REQUIRE_OK(fixture.keys.Forget(fixture.study));
  REQUIRE(!fixture.Has(".seed"));
  REQUIRE(!fixture.Has(".keys"));
}

}  // namespace
}  // namespace mutual::client
