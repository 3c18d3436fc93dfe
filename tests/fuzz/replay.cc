// The fuzz targets without a fuzzer, for any compiler: each takes its seeds, what was found wrong
// in the past, and TRIES inputs made of them by seeded mutations, so that every run tries the same.
//
//   fuzz_replay FOLDER_OF_SEEDS FOLDER_OF_REGRESSIONS TRIES
//
// Both folders hold <noun>/<input>. A broken promise, or a sanitizer, ends the program.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/seeded_random.h"

#define MUTUAL_TARGET(noun) extern "C" int noun##_fuzz(const uint8_t* data, size_t size);
MUTUAL_FUZZ_TARGETS
#undef MUTUAL_TARGET

namespace mutual::fuzz {
namespace {

constexpr size_t kMaxLength = 20000;

using Target = int (*)(const uint8_t* data, size_t size);
using Inputs = std::vector<std::string>;

void Read(const std::filesystem::path& folder, Inputs* inputs) {
  if (!std::filesystem::exists(folder)) return;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs->emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
}

// Changes one place: a bit, a byte, bytes left out, repeated, or taken from another input.
void MutateOnce(const Inputs& inputs, mutual::testing::SeededRandom& random, std::string* text) {
  const size_t at = text->empty() ? 0 : random.NextUint64() % text->size();
  const size_t length = 1 + random.NextUint64() % 16;
  const std::string& other = inputs[random.NextUint64() % inputs.size()];
  switch (text->empty() ? 4 : random.NextUint64() % 5) {
    case 0:
      (*text)[at] = static_cast<char>((*text)[at] ^ (1 << (random.NextUint64() % 8)));
      return;
    case 1:
      (*text)[at] = static_cast<char>(random.NextUint64());
      return;
    case 2:
      text->erase(at, length);
      return;
    case 3:
      text->insert(at, text->substr(at, length));
      return;
    default:
      if (!other.empty())
        text->insert(at, other.substr(random.NextUint64() % other.size(), length));
  }
}

int Replay(const std::string& noun, Target target, int argc, char** argv) {
  if (argc != 4) return 2;
  Inputs inputs;
  Read(std::filesystem::path(argv[1]) / noun, &inputs);
  Read(std::filesystem::path(argv[2]) / noun, &inputs);
  if (inputs.empty()) {
    std::fprintf(stderr, "there are no seeds of %s in %s\n", noun.c_str(), argv[1]);
    return 1;
  }
  const auto give = [&](const std::string& text) {
    target(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  };
  for (const std::string& text : inputs) give(text);
  mutual::testing::SeededRandom random(1);
  const long tries = std::strtol(argv[3], nullptr, 10);
  for (long i = 0; i < tries; ++i) {
    std::string text = inputs[random.NextUint64() % inputs.size()];
    for (uint64_t changes = 1 + random.NextUint64() % 4; changes > 0; --changes) {
      MutateOnce(inputs, random, &text);
    }
    give(text.substr(0, kMaxLength));
  }
  std::printf("%s: %zu kept inputs, %ld made of them\n", noun.c_str(), inputs.size(), tries);
  return 0;
}

}  // namespace
}  // namespace mutual::fuzz

int main(int argc, char** argv) {
#define MUTUAL_TARGET(noun) \
  if (const int code = mutual::fuzz::Replay(#noun, noun##_fuzz, argc, argv); code != 0) return code;
  MUTUAL_FUZZ_TARGETS
#undef MUTUAL_TARGET
  return 0;
}
