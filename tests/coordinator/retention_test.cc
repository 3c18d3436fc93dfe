#include "coordinator/storage/retention.h"

#include <fstream>

#include "base/status.h"
#include "coordinator/enrolment/audit_config.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace mutual::coordinator {
namespace {

// Rounds of two files of 100 bytes each.
class Shelf {
 public:
  explicit Shelf(const RetentionLimits& limits) : limits_(limits) { Reopen(); }
  void Reopen() {
    retention_.reset();
    retention_ = *Retention::Open(path(), limits_, store_.get());
  }
  std::string path() const { return (folder_.path() / "kept.sqlite").string(); }
  Digest File(const std::string& name) {
    return *store_->Put(name + std::string(100 - name.size(), '.'));
  }
  void Finish(uint64_t round, const std::vector<std::string>& names) {
    KeptRound kept{crypto::Sha256("a study"), round, {}};
    for (const std::string& name : names) kept.files.push_back(File(name));
    REQUIRE_OK(retention_->Keep(kept));
  }
  void Finish(uint64_t round) {
    Finish(round, {"north " + std::to_string(round), "south " + std::to_string(round)});
  }
  bool Has(const std::string& name) {
    return store_->Has(crypto::Sha256(name + std::string(100 - name.size(), '.')));
  }
  Retention& retention() { return *retention_; }
  ContentStore& store() { return *store_; }

 private:
  testing::TemporaryFolder folder_;
  std::unique_ptr<ContentStore> store_ = *ContentStore::Open(folder_.path() / "content");
  RetentionLimits limits_;
  std::unique_ptr<Retention> retention_;
};

}  // namespace

TEST_CASE("By default everything is kept until two gigabytes", "[storage]") {
  CHECK_FALSE(RetentionLimits().rounds.has_value());
  CHECK(RetentionLimits().bytes == 2'000'000'000);
  Shelf shelf{RetentionLimits()};
  for (uint64_t round = 1; round <= 5; ++round) shelf.Finish(round);
  CHECK(*shelf.retention().Kept() == Retention::Total{5, 1000});
  CHECK(shelf.Has("north 1"));
}

TEST_CASE("Beyond the limit of bytes the oldest rounds go first", "[storage]") {
  Shelf shelf({std::nullopt, 450});
  for (uint64_t round = 1; round <= 4; ++round) shelf.Finish(round);
  CHECK(*shelf.retention().Kept() == Retention::Total{2, 400});
  CHECK_FALSE(shelf.Has("south 2"));
  CHECK(shelf.Has("north 3"));
}

TEST_CASE("The newest round is kept however large it is", "[storage]") {
  Shelf shelf({std::nullopt, 10});
  shelf.Finish(1);
  CHECK(shelf.Has("north 1"));
  shelf.Finish(2);
  CHECK_FALSE(shelf.Has("north 1"));
  CHECK(shelf.Has("north 2"));
}

TEST_CASE("keep_rounds counts rounds, whatever their size", "[storage]") {
  Shelf shelf({3, 10});
  for (uint64_t round = 1; round <= 5; ++round) shelf.Finish(round);
  CHECK(shelf.retention().Kept()->rounds == 3);
  CHECK_FALSE(shelf.Has("north 2"));
  CHECK(shelf.Has("north 3"));
  Shelf none({0, 10});
  none.Finish(1);
  CHECK_FALSE(none.Has("north 1"));
}

TEST_CASE("The list of kept rounds survives a restart, with a tighter limit too", "[storage]") {
  Shelf shelf({4, 10});
  for (uint64_t round = 1; round <= 4; ++round) shelf.Finish(round);
  shelf.Reopen();
  CHECK(*shelf.retention().Kept() == Retention::Total{4, 800});
  shelf.Finish(5);
  CHECK_FALSE(shelf.Has("north 1"));
  CHECK(shelf.Has("north 2"));
}

TEST_CASE("A round is counted once, and one whose files went does not come back", "[storage]") {
  Shelf shelf({2, 10});
  shelf.Finish(1);
  shelf.Finish(1);
  CHECK(*shelf.retention().Kept() == Retention::Total{1, 200});
  shelf.Finish(2);
  shelf.Finish(3);
  REQUIRE_OK(shelf.retention().Keep({crypto::Sha256("a study"), 1, {}}));  // as after a restart
  CHECK(shelf.Has("north 2"));
}

TEST_CASE("A file that a kept round names too stays", "[storage]") {
  Shelf shelf({1, 10});
  shelf.Finish(1, {"shared", "old"});
  shelf.Finish(2, {"shared", "new"});
  CHECK_FALSE(shelf.Has("old"));
  CHECK(shelf.Has("shared"));
}

TEST_CASE("Files that are named by no finished round are never touched", "[storage]") {
  Shelf shelf({0, 10});
  shelf.File("of an open round");
  shelf.Finish(1);
  CHECK(shelf.Has("of an open round"));
}

TEST_CASE("A damaged list of kept files says what to do", "[storage]") {
  const testing::TemporaryFolder folder;
  const std::string path = (folder.path() / "kept.sqlite").string();
  std::ofstream(path) << std::string(5000, 'x');
  const auto store = *ContentStore::Open(folder.path() / "content");
  const auto status = Retention::Open(path, {}, store.get()).status();
  CHECK(ErrorCode(status) == "JOURNAL_CORRUPT");
  CHECK_THAT(std::string(status.message()), ContainsSubstring("move kept.sqlite away"));
}

TEST_CASE("keep_rounds is read from the section [audit]", "[storage]") {
  CHECK_FALSE(KeepRoundsOf("federation = \"a\"\n")->has_value());
  CHECK_FALSE(KeepRoundsOf("[audit]\n")->has_value());
  CHECK(KeepRoundsOf("[audit]\nkeep_rounds = 12\n")->value() == 12);
  CHECK(KeepRoundsOf("[audit]\nkeep_rounds = 0\n")->value() == 0);
  for (const char* const value : {"-1", "1.5", "\"12\"", "[]"}) {
    const auto status =
        KeepRoundsOf("[audit]\nkeep_rounds = " + std::string(value) + "\n").status();
    INFO(value);
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK_THAT(std::string(status.message()), ContainsSubstring("keep_rounds"));
  }
  CHECK_FALSE(KeepRoundsOf("[audit\n").ok());
}

}  // namespace mutual::coordinator
