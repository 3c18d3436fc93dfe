#include "tools/simulate/seeded_stream.h"

#include <algorithm>
#include <string>

#include "base/encoding.h"
#include "crypto/digest.h"

namespace mutual::simulate {
namespace {

// Keys a generator; used while it is made and not afterwards.
class FixedKey final : public crypto::RandomSource {
 public:
  FixedKey(uint64_t seed, std::string_view name) {
    std::string text = "mutual/simulation\n";
    PutUint64BigEndian(seed, &text);
    text += name;
    key_ = crypto::Sha256(text);
  }
  void Fill(std::span<uint8_t> out) override {
    for (size_t i = 0; i < out.size(); ++i) out[i] = key_.bytes[i % key_.bytes.size()];
  }

 private:
  Digest key_;
};

crypto::FastRandom StreamOf(FixedKey&& key) { return crypto::FastRandom(key); }

}  // namespace

SeededStream::SeededStream(uint64_t seed, std::string_view name)
    : random_(StreamOf(FixedKey(seed, name))) {}

uint64_t SeedFor(uint64_t seed, std::string_view name) {
  return SeededStream(seed, name).NextUint64();
}

}  // namespace mutual::simulate
