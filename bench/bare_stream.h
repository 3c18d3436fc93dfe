// The yardstick of ingest: the same messages over gRPC, plain or over TLS, read and dropped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace mutual::bench {

// A server that receives upload streams, checks nothing and keeps nothing. Thread-safe.
class BareServer {
 public:
  // Over TLS with server.key and server.crt of the folder `keys`; plain when it is empty.
  static absl::StatusOr<std::unique_ptr<BareServer>> Start(const std::string& keys);
  ~BareServer();
  uint16_t port() const;

 private:
  struct State;
  explicit BareServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A connection to it.
class BareChannel {
 public:
  // Over TLS when the certificate authority's file `ca` is named.
  BareChannel(uint16_t port, const std::string& ca);
  ~BareChannel();
  // Sends the bytes of `file` in the messages that client/channel uses, and waits for the answer.
  absl::Status Send(const std::string& file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mutual::bench
