#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "tests/fuzz/promise.h"
#include "transparency/entry_value.h"

namespace mutual::transparency {
namespace {

void Check(std::string_view bytes) {
  const absl::StatusOr<TreeHead> head = ParseHead(bytes);
  if (head.ok()) fuzz::Promise(PrintHead(*head) == bytes, "a head prints as itself");
  const absl::StatusOr<ClassHash> commit = ParseClassHash(bytes);
  if (commit.ok()) fuzz::Promise(PrintClassHash(*commit) == bytes, "a class hash prints as itself");
  const absl::StatusOr<SealedHash> sealed = ParseSealedHash(bytes);
  if (sealed.ok())
    fuzz::Promise(PrintSealedHash(*sealed) == bytes, "a sealed hash prints as itself");
  const absl::StatusOr<Digest> study = ParseStudy(bytes);
  if (study.ok()) fuzz::Promise(PrintStudy(*study) == bytes, "a study prints as itself");
  const absl::StatusOr<absl::Time> time = ParseTime(bytes);
  if (time.ok()) fuzz::Promise(FormatUtc(*time) == bytes, "a time prints as itself");
  for (int kind = 0; kind <= static_cast<int>(ValueKind::kSealedHash); ++kind) {
    const bool good = CheckValue(static_cast<ValueKind>(kind), bytes).ok();
    fuzz::Promise(!good || CheckValue(ValueKind::kText, bytes).ok(), "every value is a text");
  }
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
