// A coordinator at work, put together: state, log, core, servers.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace mutual::coordinator {

struct ServeOptions {
  std::filesystem::path folder;                  // of the federation
  std::filesystem::path log_folder;              // in place of folder/log/public; may be empty
  std::function<void(const std::string&)> say;  // one line for the operator, from any thread
};

// Runs until `interrupted`. Errors of the parts; a log that has stopped ends it too.
absl::Status Serve(const ServeOptions& options, const std::atomic<bool>& interrupted);

}  // namespace mutual::coordinator
