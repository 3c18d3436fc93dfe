#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/invitation.h"
#include "tests/fuzz/promise.h"
#include "transparency/http/address.h"

namespace mutual {
namespace {

void Check(std::string_view bytes) {
  const std::string text(bytes);
  const auto invitation = crypto::Invitation::Parse(text);
  if (invitation.ok()) fuzz::Promise(invitation->ToCode() == text, "an invitation is its code");
  const auto listen = transparency::ParseListenAddress(text);
  if (listen.ok()) {
    fuzz::Promise(!listen->host.empty() && listen->port >= 0 && listen->port <= 65535,
                  "an address has a host and a port");
  }
  const auto web = transparency::ParseWebAddress(text);
  if (!web.ok()) return;
  fuzz::Promise(web->prefix.front() == '/' && web->prefix.back() == '/', "a prefix is a folder");
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
