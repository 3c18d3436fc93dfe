// Bytes on the wire, as the kernel counts them.
#pragma once

#include <cstdint>

namespace mutual::bench {

// TCP payload of connections: TLS records, HTTP/2 frames and all that is in them, without TCP and
// IP headers.
struct WireBytes {
  uint64_t sent = 0;  // acknowledged by the other end
  uint64_t received = 0;
  int connections = 0;
};

// Sums TCP_INFO over this process's connections to `port`. Bytes of closed connections are not in
// it: take the difference of two calls while the connections stay open.
WireBytes BytesToPort(uint16_t port);

}  // namespace mutual::bench
