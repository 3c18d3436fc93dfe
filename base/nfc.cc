#include "base/nfc.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "base/nfc_table.h"
#include "base/utf8.h"

namespace mutual {
namespace {

// Hangul syllables are composed by arithmetic (Unicode 3.12).
constexpr char32_t kSyllables = 0xac00, kLeading = 0x1100, kVowels = 0x1161, kTrailing = 0x11a7;
constexpr char32_t kVowelCount = 21, kTrailingCount = 28, kSyllableCount = 11172,
                   kLeadingCount = 19;

template <size_t kSize>
uint8_t ValueIn(const unicode::Range (&ranges)[kSize], char32_t c) {
  const auto* range =
      std::upper_bound(std::begin(ranges), std::end(ranges), c,
                       [](char32_t x, const unicode::Range& r) { return x < r.first; });
  if (range == std::begin(ranges)) return 0;
  --range;
  return c <= range->last ? range->value : uint8_t{0};
}

uint8_t CombiningClass(char32_t c) { return ValueIn(unicode::kCombining, c); }

const unicode::Composition* DecompositionOf(char32_t c) {
  static const std::map<char32_t, const unicode::Composition*> kByComposed = [] {
    std::map<char32_t, const unicode::Composition*> map;
    for (const unicode::Composition& one : unicode::kCompositions) map[one.composed] = &one;
    return map;
  }();
  const auto found = kByComposed.find(c);
  return found == kByComposed.end() ? nullptr : found->second;
}

void Decompose(char32_t c, std::u32string* out) {
  if (c >= kSyllables && c < kSyllables + kSyllableCount) {
    const char32_t at = c - kSyllables, trailing = at % kTrailingCount;
    out->push_back(kLeading + at / (kVowelCount * kTrailingCount));
    out->push_back(kVowels + at % (kVowelCount * kTrailingCount) / kTrailingCount);
    if (trailing != 0) out->push_back(kTrailing + trailing);
    return;
  }
  if (const unicode::Composition* pair = DecompositionOf(c)) {
    Decompose(pair->first, out);
    out->push_back(pair->second);  // never decomposes further in a primary composite
    return;
  }
  out->push_back(c);
}

// 0 when the two do not compose.
char32_t Compose(char32_t first, char32_t second) {
  if (first >= kLeading && first < kLeading + kLeadingCount && second >= kVowels &&
      second < kVowels + kVowelCount) {
    return kSyllables + ((first - kLeading) * kVowelCount + second - kVowels) * kTrailingCount;
  }
  const bool is_pair = first >= kSyllables && first < kSyllables + kSyllableCount &&
                       (first - kSyllables) % kTrailingCount == 0;
  if (is_pair && second > kTrailing && second < kTrailing + kTrailingCount) {
    return first + second - kTrailing;
  }
  const unicode::Composition wanted{first, second, 0};
  const auto* found =
      std::lower_bound(std::begin(unicode::kCompositions), std::end(unicode::kCompositions), wanted,
                       [](const unicode::Composition& a, const unicode::Composition& b) {
                         return a.first != b.first ? a.first < b.first : a.second < b.second;
                       });
  const bool same =
      found != std::end(unicode::kCompositions) && found->first == first && found->second == second;
  return same ? found->composed : 0;
}

// Sorts every run of combining characters by class, keeping the order of equals.
void Order(std::u32string* text) {
  auto begin = text->begin();
  while (begin != text->end()) {
    if (CombiningClass(*begin) == 0) {
      ++begin;
      continue;
    }
    const auto end =
        std::find_if(begin, text->end(), [](char32_t c) { return CombiningClass(c) == 0; });
    std::stable_sort(begin, end,
                     [](char32_t a, char32_t b) { return CombiningClass(a) < CombiningClass(b); });
    begin = end;
  }
}

std::u32string ComposeAll(const std::u32string& text) {
  std::u32string out;
  size_t starter = std::u32string::npos;
  uint8_t last_class = 0;
  for (const char32_t c : text) {
    const uint8_t own_class = CombiningClass(c);
    const bool adjacent = starter != std::u32string::npos && starter + 1 == out.size();
    const bool blocked = !adjacent && last_class >= own_class;
    if (starter != std::u32string::npos && !blocked) {
      if (const char32_t composed = Compose(out[starter], c)) {
        out[starter] = composed;
        continue;
      }
    }
    if (own_class == 0) starter = out.size();
    last_class = own_class;
    out.push_back(c);
  }
  return out;
}

}  // namespace

bool IsNfc(std::string_view text) {
  const auto is_ascii = [](char c) { return static_cast<uint8_t>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return true;
  std::u32string points, decomposed;
  bool simple = true;
  while (!text.empty()) {
    const std::optional<char32_t> c = NextCodePoint(text);
    if (!c.has_value() || ValueIn(unicode::kExcluded, *c) != 0) return false;
    simple = simple && *c < 0x300;
    points.push_back(*c);
  }
  if (simple) return true;
  for (const char32_t c : points) Decompose(c, &decomposed);
  Order(&decomposed);
  return ComposeAll(decomposed) == points;
}

}  // namespace mutual
