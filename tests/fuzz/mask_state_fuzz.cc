#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aggregation/masking/keyring.h"
#include "aggregation/masking/masker.h"
#include "base/encoding.h"
#include "tests/fuzz/promise.h"

namespace mutual {
namespace {

using namespace aggregation::masking;  // NOLINT: one room

bool IsSame(const crypto::Secret& printed, std::string_view bytes) {
  return AsText(printed.bytes()) == bytes;
}

void Check(std::string_view bytes) {
  const auto ratchet = Ratchet::Parse(AsBytes(bytes));
  if (ratchet.ok()) fuzz::Promise(IsSame(ratchet->Serialize(), bytes), "a ratchet is its bytes");
  const auto ratchets = ParseRatchets(AsBytes(bytes));
  if (ratchets.ok()) {
    fuzz::Promise(IsSame(SerializeRatchets(*ratchets), bytes), "ratchets are their bytes");
  }
  const auto keyring = Keyring::Parse(AsBytes(bytes));
  if (keyring.ok()) fuzz::Promise(keyring->size() <= bytes.size(), "a keyring is of its bytes");
  static const MaskClasses kClasses = *MaskClasses::Create({3, 2});
  const auto masker = Masker::Parse(kClasses, AsBytes(bytes));
  if (masker.ok()) fuzz::Promise(IsSame(masker->Serialize(), bytes), "a masker is its bytes");
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
