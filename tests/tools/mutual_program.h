// Runs the built program `mutual`.
#pragma once

#include <stdio.h>
#include <sys/wait.h>

#include <string>

namespace mutual::testing {

struct Output {
  int status = -1;
  std::string text;  // stdout and stderr
};

inline Output RunMutual(const std::string& arguments) {
  const std::string command = std::string("'") + MUTUAL_PROGRAM + "' " + arguments + " 2>&1";
  Output output;
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  char block[4096];
  for (size_t size; (size = ::fread(block, 1, sizeof block, pipe)) > 0;) {
    output.text.append(block, size);
  }
  const int status = ::pclose(pipe);
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

}  // namespace mutual::testing
