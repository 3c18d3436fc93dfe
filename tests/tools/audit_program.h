// Runs the built mutual-audit.
#pragma once

#include <stdio.h>
#include <sys/wait.h>

#include <array>
#include <filesystem>
#include <string>

namespace mutual::audit::testing {

struct Ran {
  int code = -1;
  std::string output;  // stdout and stderr
};

// In `folder`, with arguments as a shell reads them.
inline Ran RunAudit(const std::filesystem::path& folder, const std::string& arguments) {
  const std::string command = "cd '" + folder.string() +
                              "' && '" MUTUAL_BINARY_DIR "/bin/mutual-audit' " + arguments +
                              " 2>&1";
  Ran ran;
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> block;
  while (const size_t size = ::fread(block.data(), 1, block.size(), pipe)) {
    ran.output.append(block.data(), size);
  }
  const int status = ::pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return ran;
}

}  // namespace mutual::audit::testing
