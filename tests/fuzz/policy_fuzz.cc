#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/promise.h"
#include "tests/transparency/vector.h"
#include "transparency/policy.h"

namespace mutual::transparency {
namespace {

void Check(std::string_view bytes) {
  const absl::StatusOr<Policy> policy = Policy::Parse(bytes);
  if (!policy.ok()) return;
  const absl::StatusOr<Policy> again = Policy::Parse(policy->ToText());
  fuzz::Promise(again.ok() && *again == *policy, "a policy reads from its own text");
  fuzz::Promise(again->ToText() == policy->ToText(), "a printed policy prints as itself");
  fuzz::Promise(policy->LeastOverlap() <= policy->witnesses().size(),
                "no more overlap than witnesses");
  const absl::StatusOr<Evaluation> evaluation = policy->Evaluate(testing::VectorCheckpoint());
  if (!evaluation.ok()) return;
  fuzz::Promise(evaluation->cosigned_by.size() <= 1, "one witness signed");
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
