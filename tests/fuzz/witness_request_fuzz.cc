#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/promise.h"
#include "transparency/witness_request.h"

namespace mutual::transparency {
namespace {

void Check(std::string_view bytes) {
  const absl::StatusOr<AddCheckpointRequest> request = ParseAddCheckpoint(bytes);
  if (!request.ok()) return;
  fuzz::Promise(PrintAddCheckpoint(*request) == bytes, "a request prints as itself");
  fuzz::Promise(request->proof.size() <= kMaxConsistencyHashes, "a proof is bounded");
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
