// Vectors that an independent program made: tests/vectors/masking/generate.py.
#include <fstream>
#include <nlohmann/json.hpp>

#include "aggregation/masking/dispute.h"
#include "aggregation/masking/key_holder.h"
#include "aggregation/masking/mask_sum.h"
#include "aggregation/masking/masker.h"
#include "aggregation/masking/tally.h"
#include "aggregation/ring.h"
#include "base/encoding.h"
#include "crypto/prg.h"
#include "tests/aggregation/masking_federation.h"
#include "tests/catch.h"

namespace mutual::aggregation::masking {
namespace {

using nlohmann::json;
using testing::Node;
using Words = std::vector<uint32_t>;

const json& Vectors() {
  static const json kVectors = [] {
    std::ifstream file(MUTUAL_SOURCE_DIR "/tests/vectors/masking/masking.json");
    return json::parse(file);
  }();
  return kVectors;
}

std::string Raw(const json& hex) { return HexDecode(hex.get<std::string>()).value(); }
Digest DigestOf(const json& hex) { return Digest::FromHex(hex.get<std::string>()).value(); }
PublicKey KeyOf(const json& hex) {
  PublicKey key{};
  const std::string raw = Raw(hex);
  std::copy(raw.begin(), raw.end(), key.begin());
  return key;
}

KeyWindow WindowOf(const json& federation) {
  KeyWindow window{Vectors()["origin"],
                   DigestOf(Vectors()["study"]),
                   testing::ClassesFor({federation["scrutineers"], federation["threshold"]}),
                   {}};
  for (const json& key : federation["scrutineer_public"]) {
    window.scrutineer_keys.push_back(KeyOf(key));
  }
  return window;
}

// The node's wrappings, each checked against a fresh wrapping with the same ephemeral key.
std::vector<WrappedKey> CheckedWrappings(const KeyWindow& window, const json& node) {
  std::vector<WrappedKey> wrappings;
  for (const json& one : node["wrappings"]) {
    const uint32_t c = one["class"], holder = one["holder"];
    const auto ephemeral =
        crypto::AgreementKey::FromBytes(AsBytes(Raw(one["ephemeral_private"]))).value();
    const auto wrapped = Wrap(AsBytes(Raw(node["keys"][c])), ephemeral,
                              window.Binding(Node(node["node"]), c, holder));
    REQUIRE_OK(wrapped);
    REQUIRE(wrapped->ephemeral == KeyOf(one["ephemeral_public"]));
    REQUIRE(wrapped->ciphertext == Raw(one["ciphertext"]));
    REQUIRE(wrapped->ToDigest() == DigestOf(one["digest"]));
    wrappings.push_back(*wrapped);
  }
  return wrappings;
}

MaskCommitments CommitmentsOf(const KeyWindow& window, const json& node,
                              const std::vector<WrappedKey>& wrappings) {
  MaskCommitments commitments{Node(node["node"]), {}, {}};
  for (uint32_t c = 0; c < window.classes.size(); ++c) {
    commitments.commits.push_back(
        Ratchet::Commit(AsBytes(Raw(node["keys"][c])), window.Ids(commitments.node, c)).value());
    REQUIRE(commitments.commits.back() == DigestOf(node["commits"][c]));
    std::vector<Digest>& row = commitments.wrappings.emplace_back();
    for (const WrappedKey& one : wrappings) {
      if (one.mask_class == c) row.push_back(one.ToDigest());
    }
  }
  return commitments;
}

std::vector<Ratchet> RatchetsOf(const KeyWindow& window, const json& node) {
  std::vector<Ratchet> ratchets;
  for (uint32_t c = 0; c < window.classes.size(); ++c) {
    ratchets.push_back(
        Ratchet::Create(AsBytes(Raw(node["keys"][c])), window.Ids(Node(node["node"]), c)).value());
  }
  return ratchets;
}

}  // namespace

TEST_CASE("Vectors: mask classes", "[masking][vectors]") {
  REQUIRE(Vectors()["classes"].size() == 21);
  for (const json& one : Vectors()["classes"]) {
    const auto classes = testing::ClassesFor({one["scrutineers"], one["threshold"]});
    REQUIRE(classes.size() == one["holders"].size());
    for (uint32_t c = 0; c < classes.size(); ++c)
      REQUIRE(json(classes.Holders(c)) == one["holders"][c]);
  }
}

TEST_CASE("Vectors: commits, wrappings and what holders make of them", "[masking][vectors]") {
  for (const json& federation : Vectors()["federations"]) {
    const KeyWindow window = WindowOf(federation);
    for (const json& node : federation["nodes"]) {
      const std::vector<WrappedKey> wrappings = CheckedWrappings(window, node);
      const MaskCommitments commitments = CommitmentsOf(window, node, wrappings);
      REQUIRE(commitments.ToDigest() == DigestOf(node["masks_digest"]));
      for (uint32_t j = 0; j < window.classes.threshold().scrutineers; ++j) {
        auto key =
            crypto::AgreementKey::FromBytes(AsBytes(Raw(federation["scrutineer_private"][j])));
        const auto received =
            KeyHolder::Create(window, j, *std::move(key))->Receive(commitments, wrappings);
        REQUIRE_OK(received);
        REQUIRE(std::holds_alternative<AcceptedKeys>(*received));
      }
    }
  }
}

TEST_CASE("Vectors: ratchets and stream keys", "[masking][vectors]") {
  for (const json& federation : Vectors()["federations"]) {
    const KeyWindow window = WindowOf(federation);
    const uint64_t round = federation["round"];
    for (const json& node : federation["nodes"]) {
      std::vector<Ratchet> ratchets = RatchetsOf(window, node);
      for (uint32_t c = 0; c < window.classes.size(); ++c) {
        const auto stream_key = ratchets[c].StreamKey(round);
        REQUIRE_OK(stream_key);
        REQUIRE(HexEncode(stream_key->bytes()) == node["stream_keys"][c]);
        if (round > 0) REQUIRE_OK(ratchets[c].ForgetThrough(round - 1));
        const crypto::Secret saved = ratchets[c].Serialize();
        REQUIRE(HexEncode(saved.bytes().last(32)) == node["ratchet"][c]);
      }
    }
  }
}

TEST_CASE("Vectors: masked vectors, class sums, tallies and the sum", "[masking][vectors]") {
  for (const json& federation : Vectors()["federations"]) {
    const KeyWindow window = WindowOf(federation);
    const Words first = federation["nodes"][0]["masked"];
    Words left(first.size(), 0);
    for (const json& node : federation["nodes"]) {
      Masker masker = Masker::Create(window.classes, RatchetsOf(window, node)).value();
      const auto masked = masker.Mask(federation["round"], Words(node["values"]), 1);
      REQUIRE_OK(masked);
      REQUIRE(*masked == Words(node["masked"]));
      AddToRing(*masked, left);
    }
    std::vector<ClassDigest> digests;
    for (uint32_t c = 0; c < window.classes.size(); ++c) {
      std::vector<crypto::Secret> keys;
      for (const json& node : federation["nodes"]) {
        keys.push_back(crypto::Secret::FromBytes(AsBytes(Raw(node["stream_keys"][c]))));
      }
      Words sum(first.size(), 0);
      REQUIRE_OK(AddMasks(keys, 2, sum));
      REQUIRE(sum == Words(federation["class_sums"][c]));
      digests.push_back({c, DigestOfWords(sum)});
      REQUIRE(digests.back().sum == DigestOf(federation["class_digests"][c]));
      for (size_t w = 0; w < left.size(); ++w) left[w] -= sum[w];
    }
    Words want = federation["sum"];
    want.resize(left.size(), 0);
    REQUIRE(left == want);
    for (uint32_t j = 0; j < window.classes.threshold().scrutineers; ++j) {
      TallyMessage message{j,
                           window.study,
                           federation["round"],
                           federation["close_index"],
                           DigestOf(federation["close_entry"]),
                           {}};
      for (uint32_t c : window.classes.ClassesOf(j)) message.classes.push_back(digests[c]);
      REQUIRE(message.ToDigest() == DigestOf(federation["tally_digests"][j]));
    }
  }
}

TEST_CASE("Vectors: a long stream", "[masking][vectors]") {
  const json& one = Vectors()["long_stream"];
  std::vector<crypto::Secret> keys;
  keys.push_back(crypto::Secret::FromBytes(AsBytes(Raw(one["key"]))));
  Words words(one["words"].get<size_t>(), 0);
  REQUIRE_OK(AddMasks(keys, 3, words));
  REQUIRE(words.back() == one["last"]);
  REQUIRE(DigestOfWords(words) == DigestOf(one["digest"]));
}

}  // namespace mutual::aggregation::masking
