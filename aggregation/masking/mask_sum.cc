#include "aggregation/masking/mask_sum.h"

#include <algorithm>
#include <cassert>
#include <thread>

#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "crypto/prg.h"

namespace mutual::aggregation::masking {
namespace {

// Words of the total that stay in the second-level cache (256 KiB) while every key passes over
// them. Setting up one key costs about 1 µs, against 30 µs for expanding this many words.
constexpr size_t kBlockWords = 1 << 16;

struct Part {
  size_t first_word = 0;  // position in the whole vector
  std::span<uint32_t> words;
};

void AddPart(std::span<const crypto::Secret> stream_keys, const Part& part) {
  for (size_t at = 0; at < part.words.size(); at += kBlockWords) {
    const size_t take = std::min(kBlockWords, part.words.size() - at);
    for (const crypto::Secret& key : stream_keys) {
      const auto stream = crypto::KeyStream::Create(key.bytes());
      assert(stream.ok());  // sizes are checked before any part begins
      if (part.first_word + at != 0) (*stream)->Seek(4 * (part.first_word + at));
      (*stream)->AddWords(part.words.subspan(at, take));
    }
  }
}

}  // namespace

absl::Status AddMasks(std::span<const crypto::Secret> stream_keys, uint32_t threads,
                      std::span<uint32_t> total) {
  if (threads == 0 || threads > 256) {
    return InvalidArgument("%u threads were asked for, want 1 to 256", threads);
  }
  for (const crypto::Secret& key : stream_keys) {
    if (key.size() != 32) return InvalidArgument("stream key has %d bytes, want 32", key.size());
  }
  // Whole AES blocks and cache lines for each thread, and no thread for fewer than 4096 words.
  const size_t wanted = std::max<size_t>(4096, (total.size() + threads - 1) / threads);
  const size_t part_words = (wanted + 15) / 16 * 16;
  std::vector<std::thread> others;
  for (size_t at = part_words; at < total.size(); at += part_words) {
    const Part part{at, total.subspan(at, std::min(part_words, total.size() - at))};
    others.emplace_back([stream_keys, part] { AddPart(stream_keys, part); });
  }
  AddPart(stream_keys, Part{0, total.first(std::min(part_words, total.size()))});
  for (std::thread& other : others) other.join();
  return absl::OkStatus();
}

Digest DigestOfWords(std::span<const uint32_t> words) {
  // A block at a time: hashing must not copy a large vector.
  constexpr size_t kWords = 4096;
  crypto::Sha256Stream stream;
  for (size_t at = 0; at < words.size(); at += kWords) {
    stream.Update(ToBytes(words.subspan(at, std::min(kWords, words.size() - at))));
  }
  return stream.Finish();
}

}  // namespace mutual::aggregation::masking
