#include "client/learning/zero_model.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "tests/catch.h"

namespace mutual::client {
namespace {

constexpr size_t kPageValues = 1024;  // floats of a page of 4 KiB

// Bytes of memory that this process has.
size_t Resident() {
  std::ifstream file("/proc/self/statm");
  size_t whole = 0, resident = 0;
  file >> whole >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

TEST_CASE("A model of zeros is zero everywhere and takes no memory when it is read", "[learning]") {
  constexpr size_t kSize = size_t{1} << 26;  // 256 MB as an array
  const auto zeros = ZeroModel::Create(kSize);
  REQUIRE(zeros.ok());
  REQUIRE(zeros->values().size() == kSize);
  const size_t before = Resident();
  size_t others = 0;
  for (size_t i = 0; i < kSize; i += kPageValues) others += zeros->values()[i] != 0 ? 1 : 0;
  REQUIRE(others == 0);
  REQUIRE(Resident() < before + kSize * sizeof(float) / 8);
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
