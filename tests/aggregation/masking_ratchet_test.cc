#include <algorithm>
#include <set>

#include "aggregation/masking/mask_sum.h"
#include "aggregation/masking/ratchet.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "tests/aggregation/masking_federation.h"
#include "tests/catch.h"

namespace mutual::aggregation::masking {
namespace {

using testing::Federation;
using testing::Node;

const std::vector<uint8_t> kKey(32, 7);
MaskIds Ids() { return {"fed.example/audit", crypto::Sha256("s"), Node("north"), 2}; }
Ratchet Fresh() { return Ratchet::Create(kKey, Ids()).value(); }
std::string StreamHex(const Ratchet& ratchet, uint64_t round) {
  return HexEncode(ratchet.StreamKey(round).value().bytes());
}
bool Contains(std::span<const uint8_t> text, std::span<const uint8_t> part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end()) != text.end();
}

}  // namespace

TEST_CASE("A ratchet serves later rounds and never an earlier one", "[masking]") {
  Ratchet ratchet = Fresh();
  const std::string five = StreamHex(ratchet, 5), six = StreamHex(ratchet, 6);
  CHECK(five != six);
  REQUIRE_OK(ratchet.ForgetThrough(5));
  CHECK(ratchet.round() == 6);
  CHECK(StreamHex(ratchet, 6) == six);
  const auto gone = ratchet.StreamKey(5);
  CHECK(gone.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(ErrorCode(gone.status()) == "ROUND_PASSED");
  CHECK_THAT(std::string(gone.status().message()), ContainsSubstring("round 5 are erased"));
  REQUIRE_OK(ratchet.ForgetThrough(3));  // changes nothing
  CHECK(ratchet.round() == 6);
}

TEST_CASE("Rounds skipped one by one or at once give the same keys", "[masking]") {
  Ratchet stepped = Fresh(), leaped = Fresh();
  for (uint64_t r = 0; r < 20; ++r) REQUIRE_OK(stepped.ForgetThrough(r));
  REQUIRE_OK(leaped.ForgetThrough(19));
  CHECK(stepped.Serialize().Equals(leaped.Serialize().bytes()));
}

TEST_CASE("A made-up round number does not stall a ratchet", "[masking]") {
  Ratchet ratchet = Fresh();
  for (uint64_t round : {uint64_t{1} << 40, ~uint64_t{0}}) {
    CHECK(ErrorCode(ratchet.StreamKey(round).status()) == "ROUND_TOO_FAR");
    CHECK(ErrorCode(ratchet.ForgetThrough(round)) == "ROUND_TOO_FAR");
  }
  CHECK(ratchet.StreamKey(~uint64_t{0}).status().code() == absl::StatusCode::kOutOfRange);
  CHECK(ratchet.round() == 0);
}

TEST_CASE("State stolen after round r holds nothing of the rounds before", "[masking][attack]") {
  Ratchet victim = Fresh();
  REQUIRE_OK(victim.ForgetThrough(1));
  std::vector<crypto::Secret> old_states;  // k_0, k_1, k_2
  for (uint64_t r = 0; r < 3; ++r) {
    Ratchet at = Fresh();
    if (r > 0) REQUIRE_OK(at.ForgetThrough(r - 1));
    const crypto::Secret saved = at.Serialize();
    old_states.push_back(crypto::Secret::FromBytes(saved.bytes().last(32)));
  }
  const crypto::Secret stolen = victim.Serialize();
  CHECK_FALSE(Contains(stolen.bytes(), old_states[0].bytes()));
  CHECK_FALSE(Contains(stolen.bytes(), old_states[1].bytes()));
  CHECK(Contains(stolen.bytes(), old_states[2].bytes()));  // the search itself works
  for (uint64_t r = 0; r < 2; ++r) {
    CHECK_FALSE(Contains(stolen.bytes(), Fresh().StreamKey(r).value().bytes()));
    CHECK_FALSE(Ratchet::Parse(stolen.bytes()).value().StreamKey(r).ok());
  }
  // Lowering the saved round number gives other keys, not the old ones.
  std::vector<uint8_t> forged(stolen.bytes().begin(), stolen.bytes().end());
  forged[forged.size() - 33] = 0;
  const auto rewound = Ratchet::Parse(forged);
  REQUIRE_OK(rewound);
  REQUIRE(rewound->round() == 0);
  for (uint64_t r = 0; r < 2; ++r) CHECK(StreamHex(*rewound, r) != StreamHex(Fresh(), r));
}

TEST_CASE("Commit, stream key and next key are three derivations", "[masking][attack]") {
  // The commit is public. If the stream key of round 0 were derived as the commit is, everyone
  // could unmask; if the ratchet were, everyone could follow it.
  const auto commit = Ratchet::Commit(kKey, Ids()).value();
  Ratchet ratchet = Fresh();
  const std::string next = [&] {
    Ratchet one = Fresh();
    (void)one.ForgetThrough(0);
    const crypto::Secret saved = one.Serialize();
    return HexEncode(saved.bytes().last(32));
  }();
  CHECK(commit.ToHex() != StreamHex(ratchet, 0));
  CHECK(commit.ToHex() != next);
  CHECK(StreamHex(ratchet, 0) != next);
  // Nor do the public commit, or one round's stream key, lead on when used as a key.
  for (const std::string& leak : {commit.ToHex(), StreamHex(ratchet, 0)}) {
    const Ratchet attacker = Ratchet::Create(AsBytes(HexDecode(leak).value()), Ids()).value();
    for (uint64_t r = 0; r < 4; ++r) {
      CHECK(StreamHex(attacker, r) != StreamHex(ratchet, r));
      CHECK(StreamHex(attacker, r) != StreamHex(ratchet, r + 1));
    }
  }
}

TEST_CASE("No two derivations share a label", "[masking][attack]") {
  const std::set<std::string_view> labels = {kCommitLabel,  kRoundLabel, kRatchetLabel, kWrapLabel,
                                             kWrappedLabel, kMasksLabel, kTallyLabel};
  CHECK(labels.size() == 7);
}

TEST_CASE("Every identifier changes every derivation", "[masking]") {
  std::vector<MaskIds> others(4, Ids());
  others[0].origin = "fed.example/audi";
  others[1].study = crypto::Sha256("t");
  others[2].node = Node("north-1");
  others[3].mask_class = 3;
  for (const MaskIds& other : others) {
    const Ratchet there = Ratchet::Create(kKey, other).value();
    CHECK(StreamHex(there, 0) != StreamHex(Fresh(), 0));
    CHECK(StreamHex(there, 1) != StreamHex(Fresh(), 1));
    CHECK(Ratchet::Commit(kKey, other).value() != Ratchet::Commit(kKey, Ids()).value());
  }
  MaskIds left = Ids(), right = Ids();  // lengths keep fields apart
  left.origin = "a";
  left.node = Node("bc");
  right.origin = "ab";
  right.node = Node("c");
  CHECK(left.Info("x") != right.Info("x"));
}

TEST_CASE("Saved ratchets come back, damaged ones are refused", "[masking]") {
  Ratchet ratchet = Fresh();
  REQUIRE_OK(ratchet.ForgetThrough(41));
  const crypto::Secret saved = ratchet.Serialize();
  const auto back = Ratchet::Parse(saved.bytes());
  REQUIRE_OK(back);
  CHECK(back->ids() == Ids());
  CHECK(back->round() == 42);
  CHECK(StreamHex(*back, 44) == StreamHex(ratchet, 44));
  for (size_t size = 0; size < saved.size(); ++size) {
    const auto cut = Ratchet::Parse(saved.bytes().first(size));
    REQUIRE(cut.status().code() == absl::StatusCode::kDataLoss);
    REQUIRE(ErrorCode(cut.status()) == "MASK_STATE_CORRUPT");
  }
  std::vector<uint8_t> longer(saved.bytes().begin(), saved.bytes().end());
  longer.push_back(0);
  CHECK_FALSE(Ratchet::Parse(longer).ok());
  CHECK_FALSE(Ratchet::Create(std::span(kKey).first(31), Ids()).ok());
}

TEST_CASE("A node never masks two vectors for one round", "[masking][attack]") {
  Federation federation({4, 2}, 1, 1);
  Masker& masker = federation.maskers[0];
  const std::vector<uint32_t> x(20, 5), other(20, 6);
  REQUIRE_OK(masker.Mask(3, x, 1));
  for (uint64_t round : {3u, 2u, 0u}) {
    const auto again = masker.Mask(round, other, 1);
    CHECK(again.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK(ErrorCode(again.status()) == "ROUND_PASSED");
  }
  CHECK(masker.round() == 4);
  // Nor after a restart from the bytes that were stored with the contribution.
  auto restarted = Masker::Parse(federation.classes, masker.Serialize().bytes());
  REQUIRE_OK(restarted);
  CHECK(ErrorCode(restarted->Mask(3, other, 1).status()) == "ROUND_PASSED");
  REQUIRE_OK(restarted->Mask(4, other, 1));
  REQUIRE_OK(masker.Skip(6));
  CHECK(ErrorCode(masker.Mask(6, x, 1).status()) == "ROUND_PASSED");
}

TEST_CASE("A refused vector leaves the masker as it was", "[masking]") {
  Federation federation({4, 2}, 1, 1);
  Masker& masker = federation.maskers[0];
  const std::vector<uint32_t> x(20, 5);
  CHECK(masker.Mask(0, {}, 1).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(masker.Mask(0, x, 0).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(ErrorCode(masker.Mask(uint64_t{1} << 50, x, 1).status()) == "ROUND_TOO_FAR");
  CHECK(masker.round() == 0);
  REQUIRE_OK(masker.Mask(0, x, 1));
}

TEST_CASE("A masker wants the keys of every class of one node", "[masking]") {
  Federation federation({4, 2}, 2, 1);
  const auto refused = [&](std::vector<Ratchet> ratchets) {
    return Masker::Create(federation.classes, std::move(ratchets)).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  CHECK(refused({}));
  CHECK(refused(federation.RatchetsOf(0, {0, 1, 2})));
  CHECK(refused(federation.RatchetsOf(0, {0, 1, 3, 2})));
  std::vector<Ratchet> mixed = federation.RatchetsOf(0, {0, 1, 2});
  mixed.push_back(std::move(federation.RatchetsOf(1, {3})[0]));
  CHECK(refused(std::move(mixed)));
  std::vector<Ratchet> uneven = federation.RatchetsOf(0, {0, 1, 2, 3});
  REQUIRE_OK(uneven[2].ForgetThrough(0));
  CHECK(refused(std::move(uneven)));
  CHECK(ErrorCode(Masker::Parse(federation.classes, kKey).status()) == "MASK_STATE_CORRUPT");
}

TEST_CASE("A keyring keeps confirmed keys and says which are missing", "[masking]") {
  Federation federation({4, 2}, 2, 1);
  Keyring& keyring = federation.keyrings[0];
  CHECK(keyring.size() == 6);
  CHECK(keyring.Add(federation.RatchetsOf(0, {1})).code() == absl::StatusCode::kAlreadyExists);
  Federation elsewhere({4, 2}, 1, 2);
  elsewhere.origin = "fed.example/other";
  CHECK(keyring.Add(elsewhere.RatchetsOf(0, {1})).code() == absl::StatusCode::kInvalidArgument);
  const std::vector<NodeId> nodes = {federation.nodes[1], federation.nodes[0]};
  const auto keys = keyring.StreamKeys(2, 1, nodes);
  REQUIRE_OK(keys);
  CHECK(keys->size() == 2);
  CHECK(ErrorCode(keyring.StreamKeys(2, 0, nodes).status()) == "MASK_KEY_MISSING");
  REQUIRE_OK(keyring.ForgetThrough(2));
  CHECK(ErrorCode(keyring.StreamKeys(2, 1, nodes).status()) == "ROUND_PASSED");
  const crypto::Secret saved = keyring.Serialize();
  CHECK(Keyring::Parse(saved.bytes()).value().Serialize().Equals(saved.bytes()));
  CHECK(ErrorCode(Keyring::Parse(saved.bytes().first(99)).status()) == "MASK_STATE_CORRUPT");
  keyring.Drop(federation.nodes[0]);
  CHECK(keyring.size() == 3);
  CHECK(ErrorCode(keyring.StreamKeys(3, 1, nodes).status()) == "MASK_KEY_MISSING");
}

}  // namespace mutual::aggregation::masking
