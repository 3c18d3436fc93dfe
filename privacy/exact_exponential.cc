#include "privacy/exact_exponential.h"

#include <algorithm>
#include <cstddef>

namespace mutual::privacy {
namespace {

bool IsZero(const BinaryFraction& value) {
  return std::all_of(value.begin(), value.end(), [](uint64_t limb) { return limb == 0; });
}

// value = floor(value / divisor) in ulps; divisor < 2^64.
void DivideSmall(uint64_t divisor, BinaryFraction* value) {
  uint64_t remainder = 0;
  for (size_t i = value->size(); i-- > 0;) {
    const Uint128 part = (Uint128{remainder} << 64) | (*value)[i];
    (*value)[i] = static_cast<uint64_t>(part / divisor);
    remainder = static_cast<uint64_t>(part % divisor);
  }
}

// total −= less, or 0 when less > total.
void SubtractTowardsZero(const BinaryFraction& less, BinaryFraction* total) {
  if (Compare(*total, less) < 0) {
    std::fill(total->begin(), total->end(), 0);
    return;
  }
  uint64_t borrow = 0;
  for (size_t i = 0; i < total->size(); ++i) {
    const Uint128 taken = Uint128{less[i]} + borrow;
    borrow = taken > (*total)[i] ? 1 : 0;
    (*total)[i] = static_cast<uint64_t>((*total)[i] - taken);
  }
}

BinaryFraction Ulps(uint64_t count, size_t words) {
  BinaryFraction value(words + 1, 0);
  value[0] = count;
  return value;
}

BinaryFraction One(size_t words) {
  BinaryFraction value(words + 1, 0);
  value[words] = 1;
  return value;
}

// floor(a·b) in ulps, for a, b <= 1.
BinaryFraction Multiply(const BinaryFraction& a, const BinaryFraction& b) {
  const size_t size = a.size();
  std::vector<uint64_t> product(2 * size, 0);
  for (size_t i = 0; i < size; ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < size; ++j) {
      const Uint128 sum = Uint128{a[i]} * b[j] + product[i + j] + carry;
      product[i + j] = static_cast<uint64_t>(sum);
      carry = static_cast<uint64_t>(sum >> 64);
    }
    product[i + size] = carry;
  }
  const auto first = product.begin() + static_cast<std::ptrdiff_t>(size - 1);
  return BinaryFraction(first, first + static_cast<std::ptrdiff_t>(size));
}

// exp(−f) for f = numerator/denominator in [0, 1] by its alternating series. The k-th computed
// term c_k = floor(floor(c_{k−1}·n/d)/k) is below the true one by e_k < 3 ulp: e_0 = 0 and
// e_k <= e_{k−1}/k + 1/k + 1. We stop at K where c_K = 0, so the true term K, and with it the
// rest of the alternating series, is below 3 ulp. Total error below 3K + 3 <= 4(K + 1) ulp.
FractionInterval ExpMinusFraction(uint64_t numerator, uint64_t denominator, size_t words) {
  BinaryFraction plus = One(words), minus(words + 1, 0), term = One(words);
  uint64_t k = 1;
  for (; !IsZero(term); ++k) {
    MultiplySmall(numerator, &term);
    DivideSmall(denominator, &term);
    DivideSmall(k, &term);
    Add(term, k % 2 == 1 ? &minus : &plus);
  }
  SubtractTowardsZero(minus, &plus);
  FractionInterval result{plus, plus};
  SubtractTowardsZero(Ulps(4 * (k + 1), words), &result.low);
  Add(Ulps(4 * (k + 1), words), &result.high);
  if (Compare(result.high, One(words)) > 0) result.high = One(words);
  return result;
}

}  // namespace

void Add(const BinaryFraction& more, BinaryFraction* total) {
  uint64_t carry = 0;
  for (size_t i = 0; i < total->size(); ++i) {
    const Uint128 sum = Uint128{(*total)[i]} + more[i] + carry;
    (*total)[i] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> 64);
  }
}

void MultiplySmall(uint64_t factor, BinaryFraction* value) {
  uint64_t carry = 0;
  for (uint64_t& limb : *value) {
    const Uint128 product = Uint128{limb} * factor + carry;
    limb = static_cast<uint64_t>(product);
    carry = static_cast<uint64_t>(product >> 64);
  }
}

int Compare(const BinaryFraction& a, const BinaryFraction& b) {
  for (size_t i = a.size(); i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

FractionInterval ExpMinus(Uint128 numerator, uint64_t denominator, size_t words) {
  const Uint128 whole = numerator / denominator;
  // e^−whole < 2^(−64·words): between 0 and 1 ulp.
  if (whole >= 64 * words) return {BinaryFraction(words + 1, 0), Ulps(1, words)};
  FractionInterval result =
      ExpMinusFraction(static_cast<uint64_t>(numerator % denominator), denominator, words);
  if (whole == 0) return result;
  const FractionInterval inverse_e = ExpMinusFraction(1, 1, words);
  for (uint64_t i = 0; i < static_cast<uint64_t>(whole); ++i) {
    result.low = Multiply(result.low, inverse_e.low);
    result.high = Multiply(result.high, inverse_e.high);
    Add(Ulps(1, words), &result.high);
  }
  return result;
}

}  // namespace mutual::privacy
