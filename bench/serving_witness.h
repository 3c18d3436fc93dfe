// A member's witness at work: cosigns the log's checkpoints over a connection of its own.
#pragma once

#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "client/node/home.h"
#include "transparency/witness.h"
#include "transparency/witness_store.h"

namespace mutual::bench {

// Cosigns in a thread from its making until its end. Not thread-safe.
class ServingWitness {
 public:
  // `home` is an enrolled node's, whose witness nobody else runs. Errors as of the parts.
  static absl::StatusOr<std::unique_ptr<ServingWitness>> Start(const client::Home& home);
  ~ServingWitness();

 private:
  ServingWitness() = default;
  void Serve();

  SystemClock clock_;
  std::unique_ptr<transparency::FileWitnessStore> store_;
  std::unique_ptr<transparency::Witness> witness_;
  std::unique_ptr<client::Channel> channel_;
  std::thread thread_;
};

}  // namespace mutual::bench
