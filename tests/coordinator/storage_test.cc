#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/status.h"
#include "coordinator/storage/content_store.h"
#include "coordinator/storage/journal.h"
#include "crypto/digest.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace mutual::coordinator {
namespace {

struct Fixture {
  testing::TemporaryFolder folder;
  std::string journal_path = (folder.path() / "journal.sqlite").string();
  std::unique_ptr<ContentStore> store = *ContentStore::Open(folder.path() / "content");
};

}  // namespace

TEST_CASE("Content comes back by its digest, and damage is noticed", "[storage]") {
  const Fixture fixture;
  const auto digest = fixture.store->Put("hello");
  REQUIRE_OK(digest);
  REQUIRE(*fixture.store->Get(*digest) == "hello");
  std::ofstream(fixture.store->PathOf(*digest)) << "jello";
  REQUIRE(ErrorCode(fixture.store->Get(*digest).status()) == "CONTENT_CORRUPT");
}

TEST_CASE("An interrupted upload resumes where it stopped", "[storage]") {
  const Fixture fixture;
  const std::string bytes(300000, 'x');
  {
    const auto upload = *fixture.store->Resume("study-1-north", 0);
    REQUIRE_OK(upload->Append(bytes.substr(0, 100000)));
  }
  REQUIRE(fixture.store->PartialSize("study-1-north") == 100000);
  const auto upload = *fixture.store->Resume("study-1-north", 90000);  // the sender asks for less
  REQUIRE(upload->size() == 90000);
  REQUIRE_OK(upload->Append(bytes.substr(90000)));
  REQUIRE_OK(upload->Finish(crypto::Sha256(bytes)));
  REQUIRE(*fixture.store->Get(crypto::Sha256(bytes)) == bytes);
}

TEST_CASE("An upload takes bytes in any number of pieces", "[storage]") {
  const Fixture fixture;
  const std::string bytes(3000000, 'y');
  const auto upload = *fixture.store->Resume("study-1-north", 0);
  std::vector<std::string_view> pieces = {""};
  for (size_t at = 0; at < bytes.size(); at += 1000) {
    pieces.push_back(std::string_view(bytes).substr(at, 1000));
  }
  REQUIRE_OK(upload->Append(pieces));  // more than one system call takes
  REQUIRE_OK(upload->Append(std::vector<std::string_view>{}));
  REQUIRE(upload->size() == bytes.size());
  REQUIRE_OK(upload->Finish(crypto::Sha256(bytes)));
  REQUIRE(*fixture.store->Get(crypto::Sha256(bytes)) == bytes);
}

TEST_CASE("An upload with another digest is dropped whole", "[storage]") {
  const Fixture fixture;
  const auto upload = *fixture.store->Resume("study-1-north", 0);
  REQUIRE_OK(upload->Append("altered"));
  REQUIRE(ErrorCode(upload->Finish(crypto::Sha256("original"))) == "CONTRIBUTION_CORRUPT");
  REQUIRE(fixture.store->PartialSize("study-1-north") == 0);
  REQUIRE_FALSE(fixture.store->Has(crypto::Sha256("original")));
}

TEST_CASE("Bytes made here are kept under their digest, and forgotten when removed", "[storage]") {
  const Fixture fixture;
  const auto file = *fixture.store->Resume("state-study", 0);
  REQUIRE_OK(file->Append("one "));
  REQUIRE_OK(file->Append("two"));
  const auto digest = file->Keep();
  REQUIRE_OK(digest);
  REQUIRE(*digest == crypto::Sha256("one two"));
  REQUIRE(*fixture.store->Get(*digest) == "one two");
  REQUIRE(fixture.store->PartialSize("state-study") == 0);
  fixture.store->Remove(*digest);
  fixture.store->Remove(*digest);  // absent content is fine
  REQUIRE_FALSE(fixture.store->Has(*digest));
}

TEST_CASE("The journal keeps every event that was acknowledged before a kill -9", "[storage]") {
  const Fixture fixture;
  REQUIRE_OK(Journal::Open(fixture.journal_path));
  uint64_t before = 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto journal = Journal::Open(fixture.journal_path);
      for (uint64_t i = 0; journal.ok(); ++i) {
        if (!(*journal)->AppendEvent(Digest{}, 1, "event", "state").ok()) ::_exit(1);
        if (::write(pipe_ends[1], "x", 1) != 1) ::_exit(1);
      }
      ::_exit(1);
    }
    ::close(pipe_ends[1]);
    uint64_t acknowledged = 0;
    for (char byte = 0; acknowledged < 7 + 5 * static_cast<uint64_t>(attempt) &&
                        ::read(pipe_ends[0], &byte, 1) == 1;) {
      ++acknowledged;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe_ends[0]);
    const auto journal = Journal::Open(fixture.journal_path);
    REQUIRE_OK(journal);
    const auto events = (*journal)->Events(Digest{}, 1);
    REQUIRE_OK(events);
    REQUIRE(acknowledged > 0);
    REQUIRE(events->size() >= before + acknowledged);
    before = events->size();
  }
}

TEST_CASE("Events that are appended together come back in their order", "[storage]") {
  const Fixture fixture;
  const auto journal = *Journal::Open(fixture.journal_path);
  const Digest study = crypto::Sha256("study");
  REQUIRE_OK(journal->AppendEvent(study, 7, "first", ""));
  REQUIRE_OK(journal->AppendEvents(study, 7, {"second", "third"}));
  REQUIRE_OK(journal->AppendEvents(study, 8, {"another round's"}));
  REQUIRE(*journal->Events(study, 7) == std::vector<std::string>{"first", "second", "third"});
  REQUIRE(*journal->LastRound(study) == 8);
}

TEST_CASE("A damaged journal is named and nothing is thrown away", "[storage]") {
  const Fixture fixture;
  std::ofstream(fixture.journal_path) << std::string(8192, 'z');
  const auto journal = Journal::Open(fixture.journal_path);
  REQUIRE(ErrorCode(journal.status()) == "JOURNAL_CORRUPT");
  REQUIRE_THAT(std::string(journal.status().message()), ContainsSubstring("backup"));
  REQUIRE(std::filesystem::file_size(fixture.journal_path) == 8192);
}

}  // namespace mutual::coordinator
