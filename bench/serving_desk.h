// A member's masks at work: draws its keys and, when it is a scrutineer, confirms and tallies.
#pragma once

#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "client/scrutineer/mask_desk.h"
#include "crypto/random.h"

namespace mutual::bench {

// Serves in a thread from its making until its end. Not thread-safe.
class ServingDesk {
 public:
  // `home`, `trust` and `masks` outlive it.
  static absl::StatusOr<std::unique_ptr<ServingDesk>> Start(const client::Home& home,
                                                            client::Trust* trust,
                                                            client::MaskKeys* masks);
  ~ServingDesk();

 private:
  ServingDesk() = default;

  SystemClock clock_;
  crypto::SystemRandom random_;
  std::unique_ptr<client::Ledger> ledger_;
  std::unique_ptr<client::ReadingRoom> room_;
  std::unique_ptr<client::MaskDesk> desk_;
  std::thread thread_;
};

}  // namespace mutual::bench
