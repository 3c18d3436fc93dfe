// Where to listen and whom to ask, as people write it in configuration.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace mutual::transparency {

struct ListenAddress {
  std::string host;  // a name or an address; IPv6 without its brackets
  int port = 0;      // 0: any that is free
};

// INVALID_ARGUMENT unless `text` is HOST:PORT with a port up to 65535; IPv6 is written [::1]:8080.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// http[s]://host[:port][/prefix] in the two parts that a client needs.
struct WebAddress {
  std::string server;  // "https://host:port"
  std::string prefix;  // "/" or "/prefix/"
};

// INVALID_ARGUMENT for another scheme, or without a host.
absl::StatusOr<WebAddress> ParseWebAddress(std::string_view url);

}  // namespace mutual::transparency
