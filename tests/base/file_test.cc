#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "tests/catch.h"

namespace mutual {
namespace {

namespace fs = std::filesystem;

// A folder that is removed with what is in it.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "mutual-file-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  size_t FileCount() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(path_), {}));
  }

 private:
  fs::path path_;
};

mode_t ModeOf(const fs::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777;
}

TEST_CASE("A written file holds its contents, whole, and nothing lies beside it", "[file]") {
  const Folder folder;
  const std::string contents = GENERATE(as<std::string>(), "", "hello", std::string("a\0\n\xff", 4),
                                        std::string(3'000'000, 'x'));
  REQUIRE_OK(WriteFileDurably(folder / "file", contents, FileMode::kPublic));
  const auto read = ReadFile(folder / "file", 4'000'000);
  REQUIRE_OK(read);
  CHECK((*read == contents));
  CHECK(folder.FileCount() == 1);
}

TEST_CASE("Writing again replaces the whole file", "[file]") {
  const Folder folder;
  REQUIRE_OK(WriteFileDurably(folder / "file", "a long first version", FileMode::kPublic));
  REQUIRE_OK(WriteFileDurably(folder / "file", "short", FileMode::kPublic));
  CHECK(*ReadFile(folder / "file", 100) == "short");
}

// A reader that opened the old file keeps reading the old bytes.
TEST_CASE("A file is replaced and not written over", "[file]") {
  const Folder folder;
  REQUIRE_OK(WriteFileDurably(folder / "file", "old bytes", FileMode::kPublic));
  std::ifstream reader(folder / "file");
  REQUIRE_OK(WriteFileDurably(folder / "file", "NEW BYTES", FileMode::kPublic));
  std::string seen;
  std::getline(reader, seen);
  CHECK(seen == "old bytes");
}

TEST_CASE("A secret is readable by its owner only, whatever was there", "[file]") {
  const Folder folder;
  const mode_t before = ::umask(0);
  REQUIRE_OK(WriteFileDurably(folder / "key", "public", FileMode::kPublic));
  CHECK(ModeOf(folder / "key") == 0644);
  REQUIRE_OK(WriteFileDurably(folder / "key", "secret", FileMode::kSecret));
  CHECK(ModeOf(folder / "key") == 0600);
  ::umask(077);
  REQUIRE_OK(WriteFileDurably(folder / "key", "public", FileMode::kPublic));
  CHECK(ModeOf(folder / "key") == 0644);
  ::umask(before);
}

TEST_CASE("Writers of one file at once leave one of their versions", "[file]") {
  const Folder folder;
  std::vector<std::thread> writers;
  std::vector<absl::Status> results(8);
  for (size_t i = 0; i < results.size(); ++i) {
    writers.emplace_back([&, i] {
      for (int round = 0; round < 5 && results[i].ok(); ++round) {
        results[i] = WriteFileDurably(
            folder / "file", std::string(100'000, static_cast<char>('a' + i)), FileMode::kPublic);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  for (const absl::Status& result : results) REQUIRE_OK(result);
  const std::string contents = *ReadFile(folder / "file", 200'000);
  CHECK((contents == std::string(100'000, contents.at(0))));
  CHECK(folder.FileCount() == 1);
}

TEST_CASE("A file is read up to the most that is accepted", "[file]") {
  const Folder folder;
  REQUIRE_OK(WriteFileDurably(folder / "file", std::string(1000, 'x'), FileMode::kPublic));
  REQUIRE_OK(ReadFile(folder / "file", 1000));
  const auto read = ReadFile(folder / "file", 999);
  CHECK(read.status().code() == absl::StatusCode::kOutOfRange);
  CHECK_THAT(std::string(read.status().message()), ContainsSubstring("larger than 999 bytes"));
  CHECK(ReadFile("/dev/zero", 1 << 20).status().code() == absl::StatusCode::kOutOfRange);
}

TEST_CASE("A file that is not there is not found, by name", "[file]") {
  const Folder folder;
  const auto read = ReadFile(folder / "absent", 10);
  CHECK(read.status().code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(read.status().message()), ContainsSubstring((folder / "absent").string()));
  CHECK(SyncFile(folder / "absent").code() == absl::StatusCode::kNotFound);
  CHECK(RenameDurably(folder / "absent", folder / "new").code() == absl::StatusCode::kNotFound);
}

TEST_CASE("A folder cannot be read as a file", "[file]") {
  const Folder folder;
  const auto read = ReadFile(folder / "", 10);
  CHECK(read.status().code() == absl::StatusCode::kUnavailable);
  CHECK_THAT(std::string(read.status().message()), ContainsSubstring("cannot read"));
}

TEST_CASE("A file in a folder that is not there cannot be written", "[file]") {
  const Folder folder;
  const absl::Status status = WriteFileDurably(folder / "no" / "file", "x", FileMode::kSecret);
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(status.message()), ContainsSubstring("cannot create"));
}

TEST_CASE("When the last step fails the temporary file goes and the old one stays", "[file]") {
  const Folder folder;
  fs::create_directories(folder / "taken" / "inside");  // a folder cannot be replaced by a file
  const absl::Status status = WriteFileDurably(folder / "taken", "x", FileMode::kPublic);
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK_THAT(std::string(status.message()), ContainsSubstring("cannot rename"));
  CHECK(folder.FileCount() == 1);
}

// Root may write anywhere.
TEST_CASE("A folder without permission is named", "[file]") {
  if (::geteuid() == 0) return;
  const Folder folder;
  fs::create_directory(folder / "closed");
  fs::permissions(folder / "closed", fs::perms::none);
  CHECK(ReadFile(folder / "closed" / "file", 10).status().code() ==
        absl::StatusCode::kPermissionDenied);
  fs::permissions(folder / "closed", fs::perms::owner_all);
}

TEST_CASE("Renaming moves a file, over an old one too", "[file]") {
  const Folder folder;
  REQUIRE_OK(WriteFileDurably(folder / "from", "new", FileMode::kPublic));
  REQUIRE_OK(WriteFileDurably(folder / "to", "old", FileMode::kPublic));
  REQUIRE_OK(RenameDurably(folder / "from", folder / "to"));
  CHECK(*ReadFile(folder / "to", 10) == "new");
  CHECK(folder.FileCount() == 1);
  REQUIRE_OK(SyncFile(folder / "to"));
}

TEST_CASE("A file named without a folder is in the current one", "[file]") {
  const Folder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder / "");
  const absl::Status status = WriteFileDurably("file", "x", FileMode::kPublic);
  fs::current_path(before);
  REQUIRE_OK(status);
  CHECK(*ReadFile(folder / "file", 10) == "x");
}

}  // namespace
}  // namespace mutual
