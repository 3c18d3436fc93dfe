// Runs a program of the build with disk_fault preloaded.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace mutual::testing {

// What disk_fault.cc does to the program, and at which call; its head says what the kinds are.
struct Fault {
  std::string kind;
  int at = 0;             // 0 for never
  int power_lost_at = 0;  // after an earlier fault that the program survived; 0 for never
};

struct FaultyProgram {
  std::string name;               // in the build's bin
  std::filesystem::path watched;  // the folder whose calls count
  std::filesystem::path trace;    // gets the calls of a run without fault

  // The exit code of the program, or 128 and the signal that ended it.
  int Run(const std::vector<std::string>& arguments, const Fault& fault) const {
    const pid_t child = ::fork();
    if (child == 0) Execute(arguments, fault);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  // How often each call was made, "fsync-folder" apart from "fsync".
  std::map<std::string, int> Calls() const {
    std::map<std::string, int> calls;
    std::ifstream file(trace);
    std::string call, path;
    while (file >> call >> path) ++calls[call];
    return calls;
  }

 private:
  [[noreturn]] void Execute(const std::vector<std::string>& arguments, const Fault& fault) const {
    const std::string bin = std::string(MUTUAL_BINARY_DIR) + "/bin/" + name;
    const std::string library = std::string(MUTUAL_BINARY_DIR) + "/lib/libdisk_fault.so";
    ::setenv("LD_PRELOAD", library.c_str(), 1);
    ::setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
    // To look for a report's folder, sanitizers would call the library before they can bear it.
    ::unsetenv("TSAN_OPTIONS");
    ::unsetenv("UBSAN_OPTIONS");
    ::setenv("MUTUAL_FAULT_FOLDER", watched.c_str(), 1);
    ::setenv("MUTUAL_FAULT_KIND", fault.kind.c_str(), 1);
    ::setenv("MUTUAL_FAULT_AT", std::to_string(fault.at).c_str(), 1);
    ::setenv("MUTUAL_FAULT_POWER_AT", std::to_string(fault.power_lost_at).c_str(), 1);
    if (fault.at == 0) ::setenv("MUTUAL_FAULT_TRACE", trace.c_str(), 1);
    std::freopen("/dev/null", "w", stderr);
    std::vector<std::string> words = {bin};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    ::execv(bin.c_str(), pointers.data());
    ::_exit(127);
  }
};

}  // namespace mutual::testing
