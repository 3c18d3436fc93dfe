// Scrutineers and coordinator together, and the attacks on them.
#include <algorithm>

#include "aggregation/masking/mask_sum.h"
#include "base/status.h"
#include "tests/aggregation/masking_federation.h"
#include "tests/catch.h"

namespace mutual::aggregation::masking {
namespace {

using testing::CloseAt;
using testing::Federation;
using testing::GoodFacts;
using testing::MemoryRecords;
using testing::RoundOf;

std::vector<uint32_t> Values(size_t node, size_t size) {
  std::vector<uint32_t> values(size);
  for (size_t w = 0; w < size; ++w) values[w] = static_cast<uint32_t>(1000 * node + w);
  return values;
}

// Four nodes of 20 values in round 7, four scrutineers of whom two can unmask.
struct Round {
  Round() {
    masked = testing::MaskedSum(&federation, 7, [](size_t i) { return Values(i, 20); });
    for (size_t w = 0; w < 20; ++w) want.push_back(static_cast<int64_t>(6000 + 4 * w));
  }
  Tally Answer(uint32_t j) {
    return federation.MakeScrutineer(j, &records[j]).Answer(facts, 2000, 1).value();
  }
  Unmasking Begin() const { return Unmasking::Create(RoundOf(facts, 20)).value(); }

