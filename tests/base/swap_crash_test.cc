// Kills a program that replaces a file at each of its file system calls, lets each call fail, and
// cuts the power at each, also after an error that it survived.
#include <algorithm>
#include <fstream>

#include "base/file.h"
#include "base/status.h"
#include "base/swapped_file.h"
#include "tests/catch.h"
#include "tests/support/faulty_program.h"
#include "tests/support/temporary_folder.h"

namespace mutual {
namespace {

using testing::Fault;

// Of several lengths, so that no text is what is left of another.
const std::vector<std::string> kTexts = {std::string(300, 'a'), std::string(900, 'b'),
                                         std::string(100, 'c'), std::string(600, 'd')};

struct Workshop {
  // The first two texts were written: the second is there, the first to change places with.
  Workshop() {
    std::filesystem::create_directories(watched);
    std::ofstream(file) << kTexts[1];
    std::ofstream(file.string() + ".before") << kTexts[0];
  }

  // Replaces the file by the two other texts.
  int Run(const Fault& fault) const {
    return program.Run({file.string(), kept.string(), kTexts[2], kTexts[3]}, fault);
  }

  // The file holds one of the texts, whole, and none before the last that was said to be durable.
  void RequireIntact() const {
    size_t least = 1;
    std::ifstream lines(kept);
    for (std::string text; std::getline(lines, text);) least = IndexOf(text);
    const auto found = ReadFile(file, 1 << 20);
    REQUIRE_OK(found);
    CAPTURE(least, found->size());
    REQUIRE(IndexOf(*found) < kTexts.size());
    REQUIRE(IndexOf(*found) >= least);
  }

  static size_t IndexOf(const std::string& text) {
    return static_cast<size_t>(std::ranges::find(kTexts, text) - kTexts.begin());
  }

  testing::TemporaryFolder folder;
  std::filesystem::path watched = folder.path() / "watched";
  std::filesystem::path file = watched / "state";
  std::filesystem::path kept = folder.path() / "kept";
  testing::FaultyProgram program{"swap_crash_program", watched, folder.path() / "trace"};
};

int CountCalls() {
  const Workshop whole;
  REQUIRE(whole.Run({}) == 0);
  whole.RequireIntact();
  const auto calls = whole.program.Calls();
  REQUIRE(calls.at("exchange") == 2);
  REQUIRE(calls.at("ftruncate") == 2);
  int count = 0;
  for (const auto& [call, times] : calls) count += times;
  return count;
}

}  // namespace

TEST_CASE("A swapped file survives ends and errors at each of its file system calls", "[crash]") {
  const std::string kind = GENERATE(as<std::string>(), "kill", "power", "EIO", "ENOSPC");
  const int calls = CountCalls();
  for (int at = 1; at <= calls; ++at) {
    INFO(kind << " at call " << at);
    const Workshop workshop;
    const bool is_end = kind == "kill" || kind == "power";
    REQUIRE(workshop.Run({kind, at}) == (is_end ? 128 + SIGKILL : 0));
    workshop.RequireIntact();
    // Whoever writes next finds nothing in the way.
    REQUIRE_OK(SwapFileDurably(workshop.file, kTexts[3]));
    workshop.RequireIntact();
  }
}

TEST_CASE("A swapped file survives a loss of power after an error at each call", "[crash]") {
  const int calls = CountCalls();
  int ended = 0;
  for (int at = 1; at <= calls; ++at) {
    for (int power = at + 1; power <= calls; ++power) {
      INFO("an error at call " << at << ", no power at call " << power);
      const Workshop workshop;
      const int code = workshop.Run({"EIO", at, power});
      REQUIRE((code == 0 || code == 128 + SIGKILL));  // after an error fewer calls may follow
      ended += code == 0 ? 0 : 1;
      workshop.RequireIntact();
    }
  }
  CHECK(ended > calls);
}

}  // namespace mutual
