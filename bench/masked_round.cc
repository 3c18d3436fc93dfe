#include "bench/masked_round.h"

#include <algorithm>
#include <string>
#include <vector>

#include "aggregation/masking/key_holder.h"
#include "aggregation/masking/keyring.h"
#include "aggregation/masking/mask_sum.h"
#include "aggregation/masking/masker.h"
#include "aggregation/masking/node_keys.h"
#include "aggregation/ring.h"
#include "base/status.h"
#include "bench/core_clock.h"
#include "crypto/digest.h"

namespace mutual::bench {
namespace {

namespace masking = aggregation::masking;
using Words = std::vector<uint32_t>;
constexpr uint64_t kRound = 1;

double Since(double begin) { return CoreSeconds() - begin; }

Words ValuesOf(uint32_t node, size_t count) {
  Words values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<uint32_t>(i * (2 * node + 1));
  return values;
}

class Round {
 public:
  Round(const MaskedShape& shape, masking::KeyWindow window)
      : shape_(shape),
        survivors_(shape.nodes - shape.dropped),
        window_(std::move(window)),
        keyrings_(shape.threshold.scrutineers) {}

  absl::StatusOr<MaskedCost> Run() {
    MUTUAL_RETURN_IF_ERROR(Join());
    const uint32_t maskers =
        shape_.most_maskers == 0 ? survivors_ : std::min(survivors_, shape_.most_maskers);
    total_.assign(shape_.values, 0);
    for (uint32_t u = 0; u < maskers; ++u) MUTUAL_RETURN_IF_ERROR(Mask(u));
    cost_.mask /= maskers;
    cost_.coordinator *= static_cast<double>(survivors_) / maskers;
    sums_.resize(window_.classes.size());
    for (uint32_t j = 0; j < keyrings_.size(); ++j) MUTUAL_RETURN_IF_ERROR(Sum(j));
    cost_.scrutineer /= static_cast<double>(keyrings_.size());
    TakeOff();
    if (maskers == survivors_) {
      Words wanted(shape_.values, 0);
      for (uint32_t u = 0; u < survivors_; ++u) {
        aggregation::AddToRing(ValuesOf(u, shape_.values), wanted);
      }
      if (wanted != total_) return Internal("the masks do not cancel");
      cost_.is_exact = true;
    }
    return cost_;
  }

 private:
  void MakeKeys() {
    for (uint32_t j = 0; j < shape_.threshold.scrutineers; ++j) {
      keys_.push_back(crypto::AgreementKey::Generate(random_));
      window_.scrutineer_keys.push_back(keys_.back().public_key());
    }
  }

  absl::Status Join() {
    MakeKeys();
    std::vector<masking::KeyHolder> holders;
    for (uint32_t j = 0; j < keys_.size(); ++j) {
      MUTUAL_ASSIGN_OR_RETURN(auto holder,
                              masking::KeyHolder::Create(window_, j, std::move(keys_[j])));
      holders.push_back(std::move(holder));
    }
    for (uint32_t u = 0; u < shape_.nodes; ++u) {
      MUTUAL_ASSIGN_OR_RETURN(const NodeId node, NodeId::Parse("node-" + std::to_string(u)));
      const auto begin = CoreSeconds();
      MUTUAL_ASSIGN_OR_RETURN(const auto drawn, masking::NodeKeys::Draw(node, window_, random_));
      MUTUAL_ASSIGN_OR_RETURN(std::vector<masking::Ratchet> ratchets, drawn.Ratchets());
      cost_.share += Since(begin) / shape_.nodes;
      MUTUAL_ASSIGN_OR_RETURN(auto masker,
                              masking::Masker::Create(window_.classes, std::move(ratchets)));
      maskers_.push_back(std::move(masker));
      if (u < survivors_) names_.push_back(node);
      for (uint32_t j = 0; j < holders.size(); ++j) {
        MUTUAL_ASSIGN_OR_RETURN(auto received,
                                holders[j].Receive(drawn.commitments(), drawn.wrapped()));
        MUTUAL_RETURN_IF_ERROR(
            keyrings_[j].Add(std::move(std::get<masking::AcceptedKeys>(received).ratchets)));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Mask(uint32_t u) {
    const Words values = ValuesOf(u, shape_.values);
    auto begin = CoreSeconds();
    MUTUAL_ASSIGN_OR_RETURN(const Words y, maskers_[u].Mask(kRound, values, 1));
    cost_.mask += Since(begin);
    begin = CoreSeconds();
    aggregation::AddToRing(y, total_);
    cost_.coordinator += Since(begin);
    return absl::OkStatus();
  }

  absl::Status Sum(uint32_t j) {
    const auto begin = CoreSeconds();
    for (const uint32_t c : window_.classes.ClassesOf(j)) {
      MUTUAL_ASSIGN_OR_RETURN(const auto streams, keyrings_[j].StreamKeys(kRound, c, names_));
      Words sum(shape_.values, 0);
      MUTUAL_RETURN_IF_ERROR(masking::AddMasks(streams, 1, sum));
      if (masking::DigestOfWords(sum) == Digest{}) return Internal("no digest");
      if (sums_[c].empty()) sums_[c] = std::move(sum);
    }
    cost_.scrutineer += Since(begin);
    return absl::OkStatus();
  }

  void TakeOff() {
    const auto begin = CoreSeconds();
    for (const Words& sum : sums_) {
      (void)masking::DigestOfWords(sum);  // compared with the agreed one
      for (size_t i = 0; i < total_.size(); ++i) total_[i] -= sum[i];
    }
    cost_.coordinator += Since(begin);
  }

  const MaskedShape shape_;
  const uint32_t survivors_;
  crypto::SystemRandom random_;
  masking::KeyWindow window_;
  std::vector<crypto::AgreementKey> keys_;
  std::vector<masking::Masker> maskers_;
  std::vector<masking::Keyring> keyrings_;
  std::vector<NodeId> names_;  // of survivors
  std::vector<Words> sums_;    // by class
  Words total_;
  MaskedCost cost_;
};

}  // namespace

absl::StatusOr<MaskedCost> RunMaskedRound(const MaskedShape& shape) {
  if (shape.dropped >= shape.nodes || shape.values < masking::kMinWords) {
    return InvalidArgument(
        "%u nodes of whom %u drop out and %d values, want some left and 16 values", shape.nodes,
        shape.dropped, shape.values);
  }
  MUTUAL_ASSIGN_OR_RETURN(masking::MaskClasses classes,
                          masking::MaskClasses::Create(shape.threshold));
  return Round(shape, {"bench.example/log", crypto::Sha256("bench"), std::move(classes), {}}).Run();
}

}  // namespace mutual::bench
