#include "study/words.h"

#include <algorithm>
#include <cstdint>

namespace mutual::study {
namespace {

uint64_t Fnv1a(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

}  // namespace

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_capital = byte >= 'A' && byte <= 'Z';
    const bool belongs =
        is_capital || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80;
    if (belongs) {
      words.back() += is_capital ? static_cast<char>(byte + 32) : c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::vector<double> WordIndexes(const Column& column, std::string_view text) {
  std::vector<double> indexes;
  for (const std::string& word : WordsOf(text)) {
    if (indexes.size() == static_cast<size_t>(column.words)) break;
    if (column.buckets > 0) {
      indexes.push_back(
          static_cast<double>(1 + Fnv1a(word) % static_cast<uint64_t>(column.buckets)));
      continue;
    }
    const auto found = std::find(column.vocabulary.begin(), column.vocabulary.end(), word);
    if (found != column.vocabulary.end()) {
      indexes.push_back(static_cast<double>(1 + (found - column.vocabulary.begin())));
    }
  }
  indexes.insert(indexes.begin(), static_cast<size_t>(column.words) - indexes.size(), 0.0);
  return indexes;
}

}  // namespace mutual::study
