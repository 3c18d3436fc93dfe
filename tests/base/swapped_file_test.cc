#include "base/swapped_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace mutual {
namespace {

struct Fixture {
  testing::TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "state";
  std::string Read() const { return *ReadFile(path, 1 << 20); }
  static ino_t NumberOf(const std::filesystem::path& file) {
    struct stat found {};
    return ::stat(file.c_str(), &found) == 0 ? found.st_ino : 0;
  }
};

}  // namespace

TEST_CASE("A swapped file holds what was written last, long or short", "[file]") {
  const Fixture f;
  for (const std::string& text : {std::string("first"), std::string(100000, 'x'), std::string("x"),
                                  std::string(), std::string("last")}) {
    REQUIRE_OK(SwapFileDurably(f.path, text));
    CHECK((f.Read() == text));
  }
}

TEST_CASE("Two files change places, and no third is made", "[file]") {
  const Fixture f;
  REQUIRE_OK(SwapFileDurably(f.path, "one"));
  REQUIRE_OK(SwapFileDurably(f.path, "two"));
  const ino_t here = Fixture::NumberOf(f.path);
  const ino_t there = Fixture::NumberOf(f.path.string() + ".before");
  REQUIRE_OK(SwapFileDurably(f.path, "three"));
  CHECK(Fixture::NumberOf(f.path) == there);
  CHECK(Fixture::NumberOf(f.path.string() + ".before") == here);
  CHECK(std::distance(std::filesystem::directory_iterator(f.folder.path()), {}) == 2);
}

TEST_CASE("What a crash left in the other file is never read", "[file]") {
  const Fixture f;
  REQUIRE_OK(SwapFileDurably(f.path, "one"));
  REQUIRE_OK(
      WriteFileDurably(f.path.string() + ".before", std::string(5000, '?'), FileMode::kPublic));
  CHECK(f.Read() == "one");
  REQUIRE_OK(SwapFileDurably(f.path, "two"));
  CHECK(f.Read() == "two");
}

TEST_CASE("Whoever finds the other file taken writes one of its own", "[file]") {
  const Fixture f;
  REQUIRE_OK(SwapFileDurably(f.path, "one"));
  const std::string before = f.path.string() + ".before";
  const int taken = ::open(before.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  REQUIRE(taken >= 0);
  REQUIRE(::flock(taken, LOCK_EX) == 0);
  REQUIRE_OK(SwapFileDurably(f.path, "two"));
  CHECK(f.Read() == "two");
  ::close(taken);
}

TEST_CASE("Writers at the same time leave one of their texts, whole", "[file]") {
  const Fixture f;
  std::vector<std::thread> writers;
  for (char c = 'a'; c < 'e'; ++c) {
    writers.emplace_back([&f, c] {
      for (int i = 0; i < 20; ++i) SwapFileDurably(f.path, std::string(20000, c)).IgnoreError();
    });
  }
  for (std::thread& writer : writers) writer.join();
  const std::string text = f.Read();
  CHECK(text.size() == 20000);
  CHECK((text == std::string(20000, text[0])));
}

TEST_CASE("A swapped file that cannot be written is told", "[file]") {
  const Fixture f;
  CHECK_FALSE(SwapFileDurably(f.folder.path() / "none" / "state", "x").ok());
}

}  // namespace mutual
