#include <algorithm>
#include <set>

#include "aggregation/masking/dispute.h"
#include "aggregation/masking/key_holder.h"
#include "aggregation/masking/node_keys.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "tests/aggregation/masking_federation.h"
#include "tests/catch.h"

namespace mutual::aggregation::masking {
namespace {

using mutual::testing::SeededRandom;
using testing::Node;

// Four scrutineers, one node, one join window.
struct Window {
  Window()
      : window{"fed.example/audit", crypto::Sha256("a study"), testing::ClassesFor({4, 2}), {}} {
    for (uint32_t j = 0; j < 4; ++j) {
      private_keys.push_back(crypto::AgreementKey::Generate(random));
      window.scrutineer_keys.push_back(private_keys.back().public_key());
    }
  }
  KeyHolder Holder(uint32_t j) {
    return KeyHolder::Create(
               window, j,
               crypto::AgreementKey::FromBytes(private_keys[j].private_key().bytes()).value())
        .value();
  }
  NodeKeys Draw() { return NodeKeys::Draw(Node("north"), window, random).value(); }

  SeededRandom random{11};
  KeyWindow window;
  std::vector<crypto::AgreementKey> private_keys;
};

KeyDispute DisputeOf(const NodeKeys& keys, uint32_t scrutineer, uint32_t mask_class) {
  return {scrutineer, Node("north"), keys.commitments().ToDigest(), mask_class};
}

// Position in wrapped() of class c's wrapping for holder j.
size_t Position(const NodeKeys& keys, uint32_t c, uint32_t j) {
  const auto& all = keys.wrapped();
  return static_cast<size_t>(
      std::find_if(all.begin(), all.end(),
                   [&](const WrappedKey& one) { return one.mask_class == c && one.holder == j; }) -
      all.begin());
}

}  // namespace

TEST_CASE("Every holder opens its keys, and all holders of a class get the same", "[masking]") {
  Window w;
  const NodeKeys keys = w.Draw();
  const std::vector<Ratchet> mine = keys.Ratchets().value();
  REQUIRE(keys.wrapped().size() == 12);
  for (uint32_t j = 0; j < 4; ++j) {
    const auto received = w.Holder(j).Receive(keys.commitments(), keys.wrapped());
    REQUIRE_OK(received);
    const auto& accepted = std::get<AcceptedKeys>(*received);
    CHECK(accepted.keys_ok == KeysOk{j, Node("north"), keys.commitments().ToDigest()});
    REQUIRE(accepted.ratchets.size() == 3);
    for (const Ratchet& ratchet : accepted.ratchets) {
      const Ratchet& nodes_own = mine[ratchet.ids().mask_class];
      CHECK(ratchet.Serialize().Equals(nodes_own.Serialize().bytes()));
    }
  }
}

TEST_CASE("No ephemeral key is used twice", "[masking]") {
  Window w;
  const NodeKeys keys = w.Draw();
  std::set<PublicKey> seen;
  for (const WrappedKey& one : keys.wrapped()) seen.insert(one.ephemeral);
  CHECK(seen.size() == keys.wrapped().size());
}

TEST_CASE("A wrapping opens only under everything that it is bound to", "[masking]") {
  Window w;
  const std::vector<uint8_t> key(32, 3);
  const auto ephemeral = crypto::AgreementKey::Generate(w.random);
  const WrapBinding bound = w.window.Binding(Node("north"), 1, 2);
  const WrappedKey wrapped = Wrap(key, ephemeral, bound).value();
  const crypto::AgreementKey& holder = w.private_keys[2];
  REQUIRE(Unwrap(wrapped, bound, holder)->Equals(key));
  REQUIRE(UnwrapRevealed(wrapped, bound, ephemeral)->Equals(key));
  std::vector<WrapBinding> others(4, bound);
  others[0].ids.origin += "x";
  others[1].ids.study = crypto::Sha256("other");
  others[2].ids.node = Node("south");
  others[3].holder_key = w.private_keys[1].public_key();
  for (const WrapBinding& other : others) {
    const auto opened = Unwrap(wrapped, other, holder);
    CHECK(opened.status().code() == absl::StatusCode::kDataLoss);
    CHECK(ErrorCode(opened.status()) == "MASK_KEY_MISMATCH");
  }
  WrappedKey moved = wrapped;  // to another class and holder, with a matching binding
  moved.mask_class = 3;
  moved.holder = 1;
  WrapBinding there = bound;
  there.ids.mask_class = 3;
  there.holder = 1;
  CHECK_FALSE(Unwrap(moved, there, holder).ok());
  CHECK(Unwrap(moved, bound, holder).status().code() == absl::StatusCode::kInvalidArgument);
  WrappedKey damaged = wrapped;
  damaged.ciphertext[5] = static_cast<char>(damaged.ciphertext[5] ^ 1);
  CHECK_FALSE(Unwrap(damaged, bound, holder).ok());
  CHECK_FALSE(Wrap(std::span(key).first(31), ephemeral, bound).ok());
  WrapBinding zero = bound;
  zero.holder_key = {};
  CHECK_FALSE(Wrap(key, ephemeral, zero).ok());
}

TEST_CASE("A lost or altered wrapping is asked for again, not disputed", "[masking]") {
  Window w;
  const NodeKeys keys = w.Draw();
  std::vector<WrappedKey> altered = keys.wrapped();
  altered[0].ciphertext[0] = static_cast<char>(altered[0].ciphertext[0] ^ 1);
  const auto received = w.Holder(1).Receive(keys.commitments(), altered);
  CHECK(received.status().code() == absl::StatusCode::kNotFound);
  CHECK(ErrorCode(received.status()) == "MASK_KEY_MISSING");
  CHECK_FALSE(w.Holder(1).Receive(keys.commitments(), {}).ok());
  MaskCommitments short_one = keys.commitments();
  short_one.wrappings[2].pop_back();
  CHECK(w.Holder(1).Receive(short_one, keys.wrapped()).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("A node that commits to another key is disputed and found lying", "[masking][attack]") {
  Window w;
  NodeKeys keys = w.Draw();
  MaskCommitments lying = keys.commitments();
  lying.commits[1].bytes[0] ^= 1;
  const auto received = w.Holder(0).Receive(lying, keys.wrapped());
  REQUIRE_OK(received);
  const auto* dispute = std::get_if<KeyDispute>(&*received);
  REQUIRE(dispute != nullptr);
  CHECK(dispute->mask_class == 1);
  KeyReveal reveal = keys.Reveal(DisputeOf(keys, 0, 1), w.random).value();
  reveal.dispute = *dispute;
  CHECK(JudgeDispute(w.window, lying, reveal).value() == Verdict::kNodeLied);
}

TEST_CASE("A lying scrutineer is found out and cannot exclude an honest node",
          "[masking][attack]") {
  Window w;
  NodeKeys keys = w.Draw();
  const MaskCommitments before = keys.commitments();
  const KeyDispute lie = DisputeOf(keys, 3, 0);
  const KeyReveal reveal = keys.Reveal(lie, w.random).value();
  CHECK(JudgeDispute(w.window, before, reveal).value() == Verdict::kScrutineerLied);
  // The disputed class has a new key, the others keep theirs; the honest holders confirm it, and
  // with the liar excused the node's contribution counts.
  const MaskCommitments after = keys.commitments();
  CHECK(after.commits[0] != before.commits[0]);
  CHECK(after.commits[1] == before.commits[1]);
  testing::Federation federation({4, 2}, 4, 1);
  RoundFacts facts = testing::GoodFacts(federation, 0, 16);
  NodeFacts& north = facts.nodes[0];
  north.masks = after.ToDigest();
  north.keys_ok.clear();
  for (uint32_t j = 0; j < 3; ++j) {
    const auto received = w.Holder(j).Receive(after, keys.wrapped());
    REQUIRE_OK(received);
    north.keys_ok.push_back({600 + j, j, std::get<AcceptedKeys>(*received).keys_ok.masks});
  }
  testing::MemoryRecords records;
  Scrutineer scrutineer = federation.MakeScrutineer(0, &records);
  CHECK(ErrorCode(scrutineer.Answer(facts, 2000, 1).status()) == "KEYS_NOT_CONFIRMED");
  north.excused = {3};
  REQUIRE_OK(scrutineer.Answer(facts, 2000, 1));
}

TEST_CASE("A reveal gives away one wrapping only, and that key is never used", "[masking]") {
  Window w;
  NodeKeys keys = w.Draw();
  const std::vector<WrappedKey> before = keys.wrapped();
  const std::vector<Ratchet> old = keys.Ratchets().value();
  const KeyReveal reveal = keys.Reveal(DisputeOf(keys, 1, 3), w.random).value();
  const auto ephemeral = crypto::AgreementKey::FromBytes(reveal.ephemeral.bytes()).value();
  for (const WrappedKey& one : before) {
    const WrapBinding binding = w.window.Binding(Node("north"), one.mask_class, one.holder);
    CHECK(UnwrapRevealed(one, binding, ephemeral).ok() == (one == reveal.wrapped));
  }
  const std::vector<Ratchet> fresh = keys.Ratchets().value();
  for (uint32_t c = 0; c < 4; ++c) {
    CHECK(fresh[c].Serialize().Equals(old[c].Serialize().bytes()) == (c != 3));
  }
}

TEST_CASE("Nothing is revealed for a dispute about something else", "[masking][attack]") {
  Window w;
  NodeKeys keys = w.Draw();
  std::vector<KeyDispute> wrong(4, DisputeOf(keys, 1, 0));
  wrong[0].node = Node("south");
  wrong[1].masks = crypto::Sha256("old masks");
  wrong[2].mask_class = 1;  // scrutineer 1 does not hold class 1
  wrong[3].scrutineer = 9;
  for (const KeyDispute& dispute : wrong) {
    CHECK(keys.Reveal(dispute, w.random).status().code() == absl::StatusCode::kInvalidArgument);
  }
  const KeyDispute once = DisputeOf(keys, 1, 0);
  REQUIRE_OK(keys.Reveal(once, w.random));
  CHECK_FALSE(keys.Reveal(once, w.random).ok());  // the masks that it names are replaced
}

TEST_CASE("A node cannot frame a scrutineer with other evidence than it sent",
          "[masking][attack]") {
  // AES-GCM does not commit to its key: a node may know one ciphertext that opens under two
  // ephemeral keys. The committed digest covers the ephemeral key, so only the delivered one
  // counts.
  Window w;
  NodeKeys keys = w.Draw();
  const MaskCommitments commitments = keys.commitments();
  const KeyReveal honest = keys.Reveal(DisputeOf(keys, 2, 0), w.random).value();
  WrappedKey swapped = honest.wrapped;
  const auto second = crypto::AgreementKey::Generate(w.random);
  swapped.ephemeral = second.public_key();
  CHECK(swapped.ToDigest() != honest.wrapped.ToDigest());
  const KeyReveal framed{honest.dispute, swapped, second.private_key().Clone()};
  CHECK(JudgeDispute(w.window, commitments, framed).value() == Verdict::kNodeLied);
  const KeyReveal other_key{honest.dispute, honest.wrapped, second.private_key().Clone()};
  CHECK(JudgeDispute(w.window, commitments, other_key).value() == Verdict::kNodeLied);
  const KeyReveal no_key{honest.dispute, honest.wrapped, crypto::Secret::OfSize(5)};
  CHECK(JudgeDispute(w.window, commitments, no_key).value() == Verdict::kNodeLied);
  KeyReveal elsewhere{honest.dispute, honest.wrapped, honest.ephemeral.Clone()};
  elsewhere.dispute.masks = crypto::Sha256("others");
  CHECK(JudgeDispute(w.window, commitments, elsewhere).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("A good wrapping shown after a bad one was committed clears nobody",
          "[masking][attack]") {
  // The node sent garbage to scrutineer 1, and reveals a new, correct wrapping of the same key.
  Window w;
  NodeKeys keys = w.Draw();
  MaskCommitments commitments = keys.commitments();
  const KeyReveal honest = keys.Reveal(DisputeOf(keys, 1, 0), w.random).value();
  WrappedKey garbage = honest.wrapped;
  garbage.ciphertext.assign(48, 'x');
  commitments.wrappings[0][0] = garbage.ToDigest();
  const KeyDispute dispute{1, Node("north"), commitments.ToDigest(), 0};
  const KeyReveal late{dispute, honest.wrapped, honest.ephemeral.Clone()};
  CHECK(JudgeDispute(w.window, commitments, late).value() == Verdict::kNodeLied);
}

TEST_CASE("A garbage wrapping is disputed and the node found lying", "[masking][attack]") {
  Window w;
  NodeKeys keys = w.Draw();
  MaskCommitments commitments = keys.commitments();
  std::vector<WrappedKey> sent = keys.wrapped();
  WrappedKey& garbage = sent[Position(keys, 0, 1)];
  garbage.ciphertext.assign(48, 'x');
  commitments.wrappings[0][0] = garbage.ToDigest();
  const auto received = w.Holder(1).Receive(commitments, sent);
  REQUIRE_OK(received);
  const KeyDispute dispute = std::get<KeyDispute>(*received);
  KeyReveal reveal = keys.Reveal(DisputeOf(keys, 1, 0), w.random).value();
  const KeyReveal answer{dispute, garbage, std::move(reveal.ephemeral)};
  CHECK(JudgeDispute(w.window, commitments, answer).value() == Verdict::kNodeLied);
}

TEST_CASE("A scrutineer that published no key is left out, as long as majorities remain",
          "[masking]") {
  Window w;
  w.window.scrutineer_keys[2] = {};
  const NodeKeys keys = w.Draw();
  for (const WrappedKey& one : keys.wrapped()) {
    CHECK(one.ciphertext.empty() == (one.holder == 2));
  }
  for (const uint32_t j : {0u, 1u, 3u}) {
    const auto received = w.Holder(j).Receive(keys.commitments(), keys.wrapped()).value();
    CHECK(std::holds_alternative<AcceptedKeys>(received));
  }
  CHECK_FALSE(NodeKeys(w.Draw()).Reveal(DisputeOf(keys, 2, 0), w.random).ok());
  KeyWindow two = w.window;
  two.scrutineer_keys[0] = {};
  const absl::Status none = NodeKeys::Draw(Node("north"), two, w.random).status();
  CHECK(none.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(none.message()), ContainsSubstring("1 scrutineers present, want 2"));
}

TEST_CASE("A window needs different keys, one for every scrutineer", "[masking]") {
  Window w;
  KeyWindow twice = w.window;
  twice.scrutineer_keys[3] = twice.scrutineer_keys[0];
  CHECK(NodeKeys::Draw(Node("north"), twice, w.random).status().code() ==
        absl::StatusCode::kInvalidArgument);
  KeyWindow three = w.window;
  three.scrutineer_keys.pop_back();
  CHECK_FALSE(NodeKeys::Draw(Node("north"), three, w.random).ok());
  const auto stranger =
      KeyHolder::Create(w.window, 1, crypto::AgreementKey::Generate(w.random)).status();
  CHECK(stranger.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(stranger.message()), ContainsSubstring("scrutineer 1"));
}

}  // namespace mutual::aggregation::masking
