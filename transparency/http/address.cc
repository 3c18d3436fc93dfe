#include "transparency/http/address.h"

#include "base/encoding.h"
#include "base/status.h"

namespace mutual::transparency {

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  ListenAddress address;
  if (colon != std::string_view::npos) {
    address.host = text.substr(0, colon);
    const absl::StatusOr<uint64_t> port = ParseUint64(text.substr(colon + 1));
    const bool has_brackets =
        address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
    if (has_brackets) address.host = address.host.substr(1, address.host.size() - 2);
    const bool is_host = !address.host.empty() &&
                         (has_brackets || address.host.find_first_of(":[]") == std::string::npos);
    if (is_host && port.ok() && *port <= 65535) {
      address.port = static_cast<int>(*port);
      return address;
    }
  }
  return InvalidArgument("\"%s\" is no address to listen on, want HOST:PORT such as 0.0.0.0:8080",
                         text.substr(0, 80));
}

absl::StatusOr<WebAddress> ParseWebAddress(std::string_view url) {
  const std::string text(url);
  const size_t host = text.find("://") == std::string::npos ? 0 : text.find("://") + 3;
  const std::string scheme = text.substr(0, host);
  if (scheme != "http://" && scheme != "https://") {
    return InvalidArgument("%s: want http:// or https://", text.substr(0, 80));
  }
  const size_t slash = text.find('/', host);
  WebAddress address{text.substr(0, slash), slash == std::string::npos ? "/" : text.substr(slash)};
  if (address.server.size() == host) return InvalidArgument("%s names no host", text.substr(0, 80));
  if (address.prefix.back() != '/') address.prefix += '/';
  return address;
}

}  // namespace mutual::transparency
