// Exactness and uniformity of masked vectors, over random federations.
#include <rapidcheck.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <iostream>

#include "aggregation/masking/mask_sum.h"
#include "base/encoding.h"
#include "crypto/prg.h"
#include "tests/aggregation/masking_federation.h"
#include "tests/catch.h"

namespace mutual::aggregation::masking {
namespace {

using mutual::testing::SeededRandom;
using testing::Federation;
using testing::GoodFacts;
using testing::MemoryRecords;
using testing::RoundOf;

uint32_t Below(SeededRandom* random, uint32_t limit) {
  return static_cast<uint32_t>(random->NextUint64() % limit);
}

std::vector<uint32_t> RandomWords(SeededRandom* random, size_t size) {
  std::vector<uint32_t> words(size);
  for (uint32_t& word : words) word = static_cast<uint32_t>(random->NextUint64());
  return words;
}

// What became of one node in a round.
enum class Fate { kCounted, kTooLate, kGone };

// A node that is counted, one whose vector came after the close, or one that never masked; the
// first `sure` nodes are counted.
Fate FateOf(size_t node, size_t sure, SeededRandom* random) {
  if (node < sure) return Fate::kCounted;
  return static_cast<Fate>(Below(random, 3));
}

// The scrutineers that answer: at least a quorum, in random order.
std::vector<uint32_t> Answering(const Threshold& threshold, SeededRandom* random) {
  std::vector<uint32_t> all(threshold.scrutineers);
  for (uint32_t j = 0; j < all.size(); ++j) {
    all[j] = j;
    std::swap(all[j], all[Below(random, j + 1)]);
  }
  const uint32_t quorum = ScrutineerQuorum(threshold);
  all.resize(quorum + Below(random, threshold.scrutineers - quorum + 1));
  return all;
}

// Takes every class sum off that the answering scrutineers hold, each from the first who has it.
bool TakeSums(const Federation& federation, const RoundFacts& facts, SeededRandom* random,
              Unmasking* unmasking) {
  std::vector<Tally> tallies;
  for (uint32_t number : Answering(federation.threshold, random)) {
    MemoryRecords records;
    auto tally = federation.MakeScrutineer(number, &records).Answer(facts, 2000, 1);
    if (!tally.ok() || !unmasking->AddTally(tally->message()).ok()) return false;
    tallies.push_back(*std::move(tally));
  }
  for (const Tally& tally : tallies) {
    for (uint32_t c : unmasking->Wanted()) {
      const auto sum = tally.ClassSum(c);
      if (sum.ok() && !unmasking->AddClassSum(c, **sum).ok()) return false;
    }
  }
  return true;
}

// One round with masks and the same without: whether both give one sum, bit for bit.
bool RoundIsExact(Federation* federation, uint64_t round, size_t values, SeededRandom* random) {
  const size_t sure = GoodFacts(*federation, round, PaddedWords(values)).min_nodes;
  RoundFacts facts = GoodFacts(*federation, round, PaddedWords(values));
  facts.ends[0].contributions.clear();
  std::vector<uint32_t> plain(values, 0), masked(PaddedWords(values), 0);
  for (size_t i = 0; i < federation->nodes.size(); ++i) {
    const Fate fate = FateOf(i, sure, random);
    if (fate == Fate::kGone) continue;
    const std::vector<uint32_t> x = RandomWords(random, values);
    const auto y = federation->maskers[i].Mask(round, x, 1).value();
    if (fate == Fate::kTooLate) continue;
    facts.ends[0].contributions.push_back(1001 + i);
    AddToRing(x, plain);
    AddToRing(y, masked);
  }
  Unmasking unmasking = Unmasking::Create(RoundOf(facts, values)).value();
  if (!TakeSums(*federation, facts, random, &unmasking)) return false;
  const auto released = unmasking.Release(masked);
  return released.ok() && *released == Centre(plain);
}

// Random n, d, m, t; nodes that vanish before and after they send, scrutineers that are absent, and
// two rounds with a gap between them.
bool SumIsExact(uint64_t seed) {
  SeededRandom random(seed);
  const uint32_t m = 2 + Below(&random, 6), t = 2 + Below(&random, m - 1);
  const size_t values = 1 + Below(&random, 40);
  Federation federation({m, t}, t + 1 + Below(&random, 7), random.NextUint64());
  const uint64_t first = Below(&random, 4);
  return RoundIsExact(&federation, first, values, &random) &&
         RoundIsExact(&federation, first + 1 + Below(&random, 3), values, &random);
}

bool Holds(const std::string& id, int cases, const std::function<bool(uint64_t)>& property) {
  rc::detail::TestMetadata metadata;
  metadata.id = id;
  rc::detail::TestParams parameters;
  parameters.seed = 20260123;
  parameters.maxSuccess = cases;
  const auto result = rc::detail::checkTestable(property, metadata, parameters);
  if (!result.template is<rc::detail::SuccessResult>()) {
    rc::detail::printResultMessage(result, std::cerr);
    return false;
  }
  return true;
}

// AES-256-CTR words by the plain key stream, whole.
std::vector<uint32_t> StreamWords(const crypto::Secret& key, size_t words) {
  std::vector<uint8_t> bytes(4 * words);
  (*crypto::KeyStream::Create(key.bytes()))->Fill(bytes);
  std::vector<uint32_t> stream(words, 0);
  AddBytesToRing(bytes, stream);
  return stream;
}

void Subtract(const std::vector<uint32_t>& less, std::vector<uint32_t>* total) {
  for (size_t w = 0; w < less.size(); ++w) (*total)[w] -= less[w];
}

// What is left of `node`'s round 2 when the scrutineers in the bits of `set` have pooled their
// keyrings and taken off every mask that any of them can compute, and the classes that none could.
std::pair<std::vector<uint32_t>, std::vector<uint32_t>> TakeOff(const Federation& federation,
                                                                size_t node, uint32_t set,
                                                                std::vector<uint32_t> masked) {
  std::vector<uint32_t> missed;
  for (uint32_t c = 0; c < federation.classes.size(); ++c) {
    bool found = false;
    for (uint32_t j = 0; j < federation.threshold.scrutineers && !found; ++j) {
      if ((set >> j & 1) == 0) continue;
      const auto keys =
          federation.keyrings[j].StreamKeys(2, c, std::span(&federation.nodes[node], 1));
      found = keys.ok();
      if (found) Subtract(StreamWords(keys->front(), masked.size()), &masked);
    }
    if (!found) missed.push_back(c);
  }
  return {masked, missed};
}

// Chi-square of one byte of the words, 255 degrees of freedom.
double ChiSquare(const std::vector<uint32_t>& words, int byte) {
  std::vector<double> counts(256, 0);
  for (uint32_t word : words) ++counts[word >> (8 * byte) & 255];
  const double expected = static_cast<double>(words.size()) / 256;
  double chi_square = 0;
  for (double count : counts) chi_square += (count - expected) * (count - expected) / expected;
  return chi_square;
}

void CheckUniform(const std::vector<uint32_t>& words) {
  for (int byte = 0; byte < 4; ++byte) {
    CHECK(ChiSquare(words, byte) < 380);
    CHECK(ChiSquare(words, byte) > 150);  // nor too even
  }
}

}  // namespace

TEST_CASE("The unmasked sum is the plain sum, bit for bit (300 random rounds)", "[masking]") {
  REQUIRE(Holds("exact sum", 300, SumIsExact));
}

TEST_CASE("The unmasked sum is the plain sum, bit for bit (10,000 random rounds)",
          "[masking][.slow]") {
  REQUIRE(Holds("exact sum, many", 10'000, SumIsExact));
}

TEST_CASE("Masks added in blocks and on threads are the plain streams", "[masking]") {
  SeededRandom random(3);
  std::vector<crypto::Secret> keys;
  for (int k = 0; k < 3; ++k) {
    keys.push_back(crypto::Secret::OfSize(32));
    random.Fill(keys.back().mutable_bytes());
  }
  for (const size_t size :
       std::vector<size_t>{0, 1, 15, 16, 17, 1023, 1025, 4096, 65'535, 65'537, 200'003}) {
    const std::vector<uint32_t> x = RandomWords(&random, size);
    std::vector<uint32_t> want = x;
    for (const auto& key : keys) AddToRing(StreamWords(key, size), want);
    for (uint32_t threads : {1u, 2u, 3u, 7u}) {
      std::vector<uint32_t> total = x;
      REQUIRE_OK(AddMasks(keys, threads, total));
      REQUIRE(total == want);
    }
  }
}

TEST_CASE("Bad keys and thread counts leave the total alone", "[masking]") {
  std::vector<crypto::Secret> keys;
  keys.push_back(crypto::Secret::OfSize(32));
  std::vector<uint32_t> total(20, 1);
  const auto refused = [&](uint32_t threads) {
    return AddMasks(keys, threads, total).code() == absl::StatusCode::kInvalidArgument;
  };
  CHECK(refused(0));
  CHECK(refused(257));
  keys.push_back(crypto::Secret::OfSize(31));
  CHECK(refused(1));
  CHECK(total == std::vector<uint32_t>(20, 1));
}

TEST_CASE("The digest of words is that of their bytes", "[masking]") {
  SeededRandom random(4);
  for (const size_t size : std::vector<size_t>{0, 16, 4096, 4097, 10'000}) {
    const std::vector<uint32_t> words = RandomWords(&random, size);
    CHECK(DigestOfWords(words) == crypto::Sha256(ToBytes(words)));
  }
}

TEST_CASE("Every coalition of t - 1 scrutineers leaves a mask on every honest node",
          "[masking][attack]") {
  // All m ≤ 5, all t, all coalitions. Taking off every mask that the coalition can compute leaves
  // x plus exactly the stream of the one class that it misses; with that class, x itself.
  const std::vector<uint32_t> x(16, 0xabcd);
  for (uint32_t m = 2; m <= 5; ++m) {
    for (uint32_t t = 2; t <= m; ++t) {
      Federation federation({m, t}, 2, 10 * m + t);
      for (size_t node = 0; node < 2; ++node) {
        const auto masked = federation.maskers[node].Mask(2, x, 1).value();
        for (uint32_t set = 0; set < 1u << m; ++set) {
          if (static_cast<uint32_t>(std::popcount(set)) != t - 1) continue;
          auto [left, missed] = TakeOff(federation, node, set, masked);
          REQUIRE(missed.size() == 1);
          REQUIRE(left != x);  // false failure: 2^-512
          const auto key = federation.RatchetsOf(node, missed)[0].StreamKey(2).value();
          Subtract(StreamWords(key, 16), &left);
          REQUIRE(left == x);
        }
      }
    }
  }
}

TEST_CASE("The coordinator and t - 1 scrutineers learn one sum, of all counted nodes",
          "[masking][attack]") {
  // All m ≤ 5, all t, all coalitions, with every class sum in their hands. Of the 15 sets of four
  // honest nodes only the whole one becomes its plain sum; each smaller one keeps the mask of the
  // class that the coalition misses, whether or not they take that class's sum off it.
  for (uint32_t m = 2; m <= 5; ++m) {
    for (uint32_t t = 2; t <= m; ++t) {
      Federation federation({m, t}, 4, 100 * m + t);
      std::vector<std::vector<uint32_t>> x, y;
      for (uint32_t i = 0; i < 4; ++i) {
        x.emplace_back(16, 0x1000 + i);
        y.push_back(federation.maskers[i].Mask(2, x[i], 1).value());
      }
      for (uint32_t coalition = 0; coalition < 1u << m; ++coalition) {
        if (static_cast<uint32_t>(std::popcount(coalition)) != t - 1) continue;
        for (uint32_t nodes = 1; nodes < 16; ++nodes) {
          std::vector<uint32_t> left(16, 0), plain(16, 0), missing_sum(16, 0);
          for (uint32_t i = 0; i < 4; ++i) {
            const auto [rest, missed] = TakeOff(federation, i, coalition, y[i]);
            const auto key = federation.RatchetsOf(i, missed)[0].StreamKey(2).value();
            AddToRing(StreamWords(key, 16), missing_sum);  // what the class's tally tells
            if ((nodes >> i & 1) == 0) continue;
            AddToRing(rest, left);
            AddToRing(x[i], plain);
          }
          REQUIRE(left != plain);
          Subtract(missing_sum, &left);
          REQUIRE((left == plain) == (nodes == 15));
        }
      }
    }
  }
}

TEST_CASE("Masked words look uniform whatever they hide (false failure below 2e-5)", "[masking]") {
  // 2^18 words of constant vectors; the seed is fixed, so the outcome is, too. P(chi² > 380) =
  // 6.1e-7 and P(chi² < 150) = 2.2e-8 each, below 2e-5 for the 24 of them together.
  const std::vector<uint32_t> seven(1 << 18, 7);
  Federation federation({4, 2}, 2, 77);
  const auto first = federation.maskers[0].Mask(1, seven, 1).value();
  CheckUniform(first);
  CheckUniform(federation.maskers[0].Mask(5, std::vector<uint32_t>(1 << 18, 0), 1).value());
  // Neither another node nor another round repeats a mask: differences are uniform too.
  auto other = federation.maskers[1].Mask(1, seven, 1).value();
  Subtract(first, &other);
  CheckUniform(other);
  auto later = federation.maskers[1].Mask(2, seven, 1).value();
  Subtract(first, &later);
  CheckUniform(later);
  // What each of two scrutineers has left after taking off the masks that it can compute.
  Federation fresh({4, 2}, 1, 78);
  const auto masked = fresh.maskers[0].Mask(2, seven, 1).value();
  for (const uint32_t scrutineer : {0u, 3u}) {
    CheckUniform(TakeOff(fresh, 0, 1u << scrutineer, masked).first);
  }
}

TEST_CASE("The test of uniformity can fail", "[masking]") {
  // Words in which one byte value never stands: chi² is about 1,000 and more.
  SeededRandom random(5);
  std::vector<uint32_t> words = RandomWords(&random, 1 << 18);
  CheckUniform(words);
  for (uint32_t& word : words) word ^= (word & 255) == 17 ? 1 : 0;
  CHECK(ChiSquare(words, 0) > 380);
}

}  // namespace mutual::aggregation::masking
