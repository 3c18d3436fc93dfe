// What commands print: a sentence for people, or with --json one object for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"

namespace mutual::client {

// To stdout: `sentence`, or `json` when `as_json`.
void Print(bool as_json, const nlohmann::ordered_json& json, const std::string& sentence);

// The exit code of a command that ended with `status`: 0, or 1 after the error was printed to
// stderr as "program: message [CODE]", or {"error": {"code": …, "message": …}} when `as_json`.
int Report(const std::string& program, const absl::Status& status, bool as_json);

}  // namespace mutual::client
