#include "bench/wire.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>

namespace mutual::bench {
namespace {

// The port at the other end of socket `file`, 0 when it is no connected TCP socket.
uint16_t PeerPort(int file) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getpeername(file, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return 0;
}

}  // namespace

WireBytes BytesToPort(uint16_t port) {
  WireBytes total;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int file = std::atoi(entry.path().filename().c_str());
    if (PeerPort(file) != port) continue;
    tcp_info info{};
    socklen_t size = sizeof(info);
    if (::getsockopt(file, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) continue;
    if (size < offsetof(tcp_info, tcpi_bytes_received) + sizeof(info.tcpi_bytes_received)) continue;
    total.sent += info.tcpi_bytes_acked;
    total.received += info.tcpi_bytes_received;
    ++total.connections;
  }
  return total;
}

}  // namespace mutual::bench
