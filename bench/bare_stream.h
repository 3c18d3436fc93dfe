// The yardstick of ingest: the same messages over gRPC without TLS, read and dropped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace mutual::bench {

// A server that receives upload streams, checks nothing and keeps nothing. Thread-safe.
class BareServer {
 public:
  static absl::StatusOr<std::unique_ptr<BareServer>> Start();
  ~BareServer();
  uint16_t port() const;

 private:
  struct State;
  explicit BareServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A plain connection to it.
class BareChannel {
 public:
  explicit BareChannel(uint16_t port);
  ~BareChannel();
  // Sends the bytes of `file` in the messages that client/channel uses, and waits for the answer.
  absl::Status Send(const std::string& file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mutual::bench
