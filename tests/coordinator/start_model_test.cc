#include "coordinator/service/start_model.h"

#include <cmath>

#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "coordinator/service/study_run.h"
#include "study/model.h"
#include "tests/catch.h"
#include "tests/support/study_text.h"
#include "tests/support/temporary_folder.h"

namespace mutual::coordinator {
namespace {

const std::vector<float> kModel = {0.25F, -0.5F};  // as long as the linear model of one feature

struct Fixture {
  testing::TemporaryFolder folder;
  std::unique_ptr<Journal> journal = *Journal::Open((folder.path() / "journal.sqlite").string());
  std::unique_ptr<ContentStore> store = *ContentStore::Open(folder.path() / "content");
  PublishedModels models{journal.get(), store.get(), folder.path()};

  study::Study StudyFrom(const Digest& digest) const {
    auto study = study::ParseStudy(
        absl::StrReplaceAll(testing::TrainStudyText(2),
                            {{"optimizer = \"sgd\"",
                              "optimizer = \"sgd\"\nstart_model = \"" + digest.ToHex() + "\""}}),
        SolveNoise);
    REQUIRE_OK(study);
    return *std::move(study);
  }
};

}  // namespace

TEST_CASE("Training begins from a model that the operator shared", "[start]") {
  Fixture fixture;
  const auto digest = ShareModel(fixture.models, study::ModelBytes(kModel));
  REQUIRE_OK(digest);
  const study::Study study = fixture.StudyFrom(*digest);
  REQUIRE_OK(CheckStartModel(fixture.models, study));
  CHECK(*StartModelOf(*fixture.store, study) == kModel);
}

TEST_CASE("Training begins from a model that a finished study published", "[start]") {
  Fixture fixture;
  const Digest digest = *fixture.store->Put(study::ModelBytes(kModel));
  const study::Study study = fixture.StudyFrom(digest);
  StudyRecord record;
  record.digest = digest;
  record.text = "any";
  record.state = "running";
  record.model = digest.ToHex();
  REQUIRE_OK(fixture.journal->SaveStudy(record));
  CHECK(ErrorCode(CheckStartModel(fixture.models, study)) == "START_MODEL_UNKNOWN");
  record.state = "finished";
  REQUIRE_OK(fixture.journal->SaveStudy(record));
  REQUIRE_OK(CheckStartModel(fixture.models, study));
}

TEST_CASE("⚔ Content that was never published as a model is no start", "[start]") {
  Fixture fixture;
  // As a kept contribution would be: the right length, under its digest.
  const Digest digest = *fixture.store->Put(study::ModelBytes(kModel));
  const absl::Status status = CheckStartModel(fixture.models, fixture.StudyFrom(digest));
  CHECK(ErrorCode(status) == "START_MODEL_UNKNOWN");
  CHECK_THAT(std::string(status.message()), ContainsSubstring("share-model"));
}

TEST_CASE("A start of another shape, or of no numbers, is refused", "[start]") {
  Fixture fixture;
  const std::vector<float> longer = {1, 2, 3};
  const auto digest = ShareModel(fixture.models, study::ModelBytes(longer));
  REQUIRE_OK(digest);
  CHECK(ErrorCode(CheckStartModel(fixture.models, fixture.StudyFrom(*digest))) == "MODEL_SHAPE");
  const std::vector<float> infinite = {1, INFINITY};
  CHECK(ErrorCode(ShareModel(fixture.models, study::ModelBytes(infinite)).status()) ==
        "MODEL_NOT_FINITE");
  CHECK(ErrorCode(ShareModel(fixture.models, "").status()) == "MODEL_NOT_FINITE");
  CHECK(ErrorCode(ShareModel(fixture.models, "12345").status()) == "MODEL_NOT_FINITE");
}

TEST_CASE("Without a name training begins at the public initial model", "[start]") {
  Fixture fixture;
  const auto study = study::ParseStudy(testing::TrainStudyText(2), SolveNoise);
  REQUIRE_OK(study);
  REQUIRE_OK(CheckStartModel(fixture.models, *study));
  CHECK(*StartModelOf(*fixture.store, *study) ==
        study::InitialModel(*study, *study::LayoutOf(*study)));
}

}  // namespace mutual::coordinator