  Federation federation{{4, 2}, 4, 5};
  RoundFacts facts = GoodFacts(federation, 7, 20);
  MemoryRecords records[4];
  std::vector<uint32_t> masked;
  std::vector<int64_t> want;
};

absl::Status Serve(const Tally& tally, Unmasking* unmasking) {
  for (uint32_t c : unmasking->Wanted()) {
    const auto sum = tally.ClassSum(c);
    if (sum.ok()) MUTUAL_RETURN_IF_ERROR(unmasking->AddClassSum(c, **sum));
  }
  return absl::OkStatus();
}

}  // namespace

TEST_CASE("Four scrutineers tally and the coordinator gets the sum, nothing else", "[masking]") {
  Round round;
  Unmasking unmasking = round.Begin();
  std::vector<Tally> tallies;
  for (uint32_t j = 0; j < 4; ++j) {
    tallies.push_back(round.Answer(j));
    REQUIRE_OK(unmasking.AddTally(tallies.back().message()));
    REQUIRE_OK(unmasking.AddTally(tallies.back().message()));  // again is the same
  }
  for (const Tally& tally : tallies) REQUIRE_OK(Serve(tally, &unmasking));
  CHECK(unmasking.Wanted().empty());
  CHECK(unmasking.Dissents().empty());
  CHECK(unmasking.Release(round.masked).value() == round.want);
}

TEST_CASE("One dead scrutineer of four changes nothing", "[masking]") {
  const uint32_t dead = GENERATE(0u, 1u, 2u, 3u);
  Round round;
  Unmasking unmasking = round.Begin();
  std::vector<Tally> tallies;
  for (uint32_t j = 0; j < 4; ++j) {
    if (j == dead) continue;
    tallies.push_back(round.Answer(j));
    REQUIRE_OK(unmasking.AddTally(tallies.back().message()));
  }
  for (const Tally& tally : tallies) REQUIRE_OK(Serve(tally, &unmasking));
  CHECK(unmasking.Release(round.masked).value() == round.want);
}

TEST_CASE("Two scrutineers of four are too few to close or to agree", "[masking]") {
  Round round;
  Unmasking unmasking = round.Begin();
  REQUIRE_OK(unmasking.AddTally(round.Answer(0).message()));
  REQUIRE_OK(unmasking.AddTally(round.Answer(1).message()));
  const auto released = unmasking.Release(round.masked);
  CHECK(released.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(ErrorCode(released.status()) == "TOO_FEW_SCRUTINEERS");
  CHECK_THAT(std::string(released.status().message()), ContainsSubstring("4 of 4 class sums"));
  const auto early = unmasking.AddClassSum(0, std::vector<uint32_t>(20));
  CHECK(ErrorCode(early) == "CLASS_NOT_AGREED");
}

TEST_CASE("A tally that breaks off half way is taken over by other holders", "[masking]") {
  Round round;
  Unmasking unmasking = round.Begin();
  const Tally dying = round.Answer(0);
  REQUIRE_OK(unmasking.AddTally(dying.message()));
  std::vector<Tally> others;
  for (uint32_t j = 1; j < 4; ++j) {
    others.push_back(round.Answer(j));
    REQUIRE_OK(unmasking.AddTally(others.back().message()));
  }
  REQUIRE_OK(unmasking.AddClassSum(1, **dying.ClassSum(1)));  // and then it is gone
  CHECK(unmasking.Wanted() == std::vector<uint32_t>{0, 2, 3});
  CHECK_FALSE(unmasking.Release(round.masked).ok());
  for (const Tally& tally : others) REQUIRE_OK(Serve(tally, &unmasking));
  CHECK(unmasking.Release(round.masked).value() == round.want);
}

TEST_CASE("One cheating scrutineer of four is named and the round still tallied",
          "[masking][attack]") {
  const uint32_t cheat = GENERATE(0u, 1u, 2u, 3u);
  Round round;
  Unmasking unmasking = round.Begin();
  std::vector<Tally> honest;
  std::vector<Dissent> named;
  for (uint32_t j = 0; j < 4; ++j) {
    const Tally tally = round.Answer(j);
    TallyMessage message = tally.message();
    if (j == cheat) {
      for (ClassDigest& one : message.classes) {
        one.sum.bytes[0] ^= 1;
        named.push_back({j, one.mask_class});
      }
    } else {
      honest.push_back(tally);
    }
    REQUIRE_OK(unmasking.AddTally(message));
  }
  REQUIRE_OK(unmasking.CheckAgreement());
  CHECK(unmasking.Dissents() == named);
  std::vector<uint32_t> garbage(20, 1);  // its vector is refused, whatever digest it published
  const uint32_t held = round.federation.classes.ClassesOf(cheat)[0];
  const absl::Status refused = unmasking.AddClassSum(held, garbage);
  CHECK(refused.code() == absl::StatusCode::kDataLoss);
  CHECK(ErrorCode(refused) == "CLASS_SUM_CORRUPT");
  for (const Tally& tally : honest) REQUIRE_OK(Serve(tally, &unmasking));
  CHECK(unmasking.Release(round.masked).value() == round.want);
}

TEST_CASE("Two holders that disagree end the round, and nobody is named", "[masking]") {
  Federation federation({3, 2}, 4, 5);
  const RoundFacts facts = GoodFacts(federation, 0, 20);
  MemoryRecords records[3];
  Unmasking unmasking = Unmasking::Create(RoundOf(facts, 20)).value();
  for (uint32_t j = 0; j < 3; ++j) {
    auto scrutineer = federation.MakeScrutineer(j, &records[j]);
    TallyMessage message = scrutineer.Answer(facts, 2000, 1)->message();
    if (j == 1) message.classes[0].sum.bytes[3] ^= 1;
    REQUIRE_OK(unmasking.AddTally(message));
  }
  const absl::Status mismatch = unmasking.CheckAgreement();
  CHECK(mismatch.code() == absl::StatusCode::kAborted);
  CHECK(ErrorCode(mismatch) == "CLASS_SUM_MISMATCH");
  CHECK_THAT(std::string(mismatch.message()), ContainsSubstring("class 0"));
  CHECK(unmasking.Dissents().empty());
  CHECK(ErrorCode(unmasking.Release(std::vector<uint32_t>(20)).status()) == "CLASS_SUM_MISMATCH");
}

TEST_CASE("Two closes in one honest log do not yield one node's mask", "[masking][attack]") {
  // Played without the rule: sums over {0,1,2,3} and {1,2,3} differ by node 0's mask.
  Round round;
  RoundFacts second = round.facts;
  second.checkpoint_size = 3000;
  second.ends.push_back(CloseAt(2500, {1002, 1003, 1004}));
  Scrutineer scrutineer = round.federation.MakeScrutineer(0, &round.records[0]);
  REQUIRE_OK(scrutineer.Answer(second, 2000, 1));
  const auto again = scrutineer.Answer(second, 2500, 1);
  CHECK(again.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(ErrorCode(again.status()) == "EQUIVOCATION");
  // A scrutineer that starts with the second close refuses it just the same.
  Scrutineer other = round.federation.MakeScrutineer(1, &round.records[1]);
  CHECK(ErrorCode(other.Answer(second, 2500, 1).status()) == "EQUIVOCATION");
  CHECK(round.records[1].records.empty());
  // What the attacker would have had:
  RoundFacts alone = round.facts;
  alone.ends = {CloseAt(2000, {1002, 1003, 1004})};
  MemoryRecords fresh;
  Scrutineer tricked = round.federation.MakeScrutineer(0, &fresh);
  const Tally full = round.Answer(0), fewer = tricked.Answer(alone, 2000, 1).value();
  std::vector<uint32_t> difference = **full.ClassSum(1);
  const auto& smaller = **fewer.ClassSum(1);
  for (size_t w = 0; w < difference.size(); ++w) difference[w] -= smaller[w];
  std::vector<uint32_t> mask(20, 0);
  std::vector<crypto::Secret> key;
  key.push_back(round.federation.RatchetsOf(0, {1})[0].StreamKey(7).value());
  REQUIRE_OK(AddMasks(key, 1, mask));
  CHECK(difference == mask);
}

TEST_CASE("A forked log gets no second answer", "[masking][attack]") {
  Round round;
  Scrutineer scrutineer = round.federation.MakeScrutineer(0, &round.records[0]);
  REQUIRE_OK(scrutineer.Answer(round.facts, 2000, 1));
  RoundFacts fork = round.facts;
  SECTION("with a close at another index") { fork.ends = {CloseAt(1990, {1002, 1003, 1004})}; }
  SECTION("with another close at the same index") {
    fork.ends[0].contributions.pop_back();
    fork.ends[0].entry = crypto::Sha256("another close");
  }
  SECTION("with an abandon") { fork.ends = {testing::AbandonAt(1500)}; }
  const auto answer = scrutineer.Answer(fork, fork.ends[0].index, 1);
  CHECK(ErrorCode(answer.status()) == "EQUIVOCATION");
  CHECK_THAT(std::string(answer.status().message()), ContainsSubstring("forked"));
}

TEST_CASE("An abandoned round stays abandoned", "[masking][attack]") {
  Round round;
  RoundFacts abandoned = round.facts;
  abandoned.ends = {testing::AbandonAt(1500)};
  Scrutineer scrutineer = round.federation.MakeScrutineer(0, &round.records[0]);
  CHECK(ErrorCode(scrutineer.Answer(abandoned, 1500, 1).status()) == "ROUND_ABANDONED");
  CHECK(ErrorCode(scrutineer.Answer(round.facts, 2000, 1).status()) == "EQUIVOCATION");
}

TEST_CASE("The record is durable before an answer, and a restart answers the same bytes",
          "[masking]") {
  Round round;
  MemoryRecords& disk = round.records[2];
  Scrutineer scrutineer = round.federation.MakeScrutineer(2, &disk);
  disk.failure = absl::UnavailableError("disk full");
  CHECK(scrutineer.Answer(round.facts, 2000, 1).status().code() == absl::StatusCode::kUnavailable);
  disk.failure = absl::OkStatus();
  const auto first = scrutineer.Answer(round.facts, 2000, 1);
  REQUIRE_OK(first);
  CHECK(disk.records.size() == 1);
  const RoundRecord& record = disk.records.begin()->second;
  CHECK(record.end_index == 2000);
  CHECK(record.answer == first->message().ToDigest());
  Scrutineer restarted = round.federation.MakeScrutineer(2, &disk);
  const auto second = restarted.Answer(round.facts, 2000, 2);
  REQUIRE_OK(second);
  CHECK(second->message() == first->message());
  for (const ClassDigest& one : first->message().classes) {
    CHECK(**second->ClassSum(one.mask_class) == **first->ClassSum(one.mask_class));
  }
}

TEST_CASE("Other bytes than before are never answered", "[masking]") {
  Round round;
  Federation other({4, 2}, 4, 6);  // the same nodes with other keys
  REQUIRE_OK(round.federation.MakeScrutineer(0, &round.records[0]).Answer(round.facts, 2000, 1));
  const auto changed = other.MakeScrutineer(0, &round.records[0]).Answer(round.facts, 2000, 1);
  CHECK(changed.status().code() == absl::StatusCode::kDataLoss);
  CHECK(ErrorCode(changed.status()) == "TALLY_CHANGED");
}

TEST_CASE("After a round has ended its keys are gone", "[masking]") {
  Round round;
  Scrutineer scrutineer = round.federation.MakeScrutineer(0, &round.records[0]);
  REQUIRE_OK(scrutineer.Answer(round.facts, 2000, 1));
  REQUIRE_OK(scrutineer.EndRound(7));
  CHECK(ErrorCode(scrutineer.Answer(round.facts, 2000, 1).status()) == "ROUND_PASSED");
}

TEST_CASE("A bad contribution refuses the round and records nothing", "[masking][attack]") {
  Round round;
  round.facts.nodes[2].mandated.clear();  // silently leaving node 2 out would change the sum
  Scrutineer scrutineer = round.federation.MakeScrutineer(0, &round.records[0]);
  CHECK(ErrorCode(scrutineer.Answer(round.facts, 2000, 1).status()) == "NO_MANDATE");
  CHECK(round.records[0].records.empty());
}

TEST_CASE("Facts of another log, study or threshold, or short vectors, are not answered",
          "[masking][attack]") {
  Round round;
  Scrutineer scrutineer = round.federation.MakeScrutineer(0, &round.records[0]);
  std::vector<RoundFacts> wrong(4, round.facts);
  wrong[0].origin = "fed.example/test";
  wrong[1].study = crypto::Sha256("another");
  wrong[2].threshold = {4, 3};
  wrong[3].words = 15;
  for (const RoundFacts& facts : wrong) {
    CHECK(ErrorCode(scrutineer.Answer(facts, 2000, 1).status()) == "FACTS_MALFORMED");
  }
  scrutineer.keyring().Drop(round.federation.nodes[1]);
  CHECK(ErrorCode(scrutineer.Answer(round.facts, 2000, 1).status()) == "MASK_KEY_MISSING");
  CHECK(ErrorCode(round.Answer(1).ClassSum(1).status()) == "CLASS_NOT_HELD");
  CHECK_FALSE(Scrutineer::Create({"o", Digest{}, {4, 2}, 4}, Keyring(), &round.records[0]).ok());
}

TEST_CASE("A short class sum cannot be guessed from its published digest", "[masking][attack]") {
  // One value: without padding the digest is of 4 bytes, and 2^16 tries find them once the upper
  // half is known (2^32 tries otherwise). With 16 words the same search finds nothing.
  Federation federation({4, 2}, 3, 9);
  const auto masked = federation.maskers[0].Mask(0, std::vector<uint32_t>{5}, 1).value();
  REQUIRE(masked.size() == 16);
  CHECK(std::count(masked.begin() + 1, masked.end(), 0u) == 0);  // false failure: 3.5e-9
  const RoundFacts facts = GoodFacts(federation, 0, PaddedWords(1));
  MemoryRecords records;
  const Tally tally = federation.MakeScrutineer(0, &records).Answer(facts, 2000, 1).value();
  const std::vector<uint32_t>& sum = **tally.ClassSum(1);
  REQUIRE(sum.size() == 16);
  const Digest unpadded = DigestOfWords(std::span(sum).first(1));
  int found_unpadded = 0, found_padded = 0;
  for (uint32_t low = 0; low < 1 << 16; ++low) {
    const std::vector<uint32_t> guess = {(sum[0] & 0xffff0000) | low};
    std::vector<uint32_t> padded_guess(16, 0);
    padded_guess[0] = guess[0];
    found_unpadded += DigestOfWords(guess) == unpadded;
    found_padded += DigestOfWords(guess) == tally.message().classes[0].sum ||
                    DigestOfWords(padded_guess) == tally.message().classes[0].sum;
  }
  CHECK(found_unpadded == 1);
  CHECK(found_padded == 0);
}

TEST_CASE("Classes are served and checked one by one", "[masking][attack]") {
  // A scrutineer that hands over one vector for all its classes could hide any lie in it: only a
  // class's own vector has the digest that the class's holders published.
  Round round;
  Unmasking unmasking = round.Begin();
  for (uint32_t j = 0; j < 4; ++j) REQUIRE_OK(unmasking.AddTally(round.Answer(j).message()));
  const Tally tally = round.Answer(0);
  std::vector<uint32_t> combined = **tally.ClassSum(1);
  AddToRing(**tally.ClassSum(2), combined);
  for (uint32_t c = 0; c < 4; ++c) {
    CHECK(ErrorCode(unmasking.AddClassSum(c, combined)) == "CLASS_SUM_CORRUPT");
  }
  CHECK(ErrorCode(unmasking.AddClassSum(2, **tally.ClassSum(1))) == "CLASS_SUM_CORRUPT");
  CHECK(unmasking.AddClassSum(4, combined).code() == absl::StatusCode::kInvalidArgument);
  REQUIRE_OK(unmasking.AddClassSum(1, **tally.ClassSum(1)));
  REQUIRE_OK(unmasking.AddClassSum(1, **tally.ClassSum(1)));  // twice is taken off once
  CHECK(unmasking.Wanted() == std::vector<uint32_t>{0, 2, 3});
}

TEST_CASE("A tally for another close, round or set of classes is refused", "[masking]") {
  Round round;
  const TallyMessage good = round.Answer(1).message();
  std::vector<TallyMessage> wrong(7, good);
  wrong[0].close_index = 2001;
  wrong[1].close_entry.bytes[0] ^= 1;
  wrong[2].round = 8;
  wrong[3].study.bytes[0] ^= 1;
  wrong[4].classes.pop_back();
  wrong[5].scrutineer = 0;
  wrong[6].scrutineer = 4;
  Unmasking unmasking = round.Begin();
  for (const TallyMessage& message : wrong) {
    CHECK(ErrorCode(unmasking.AddTally(message)) == "TALLY_MALFORMED");
    CHECK(message.ToDigest() != good.ToDigest());
  }
  REQUIRE_OK(unmasking.AddTally(good));
  TallyMessage second = good;
  second.classes[0].sum.bytes[0] ^= 1;
  CHECK(ErrorCode(unmasking.AddTally(second)) == "EQUIVOCATION");
  CHECK_FALSE(unmasking.Release(std::vector<uint32_t>(19)).ok());
  UnmaskedRound none = RoundOf(round.facts, 0);
  CHECK_FALSE(Unmasking::Create(none).ok());
}

}  // namespace mutual::aggregation::masking
