#include "bench/pairwise_round.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/status.h"
#include "bench/core_clock.h"
#include "bench/shamir.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/key_agreement.h"
#include "crypto/prg.h"
#include "crypto/random.h"

namespace mutual::bench {
namespace {

using Words = std::vector<uint32_t>;
constexpr std::array<uint8_t, 12> kNonce{};  // a key seals one message

double Since(double begin) { return CoreSeconds() - begin; }

// What a node keeps, and what it sealed for each peer: its two shares.
struct Node {
  std::unique_ptr<crypto::AgreementKey> sealing, masking;
  SharedSecret seed{};
  std::vector<std::string> sealed;  // by peer
  std::array<ShareValue, 2> own_shares{};
};

Words ValuesOf(uint32_t node, size_t count) {
  Words values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<uint32_t>(i * (2 * node + 1));
  return values;
}

absl::StatusOr<crypto::Secret> KeyBetween(const crypto::AgreementKey& own,
                                          const std::array<uint8_t, 32>& peer,
                                          std::string_view label) {
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret agreed, own.Agree(peer));
  return crypto::HkdfSha256(agreed.bytes(), {}, label, 32);
}

absl::Status AddStream(std::span<const uint8_t> key, bool negative, Words* total) {
  MUTUAL_ASSIGN_OR_RETURN(const auto stream, crypto::KeyStream::Create(key));
  if (!negative) {
    stream->AddWords(*total);
    return absl::OkStatus();
  }
  // −(−t + s) = t − s, in one pass each; blocks that stay in the cache.
  for (size_t at = 0; at < total->size(); at += 4096) {
    const auto block = std::span(*total).subspan(at, std::min<size_t>(4096, total->size() - at));
    for (uint32_t& word : block) word = 0U - word;
    stream->AddWords(block);
    for (uint32_t& word : block) word = 0U - word;
  }
  return absl::OkStatus();
}

// Something done `wanted` times, of which `made` were timed.
struct Repeated {
  uint64_t wanted = 0, made = 0;
  double seconds = 0;
  double all() const {
    return made == 0 ? 0 : seconds * static_cast<double>(wanted) / static_cast<double>(made);
  }
};

class Round {
 public:
  explicit Round(const PairwiseShape& shape)
      : shape_(shape), survivors_(shape.nodes - shape.dropped), nodes_(shape.nodes) {}

  absl::StatusOr<PairwiseCost> Run() {
    Advertise();
    Repeated share{shape_.nodes};
    for (uint32_t u = 0; u < shape_.nodes; ++u) {
      if (!IsShared(u)) continue;
      const auto begin = CoreSeconds();
      MUTUAL_RETURN_IF_ERROR(Share(u));
      share.seconds += Since(begin);
      ++share.made;
    }
    cost_.share = share.all() / shape_.nodes;
    total_.assign(shape_.values, 0);
    adding_.wanted = survivors_;
    for (uint32_t u = 0; u < survivors_ && WantsMore(adding_); ++u) {
      MUTUAL_RETURN_IF_ERROR(Mask(u));
    }
    cost_.mask /= static_cast<double>(adding_.made);
    MUTUAL_RETURN_IF_ERROR(Unmask());
    cost_.unmask += adding_.all() + combined_.all() + seeds_.all() + pairs_.all();
    cost_.expansions = seeds_.wanted + pairs_.wanted;
    cost_.expansions_made = seeds_.made + pairs_.made;
    if (shape_.sample == 0) MUTUAL_RETURN_IF_ERROR(CheckSum());
    cost_.is_exact = shape_.sample == 0;
    return cost_;
  }

 private:
  bool IsShared(uint32_t u) const { return shape_.sample == 0 || u == 0 || u + 1 == shape_.nodes; }
  bool WantsMore(const Repeated& one) const {
    return shape_.sample == 0 || one.made < shape_.sample;
  }

  void Advertise() {
    for (Node& node : nodes_) {
      node.sealing =
          std::make_unique<crypto::AgreementKey>(crypto::AgreementKey::Generate(random_));
      node.masking =
          std::make_unique<crypto::AgreementKey>(crypto::AgreementKey::Generate(random_));
      random_.Fill(node.seed);
    }
  }

  absl::Status Share(uint32_t u) {
    Node& node = nodes_[u];
    SharedSecret key{};
    std::copy_n(node.masking->private_key().bytes().begin(), key.size(), key.begin());
    const auto seeds = Split(node.seed, shape_.threshold, shape_.nodes, random_);
    const auto keys = Split(key, shape_.threshold, shape_.nodes, random_);
    node.own_shares = {seeds[u], keys[u]};
    node.sealed.resize(shape_.nodes);
    for (uint32_t v = 0; v < shape_.nodes; ++v) {
      if (v == u) continue;
      std::string shares;
      for (const ShareValue* const one : {&seeds[v], &keys[v]}) {
        for (const uint64_t limb : *one) PutUint64BigEndian(limb, &shares);
      }
      MUTUAL_ASSIGN_OR_RETURN(
          const crypto::Secret sealing,
          KeyBetween(*node.sealing, nodes_[v].sealing->public_key(), u < v ? "seal" : "seal back"));
      MUTUAL_ASSIGN_OR_RETURN(node.sealed[v],
                              crypto::Seal(sealing.bytes(), kNonce, AsBytes(shares), ""));
    }
    return absl::OkStatus();
  }

