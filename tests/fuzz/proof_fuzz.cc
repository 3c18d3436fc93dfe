#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/promise.h"
#include "tests/transparency/vector.h"
#include "transparency/proof.h"

namespace mutual::transparency {
namespace {

const Policy& VectorPolicy() {
  static const Policy policy =
      *Policy::Parse("log " + std::string(testing::kLogVkey) + "\nquorum none\n");
  return policy;
}

void Check(std::string_view bytes) {
  const absl::StatusOr<Proof> proof = ParseProof(bytes);
  if (!proof.ok()) return;
  fuzz::Promise(PrintProof(*proof) == bytes, "a proof prints as itself");
  fuzz::Promise(proof->hashes.size() <= kMaxProofHashes, "a proof has at most 63 hashes");
  if (!VerifyReceipt(*proof, VectorPolicy()).ok()) return;
  // The log of the published vector has three entries and no others.
  const std::string entries[] = {"alpha", "beta", "gamma"};
  fuzz::Promise(proof->index < 3 && *proof->entry == entries[proof->index], "no forgery");
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
