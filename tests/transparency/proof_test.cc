#include "transparency/proof.h"

#include <map>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/log_fixture.h"
#include "tests/transparency/vector.h"

namespace mutual::transparency {
namespace {

using testing::LogFixture;
using testing::OneWitnessPolicy;

// The receipt for beta of the published vector.
std::string BetaReceipt() {
  const Digest alpha = LeafHash("alpha"), gamma = LeafHash("gamma");
  return "c2sp.org/tlog-proof@v1\nextra YmV0YQ==\nindex 1\n" + Base64Encode(alpha.bytes) + "\n" +
         Base64Encode(gamma.bytes) + "\n\n" + testing::VectorCheckpoint();
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("The receipt of the published vector parses, prints and verifies", "[proof]") {
  const auto proof = ParseProof(BetaReceipt());
  REQUIRE_OK(proof);
  CHECK(proof->entry == "beta");
  CHECK(proof->index == 1);
  CHECK(PrintProof(*proof) == BetaReceipt());
  const auto evaluation = VerifyReceipt(*proof, OneWitnessPolicy());
  REQUIRE_OK(evaluation);
  CHECK(evaluation->has_quorum);
  CHECK(evaluation->signed_checkpoint.checkpoint.size == 3);
}

TEST_CASE("A proof without extra wants the entry beside it", "[proof]") {
  const std::string text = Replaced(BetaReceipt(), "extra YmV0YQ==\n", "");
  const auto proof = ParseProof(text);
  REQUIRE_OK(proof);
  CHECK(PrintProof(*proof) == text);
  REQUIRE_OK(VerifyProof(*proof, "beta", OneWitnessPolicy()));
  CHECK(ErrorCode(VerifyProof(*proof, "gamma", OneWitnessPolicy()).status()) == "PROOF_WRONG");
  CHECK_THAT(std::string(VerifyReceipt(*proof, OneWitnessPolicy()).status().message()),
             ContainsSubstring("the proof has no entry in it"));
}

TEST_CASE("Every receipt of a log made by the writer verifies", "[proof]") {
  LogFixture fixture;
  const auto log = *fixture.Open();
  for (const uint64_t count : {200u, 99u, 1u}) {
    REQUIRE_OK(log->Append(testing::EntriesFrom(log->size(), count)));
  }
  const auto reader = *LogReader::Open(FetchFromFolder(fixture.served()), log->published());
  for (uint64_t index = 0; index < 300; ++index) {
    const auto receipt = MakeReceipt(*reader, index, log->checkpoint());
    REQUIRE_OK(receipt);
    const auto parsed = ParseProof(PrintProof(*receipt));
    REQUIRE_OK(parsed);
    REQUIRE(*parsed == *receipt);
    REQUIRE(parsed->entry == "entry " + std::to_string(index));
    REQUIRE_OK(VerifyReceipt(*parsed, OneWitnessPolicy()));
  }
  CHECK_FALSE(MakeReceipt(*reader, 300, log->checkpoint()).ok());
  CHECK_THAT(std::string(MakeReceipt(*reader, 0, testing::VectorCheckpoint()).status().message()),
             ContainsSubstring("the checkpoint is of size 3, the log was opened at size 300"));
}

TEST_CASE("Any spelling of a proof but the one is refused", "[proof]") {
  const std::string good = BetaReceipt();
  const auto [from, to] = GENERATE(table<std::string, std::string>({
      {"c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"},
      {"c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1\r\n"},
      {"c2sp.org/tlog-proof@v1\n", ""},
      {"YmV0YQ==", "YmV0YQ"},
      {"YmV0YQ==", "YmV0YR=="},
      {"YmV0YQ==", ""},
      {"extra ", "Extra "},
      {"extra ", "extra  "},
      {"extra YmV0YQ==\nindex 1\n", "index 1\nextra YmV0YQ==\n"},
      {"extra YmV0YQ==\n", "extra YmV0YQ==\nextra YmV0YQ==\n"},
      {"index 1", "index 01"},
      {"index 1", "index -1"},
      {"index 1", "index"},
      {"index 1\n", ""},
      {"index 1\n", "index 1 \n"},
      {"index 1\n", "index 1\n\n"},
      {"index 1\n", "index 1\nAAAA\n"},
      {"\n\nfed.example", "\nfed.example"},
      {"\n\nfed.example", "\n\n\nfed.example"},
      {"fed.example/audit\n3", "fed.example/audit\n03"},
  }));
  INFO(from << " -> " << to);
  CHECK(ParseProof(Replaced(good, from, to)).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("A proof cut at any byte, or with a line more, is refused", "[proof]") {
  const std::string good = BetaReceipt();
  // From where the log's line is whole a note with fewer signatures is left, which parses.
  const size_t log_line_end = good.size() - testing::kWitnessLine.size();
  for (size_t size = 0; size < good.size(); ++size) {
    const auto proof = ParseProof(good.substr(0, size));
    REQUIRE(proof.ok() == (size == log_line_end));
    if (!proof.ok()) continue;
    CHECK(ErrorCode(VerifyReceipt(*proof, OneWitnessPolicy()).status()) == "NO_QUORUM");
  }
  CHECK_FALSE(ParseProof(good + "\n").ok());
  CHECK_FALSE(ParseProof(good + "more\n").ok());
}

TEST_CASE("Sixty-three hashes are accepted and sixty-four are not", "[proof]") {
  Proof proof = *ParseProof(BetaReceipt());
  proof.hashes.resize(63);
  REQUIRE_OK(ParseProof(PrintProof(proof)));
  proof.hashes.resize(64);
  CHECK_THAT(std::string(ParseProof(PrintProof(proof)).status().message()),
             ContainsSubstring("more than 63 hashes"));
}

TEST_CASE("A receipt for another entry, index, hash or checkpoint does not verify", "[proof]") {
  const Proof good = *ParseProof(BetaReceipt());
  const auto code = [](const Proof& proof) {
    return ErrorCode(VerifyReceipt(proof, OneWitnessPolicy()).status());
  };
  Proof bad = good;
  bad.entry = "gamma";
  CHECK(code(bad) == "PROOF_WRONG");
  bad = good;
  bad.index = 2;
  CHECK(code(bad) == "PROOF_WRONG");
  bad.index = 3;
  CHECK(VerifyReceipt(bad, OneWitnessPolicy()).status().code() ==
        absl::StatusCode::kInvalidArgument);
  bad = good;
  bad.hashes[0].bytes[31] ^= 1;
  CHECK(code(bad) == "PROOF_WRONG");
  bad = good;
  bad.checkpoint[bad.checkpoint.find("\n3\n") + 1] = '4';
  CHECK(VerifyReceipt(bad, OneWitnessPolicy()).status().code() ==
        absl::StatusCode::kUnauthenticated);
}

}  // namespace mutual::transparency