  absl::Status Mask(uint32_t u) {
    Words y = ValuesOf(u, shape_.values);
    const auto begin = CoreSeconds();
    MUTUAL_RETURN_IF_ERROR(AddStream(nodes_[u].seed, false, &y));
    for (uint32_t v = 0; v < shape_.nodes; ++v) {
      if (v == u) continue;
      MUTUAL_ASSIGN_OR_RETURN(
          const crypto::Secret key,
          KeyBetween(*nodes_[u].masking, nodes_[v].masking->public_key(), "mask"));
      MUTUAL_RETURN_IF_ERROR(AddStream(key.bytes(), v > u, &y));
    }
    cost_.mask += Since(begin);
    const auto adding = CoreSeconds();
    aggregation::AddToRing(y, total_);
    adding_.seconds += Since(adding);  // the server's part
    ++adding_.made;
    return absl::OkStatus();
  }

  // The share of node u's seed or mask key that v opens for the server.
  absl::StatusOr<ShareValue> OpenShare(uint32_t u, uint32_t v, size_t which) {
    if (u == v) return nodes_[u].own_shares[which];
    MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret sealing,
                            KeyBetween(*nodes_[v].sealing, nodes_[u].sealing->public_key(),
                                       u < v ? "seal" : "seal back"));
    MUTUAL_ASSIGN_OR_RETURN(
        const crypto::Secret opened,
        crypto::Open(sealing.bytes(), kNonce, AsBytes(nodes_[u].sealed[v]), ""));
    ShareValue value{};
    for (size_t limb = 0; limb < value.size(); ++limb) {
      value[limb] =
          GetUint64BigEndian(opened.bytes().subspan(8 * (which * value.size() + limb)).first<8>());
    }
    return value;
  }

  // From the first `threshold` survivors. Opening is the nodes' work, not counted.
  absl::StatusOr<SharedSecret> Recover(uint32_t u, size_t which) {
    std::vector<ShareValue> shares;
    for (uint32_t v = 0; v < shape_.threshold; ++v) {
      MUTUAL_ASSIGN_OR_RETURN(shares.emplace_back(), OpenShare(u, v, which));
    }
    const auto begin = CoreSeconds();
    const SharedSecret secret = combiner_->Combine(shares);
    combined_.seconds += Since(begin);
    ++combined_.made;
    return secret;
  }

  void MakeCombiner() {
    std::vector<uint32_t> points(shape_.threshold);
    for (uint32_t v = 0; v < shape_.threshold; ++v) points[v] = v + 1;
    const auto begin = CoreSeconds();
    combiner_ = std::make_unique<Combiner>(points);
    cost_.unmask += Since(begin);
    combined_.wanted = shape_.nodes;
  }

  absl::Status TakeOffSeed(uint32_t u) {
    ++seeds_.wanted;
    SharedSecret seed = nodes_[u].seed;
    if (IsShared(u)) {
      MUTUAL_ASSIGN_OR_RETURN(seed, Recover(u, 0));
    }
    if (!WantsMore(seeds_)) return absl::OkStatus();
    const auto begin = CoreSeconds();
    MUTUAL_RETURN_IF_ERROR(AddStream(seed, true, &total_));
    seeds_.seconds += Since(begin);
    ++seeds_.made;
    return absl::OkStatus();
  }

  // What every survivor v added for the pair: with a minus if u is above it.
  absl::Status TakeOffPairs(uint32_t u) {
    pairs_.wanted += survivors_;
    SharedSecret secret{};
    std::copy_n(nodes_[u].masking->private_key().bytes().begin(), secret.size(), secret.begin());
    if (IsShared(u)) {
      MUTUAL_ASSIGN_OR_RETURN(secret, Recover(u, 1));
    }
    MUTUAL_ASSIGN_OR_RETURN(const auto masking, crypto::AgreementKey::FromBytes(secret));
    for (uint32_t v = 0; v < survivors_ && WantsMore(pairs_); ++v) {
      const auto begin = CoreSeconds();
      MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret key,
                              KeyBetween(masking, nodes_[v].masking->public_key(), "mask"));
      MUTUAL_RETURN_IF_ERROR(AddStream(key.bytes(), u < v, &total_));
      pairs_.seconds += Since(begin);
      ++pairs_.made;
    }
    return absl::OkStatus();
  }

  absl::Status Unmask() {
    MakeCombiner();
    for (uint32_t u = 0; u < survivors_; ++u) MUTUAL_RETURN_IF_ERROR(TakeOffSeed(u));
    for (uint32_t u = survivors_; u < shape_.nodes; ++u) MUTUAL_RETURN_IF_ERROR(TakeOffPairs(u));
    return absl::OkStatus();
  }

  absl::Status CheckSum() const {
    Words wanted(shape_.values, 0);
    for (uint32_t u = 0; u < survivors_; ++u) {
      aggregation::AddToRing(ValuesOf(u, shape_.values), wanted);
    }
    return wanted == total_ ? absl::OkStatus() : Internal("the pairwise masks do not cancel");
  }

  const PairwiseShape shape_;
  const uint32_t survivors_;
  crypto::SystemRandom system_;
  crypto::FastRandom random_{system_};
  std::vector<Node> nodes_;
  Words total_;
  PairwiseCost cost_;
  Repeated adding_, combined_, seeds_, pairs_;
  std::unique_ptr<Combiner> combiner_;
};

}  // namespace

absl::StatusOr<PairwiseCost> RunPairwiseRound(const PairwiseShape& shape) {
  if (shape.dropped >= shape.nodes || shape.threshold == 0 || shape.values == 0 ||
      shape.threshold > shape.nodes - shape.dropped) {
    return InvalidArgument("%u nodes of whom %u drop out cannot reach %u shares", shape.nodes,
                           shape.dropped, shape.threshold);
  }
  return Round(shape).Run();
}

}  // namespace mutual::bench
