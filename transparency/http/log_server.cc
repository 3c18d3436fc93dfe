#include "transparency/http/log_server.h"

#include "base/file.h"
#include "base/status.h"
#include "transparency/entry_bundle.h"
#include "transparency/note.h"
#include "transparency/tile.h"
#include "transparency/witness_request.h"

namespace mutual::transparency {
namespace {

constexpr char kShort[] = "public, max-age=2";
constexpr char kForEver[] = "public, max-age=31536000, immutable";
constexpr char kCheckpointPath[] = "/checkpoint";

HttpAnswer Refuse(int code, const char* why) {
  return {code, kTextContentType, kShort, std::string(why) + "\n"};
}

}  // namespace

HttpAnswer AnswerFromLog(const std::filesystem::path& folder, const HttpRequest& request) {
  const bool is_checkpoint = request.path == kCheckpointPath;
  const bool is_tile = !request.path.empty() && request.path.front() == '/' &&
                       ParseTilePath(std::string_view(request.path).substr(1)).ok();
  if (!is_checkpoint && !is_tile) {
    return Refuse(404, "a log has /checkpoint, /tile/L/N and /tile/entries/N");
  }
  absl::StatusOr<std::string> bytes =
      ReadFile(folder / request.path.substr(1), is_checkpoint ? kMaxNoteBytes : kMaxBundleSize);
  if (absl::IsNotFound(bytes.status())) return Refuse(404, "this log has no such file now");
  if (!bytes.ok()) return Refuse(500, "the file cannot be read");
  return is_checkpoint ? HttpAnswer{200, kTextContentType, kShort, *std::move(bytes)}
                       : HttpAnswer{200, "application/octet-stream", kForEver, *std::move(bytes)};
}

absl::StatusOr<std::unique_ptr<HttpListener>> ServeLog(const std::string& address,
                                                       const std::filesystem::path& folder) {
  return HttpListener::Start({address, "", 0, [folder](const HttpRequest& request) {
                                return AnswerFromLog(folder, request);
                              }});
}

}  // namespace mutual::transparency
