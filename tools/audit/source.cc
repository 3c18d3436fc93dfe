#include <httplib.h>

#include <filesystem>
#include <memory>

#include "base/status.h"
#include "tools/audit/source.h"
#include "transparency/entry_bundle.h"
#include "transparency/http/address.h"

namespace mutual::audit {
namespace {

constexpr int kSeconds = 20;

absl::StatusOr<std::string> Get(httplib::Client& client, const std::string& path) {
  std::string body;
  bool too_large = false;
  int code = 0;
  const httplib::Result result = client.Get(
      path.c_str(),
      [&](const httplib::Response& response) {
        code = response.status;
        return code == 200;
      },
      [&](const char* data, size_t size) {
        too_large = body.size() + size > transparency::kMaxBundleSize;
        if (!too_large) body.append(data, size);
        return !too_large;
      });
  if (too_large) return OutOfRange("%s is larger than any file of a log", path);
  if (code == 404 || code == 410) return NotFound("%s is missing there", path);
  if (code != 0 && code != 200) return Unavailable("%s: the server answers %d", path, code);
  if (!result) {
    return Unavailable("%s: no answer (%s); check the address and try again", path,
                       httplib::to_string(result.error()));
  }
  return body;
}

}  // namespace

bool IsUrl(const std::string& source) { return source.find("://") != std::string::npos; }

absl::StatusOr<transparency::Fetch> OpenSource(const std::string& source) {
  if (!IsUrl(source)) {
    std::error_code error;
    if (std::filesystem::is_directory(source, error)) {
      return transparency::FetchFromFolder(source);
    }
    return InvalidArgument("%s is no folder and no URL; name the log's folder or http://…", source);
  }
  MUTUAL_ASSIGN_OR_RETURN(const transparency::WebAddress address,
                          transparency::ParseWebAddress(source));
  const auto client =  // shared with the copies of the fetch
      std::make_shared<httplib::Client>(address.server);
  if (!client->is_valid()) return InvalidArgument("%s is no URL that can be read", source);
  client->set_connection_timeout(kSeconds);
  client->set_read_timeout(kSeconds);
  client->set_keep_alive(true);
  return transparency::Fetch([client, prefix = address.prefix](const std::string& path) {
    return Get(*client, prefix + path);
  });
}

}  // namespace mutual::audit
