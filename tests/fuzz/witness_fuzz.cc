#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/promise.h"
#include "tests/transparency/vector.h"
#include "transparency/merkle.h"
#include "transparency/witness.h"

namespace mutual::transparency {
namespace {

class FixedClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1700000000); }
};

class MemoryStore final : public WitnessStore {
 public:
  absl::StatusOr<std::string> Load(const std::string&) override { return record; }
  absl::StatusOr<bool> CompareAndSwap(const std::string&, const std::string& expected,
                                      const std::string& desired) override {
    if (record != expected) return false;
    record = desired;
    return true;
  }
  std::string record;
};

void Check(std::string_view bytes) {
  static const FixedClock clock;
  MemoryStore store;
  Witness::Options options{*CosignatureSigner::Create("witness", testing::KeyOf("fuzz")),
                           {testing::LogVerifier()},
                           &store,
                           &clock};
  const std::unique_ptr<Witness> witness = *Witness::Create(std::move(options));
  const WitnessAnswer answer = witness->AddCheckpoint(bytes);
  const int code = answer.code;
  fuzz::Promise(
      code == 200 || code == 400 || code == 403 || code == 404 || code == 409 || code == 422,
      "a status code of the protocol");
  fuzz::Promise((code == 200) == !store.record.empty(), "cosigned exactly when stored");
  if (code == 200) fuzz::Promise(ParseSignatureLines(answer.body).ok(), "signature lines only");
  (void)witness->GetCheckpoint(bytes);
}

}  // namespace
}  // namespace mutual::transparency

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::transparency::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
