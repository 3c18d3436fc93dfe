#include "tools/simulate/scratch_folder.h"

#include <unistd.h>

#include <atomic>
#include <string>

#include "base/status.h"

namespace mutual::simulate {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kEnough = uint64_t{1} << 30;

fs::path ParentOf(const fs::path& wanted) {
  if (!wanted.empty()) return wanted;
  const fs::path memory = "/dev/shm";
  std::error_code error;
  const fs::space_info space = fs::space(memory, error);
  const bool fits = !error && space.available >= kEnough && ::access(memory.c_str(), W_OK) == 0;
  return fits ? memory : fs::temp_directory_path(error);
}

}  // namespace

absl::StatusOr<ScratchFolder> ScratchFolder::Create(const fs::path& parent) {
  static std::atomic<int> made = 0;
  const fs::path path = ParentOf(parent) / ("mutual-simulate." + std::to_string(::getpid()) + "." +
                                            std::to_string(++made));
  std::error_code error;
  if (!fs::create_directories(path, error)) {
    return Unavailable("cannot create %s; choose another folder with --scratch", path.string());
  }
  fs::permissions(path, fs::perms::owner_all, error);
  return ScratchFolder(path);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace mutual::simulate
