// Bytes under a path, for readers that open files.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "tests/fuzz/promise.h"

namespace mutual::fuzz {

class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : file_(::memfd_create("input", 0)) {
    Promise(file_ >= 0 &&
                ::write(file_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
            "memory holds a file");
  }
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  static const char* folder() { return "/proc/self/fd"; }
  std::string name() const { return std::to_string(file_); }
  std::string path() const { return std::string(folder()) + "/" + name(); }

 private:
  const int file_;
};

}  // namespace mutual::fuzz
