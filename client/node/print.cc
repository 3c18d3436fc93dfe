#include "client/node/print.h"

#include <cstdio>

#include "base/status.h"

namespace mutual::client {

void Print(bool as_json, const nlohmann::ordered_json& json, const std::string& sentence) {
  std::printf("%s\n", as_json ? json.dump(2).c_str() : sentence.c_str());
}

int Report(const std::string& program, const absl::Status& status, bool as_json) {
  if (status.ok()) return 0;
  if (as_json) {
    const nlohmann::ordered_json json = {
        {"error", {{"code", ErrorCode(status)}, {"message", std::string(status.message())}}}};
    const auto replace = nlohmann::ordered_json::error_handler_t::replace;
    std::fprintf(stderr, "%s\n", json.dump(2, ' ', false, replace).c_str());
  } else {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), Describe(status).c_str());
  }
  return 1;
}

}  // namespace mutual::client
