#include "bench/shamir.h"

namespace mutual::bench {
namespace {

constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;
constexpr size_t kLimbBytes = 7;

uint64_t Reduce(uint64_t value) {
  value = (value & kPrime) + (value >> 61);
  return value >= kPrime ? value - kPrime : value;
}
uint64_t Add(uint64_t a, uint64_t b) { return Reduce(a + b); }
uint64_t Subtract(uint64_t a, uint64_t b) { return Reduce(a + kPrime - b); }
uint64_t Multiply(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return Reduce(Reduce(static_cast<uint64_t>(product & kPrime)) +
                static_cast<uint64_t>(product >> 61));
}
uint64_t Invert(uint64_t a) {  // a^(p − 2), Fermat
  uint64_t result = 1;
  for (uint64_t bits = kPrime - 2; bits > 0; bits >>= 1) {
    if ((bits & 1) != 0) result = Multiply(result, a);
    a = Multiply(a, a);
  }
  return result;
}

ShareValue LimbsOf(const SharedSecret& secret) {
  ShareValue limbs{};
  for (size_t i = 0; i < secret.size(); ++i) {
    limbs[i / kLimbBytes] |= uint64_t{secret[i]} << (8 * (i % kLimbBytes));
  }
  return limbs;
}

}  // namespace

std::vector<ShareValue> Split(const SharedSecret& secret, uint32_t threshold, uint32_t count,
                              crypto::RandomSource& random) {
  std::vector<ShareValue> coefficients(threshold);
  coefficients[0] = LimbsOf(secret);
  for (uint32_t k = 1; k < threshold; ++k) {
    for (uint64_t& limb : coefficients[k]) limb = Reduce(random.NextUint64());
  }
  std::vector<ShareValue> shares(count, ShareValue{});
  for (uint32_t i = 0; i < count; ++i) {
    for (uint32_t k = threshold; k-- > 0;) {  // Horner
      for (size_t limb = 0; limb < shares[i].size(); ++limb) {
        shares[i][limb] = Add(Multiply(shares[i][limb], i + 1), coefficients[k][limb]);
      }
    }
  }
  return shares;
}

Combiner::Combiner(std::span<const uint32_t> points) {
  for (const uint32_t i : points) {
    uint64_t above = 1, below = 1;
    for (const uint32_t j : points) {
      if (j == i) continue;
      above = Multiply(above, j);
      below = Multiply(below, Subtract(j, i));
    }
    weights_.push_back(Multiply(above, Invert(below)));
  }
}

SharedSecret Combiner::Combine(std::span<const ShareValue> shares) const {
  ShareValue limbs{};
  for (size_t i = 0; i < weights_.size(); ++i) {
    for (size_t limb = 0; limb < limbs.size(); ++limb) {
      limbs[limb] = Add(limbs[limb], Multiply(weights_[i], shares[i][limb]));
    }
  }
  SharedSecret secret{};
  for (size_t i = 0; i < secret.size(); ++i) {
    secret[i] = static_cast<uint8_t>(limbs[i / kLimbBytes] >> (8 * (i % kLimbBytes)));
  }
  return secret;
}

}  // namespace mutual::bench
