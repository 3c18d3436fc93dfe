#include "client/scrutineer/record_files.h"

#include <fstream>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace mutual::client {
namespace {

using aggregation::masking::RoundRecord;

Digest DigestOfByte(uint8_t byte) {
  Digest digest;
  digest.bytes.fill(byte);
  return digest;
}

RoundRecord Record(uint64_t end, uint8_t leaf) {
  RoundRecord record;
  record.study = DigestOfByte(1);
  record.round = 3;
  record.end_index = end;
  record.end_entry = DigestOfByte(leaf);
  record.answer = DigestOfByte(9);
  return record;
}

struct Fixture {
  testing::TemporaryFolder folder;
  std::filesystem::path of_study = folder.path() / DigestOfByte(1).ToHex();
  RecordFiles records{folder.path()};
  RoundRecord Kept(const RoundRecord& record) {
    const auto kept = records.RecordOnce(record);
    REQUIRE_OK(kept.status());
    return *kept;
  }
  void Overwrite(const std::string& name, const std::string& bytes) {
    std::ofstream(of_study / name, std::ios::binary) << bytes;
  }
};

TEST_CASE("the first record of a round stands, also for another process") {
  Fixture fixture;
  REQUIRE(fixture.Kept(Record(40, 4)).end_index == 40);
  REQUIRE(fixture.Kept(Record(41, 5)).end_index == 40);
  RecordFiles other(fixture.folder.path());
  const auto kept = other.RecordOnce(Record(40, 6));  // a fork: the same index, another leaf
  REQUIRE_OK(kept.status());
  REQUIRE(kept->end_entry == DigestOfByte(4));
  REQUIRE(kept->answer == DigestOfByte(9));
}

TEST_CASE("what a crash left half written is no record") {
  Fixture fixture;
  std::filesystem::create_directories(fixture.of_study);
  fixture.Overwrite("3.new-77", "half");
  REQUIRE(fixture.Kept(Record(40, 4)).end_index == 40);
}

TEST_CASE("a damaged record is never answered over") {
  Fixture fixture;
  REQUIRE(fixture.Kept(Record(40, 4)).end_index == 40);
  fixture.Overwrite("3", "short");
  const auto kept = fixture.records.RecordOnce(Record(41, 5));
  REQUIRE(ErrorCode(kept.status()) == "RECORD_CORRUPT");
  REQUIRE(ErrorCode(fixture.records.RecordOnce(Record(40, 4)).status()) == "RECORD_CORRUPT");
}

TEST_CASE("a record that cannot be written is no answer") {
  Fixture fixture;
  std::ofstream(fixture.of_study) << "a file where the folder should be";
  REQUIRE(absl::IsUnavailable(fixture.records.RecordOnce(Record(40, 4)).status()));
}

}  // namespace
}  // namespace mutual::client
