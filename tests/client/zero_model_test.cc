#include "client/learning/zero_model.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"

namespace mutual::client {
namespace {

constexpr size_t kPageValues = 1024;  // floats of a page of 4 KiB

// Bytes of memory behind `values`, and behind what shares their mapping. Not of the whole process:
// a sanitizer remembers what was read, in memory of its own.
size_t Resident(std::span<const float> values) {
  const auto first = reinterpret_cast<uintptr_t>(values.data());
  std::ifstream file("/proc/self/smaps");
  bool is_ours = false;
  size_t bytes = 0;
  for (std::string line; std::getline(file, line);) {
    unsigned long begin = 0, end = 0, kilobytes = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) {
      is_ours = begin < first + values.size_bytes() && first < end;
    } else if (is_ours && std::sscanf(line.c_str(), "Rss: %lu kB", &kilobytes) == 1) {
      bytes += kilobytes * 1024;
    }
  }
  return bytes;
}

TEST_CASE("Memory is counted where it is used", "[learning]") {
  const std::vector<float> ones(size_t{1} << 22, 1.0F);
  REQUIRE(Resident(ones) >= ones.size() * sizeof(float) / 2);
}

TEST_CASE("A model of zeros is zero everywhere and takes no memory when it is read", "[learning]") {
  constexpr size_t kSize = size_t{1} << 26;  // 256 MB as an array
  const auto zeros = ZeroModel::Create(kSize);
  REQUIRE(zeros.ok());
  REQUIRE(zeros->values().size() == kSize);
  const size_t before = Resident(zeros->values());
  size_t others = 0;
  for (size_t i = 0; i < kSize; i += kPageValues) others += zeros->values()[i] != 0 ? 1 : 0;
  REQUIRE(others == 0);
  REQUIRE(Resident(zeros->values()) < before + kSize * sizeof(float) / 8);
}

TEST_CASE("A model of zeros may be empty, and moves", "[learning]") {
  auto empty = ZeroModel::Create(0);
  REQUIRE(empty.ok());
  REQUIRE(empty->values().empty());
  auto first = ZeroModel::Create(5);
  REQUIRE(first.ok());
  const ZeroModel second = *std::move(first);
  REQUIRE(std::count(second.values().begin(), second.values().end(), 0.0F) == 5);
}

TEST_CASE("A model of zeros larger than the address space is refused", "[learning]") {
  const auto status = ZeroModel::Create(size_t{1} << 60).status();
  REQUIRE(status.code() == absl::StatusCode::kUnavailable);
  REQUIRE(status.message().find("no address space") != std::string::npos);
}

}  // namespace
}  // namespace mutual::client
