#include "transparency/http/witness_client.h"

#include <httplib.h>

#include <utility>

#include "base/status.h"
#include "crypto/digest.h"
#include "transparency/http/address.h"

namespace mutual::transparency {
namespace {

constexpr size_t kMaxAnswer = size_t{64} << 10;

// Whatever is answered, its body cut off above kMaxAnswer (then UNAVAILABLE).
absl::StatusOr<WitnessAnswer> Send(const std::string& url, httplib::Request request,
                                   absl::Duration patience) {
  MUTUAL_ASSIGN_OR_RETURN(const WebAddress address, ParseWebAddress(url));
  httplib::Client client(address.server);
  if (!client.is_valid()) return InvalidArgument("%s is no URL that can be asked", url);
  const auto seconds = static_cast<time_t>(absl::ToInt64Seconds(patience));
  client.set_connection_timeout(seconds);
  client.set_read_timeout(seconds);
  client.set_write_timeout(seconds);
  WitnessAnswer answer;
  request.path = address.prefix + request.path;
  request.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
    if (answer.body.size() + size > kMaxAnswer) return false;
    answer.body.append(data, size);
    return true;
  };
  const httplib::Result result = client.send(request);
  if (!result) {
    return Unavailable("%s: no answer (%s)", url, httplib::to_string(result.error()));
  }
  answer.code = result->status;
  answer.content_type = result->get_header_value("Content-Type");
  return answer;
}

}  // namespace

absl::StatusOr<WitnessAnswer> PostCheckpoint(const std::string& url, const std::string& body,
                                             absl::Duration patience) {
  httplib::Request request;
  request.method = "POST";
  request.path = "add-checkpoint";
  request.body = body;
  request.set_header("Content-Type", kTextContentType);
  return Send(url, std::move(request), patience);
}

absl::StatusOr<std::string> FetchCosigned(const std::string& url, const std::string& origin,
                                          absl::Duration patience) {
  httplib::Request request;
  request.method = "GET";
  request.path = crypto::Sha256(origin).ToHex() + "/checkpoint";
  MUTUAL_ASSIGN_OR_RETURN(WitnessAnswer answer, Send(url, std::move(request), patience));
  if (answer.code == 200) return std::move(answer.body);
  if (answer.code == 404) return NotFound("%s has cosigned nothing of %s", url, origin);
  return Unavailable("%s answers %d, want 200 or 404", url, answer.code);
}

}  // namespace mutual::transparency
