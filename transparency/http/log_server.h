// A log's files over HTTP, as C2SP tlog-tiles lays them out: `/checkpoint` and `/tile/...`.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "transparency/http/http_listener.h"

namespace mutual::transparency {

// The answer to a GET of `path`. Only the checkpoint and paths that are those of a tile in its one
// spelling are looked for in `folder`: 404 for everything else and for what is not there, 500 when
// the disk fails. Thread-safe.
HttpAnswer AnswerFromLog(const std::filesystem::path& folder, const HttpRequest& request);

// Serves the log in `folder` at `address`. Errors as of HttpListener::Start.
absl::StatusOr<std::unique_ptr<HttpListener>> ServeLog(const std::string& address,
                                                       const std::filesystem::path& folder);

}  // namespace mutual::transparency
