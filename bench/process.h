// A program run beside the benchmark, its output in a file.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mutual::bench {

// The folder of the running program, where the other programs are.
std::string ProgramFolder();

// One running program; stopped with SIGTERM on destruction. Not thread-safe.
class Process {
 public:
  // Starts `arguments[0]`; standard output and error go to `output`. UNAVAILABLE when it cannot be
  // started.
  static absl::StatusOr<Process> Start(std::vector<std::string> arguments,
                                       const std::string& output);
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();
  // Waits for the end. INTERNAL with its output unless it exits with 0.
  absl::Status Wait();
  // Waits until its output holds `text`. UNAVAILABLE with the output when it ends first or 20 s
  // pass.
  absl::Status WaitFor(const std::string& text);
  // Largest resident memory so far, bytes (VmHWM of /proc/PID/status); 0 when unknown.
  uint64_t PeakMemory() const;
  // Processor time of all its threads so far, seconds, to 0.01.
  double CpuSeconds() const;

 private:
  Process(pid_t pid, std::string output) : pid_(pid), output_(std::move(output)) {}
  std::string Output() const;
  pid_t pid_;
  std::string output_;
};

}  // namespace mutual::bench
