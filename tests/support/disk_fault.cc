// A library to preload into a program under test: it counts the program's file system calls below
// one folder and lets one of them fail, or ends the program there.
//
//   MUTUAL_FAULT_FOLDER  the folder; calls on other files pass unseen
//   MUTUAL_FAULT_AT      the number of the call that fails, from 1; 0 for none
//   MUTUAL_FAULT_KIND    "EIO" or "ENOSPC": the call, and no other, returns that error;
//                        "kill": the program is killed before the call;
//                        "power": and what was not synced is lost: the bytes of files without
//                        fsync, and every name made, changed or removed in a folder without one
//   MUTUAL_FAULT_POWER_AT  the number of a later call at which the power is lost; 0 for none
//   MUTUAL_FAULT_TRACE   a file to which one line "<call> <path>" is added for each call
//
// For programs of one thread.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

using Renameat2 = int(int, const char*, int, const char*, unsigned);

std::string Setting(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

// A name that changed in a folder that was not synced since.
struct NameChange {
  std::string folder;
  std::string path;    // as it is now; empty when it was removed
  std::string before;  // where it came from, for a rename
  std::string backup;  // what stood there under the same name, if anything
  bool is_removal = false;
  bool is_exchange = false;  // `path` and `before` have changed places
};

class Disk {
 public:
  static Disk& Get() {
    static Disk& disk = *new Disk;  // outlives everything that calls it
    return disk;
  }

  // Whether calls on `path` are watched.
  bool Watches(const std::string& path) const {
    return !inside_ && !folder_.empty() && (path + "/").rfind(folder_ + "/", 0) == 0;
  }
  // Counts a call; false when it must fail with the errno that is then set.
  bool Passes(const char* call, const std::string& path) {
    ++count_;
    Trace(call, path);
    if (count_ == power_at_) End();
    if (count_ != at_) return true;
    if (kind_ == "kill" || kind_ == "power") End();
    errno = kind_ == "ENOSPC" ? ENOSPC : EIO;
    return false;
  }

  void Opened(int file, const std::string& path) { open_[file] = path; }
  void Closed(int file) { open_.erase(file); }
  std::string PathOf(int file) const {
    const auto found = open_.find(file);
    return found == open_.end() ? "" : found->second;
  }
  void Wrote(const std::string& path) { unsynced_.insert(path); }
  void Synced(const std::string& path) {
    unsynced_.erase(path);
    std::erase_if(changes_, [&](const NameChange& change) { return change.folder == path; });
  }
  void Made(const std::string& path) { changes_.push_back({Parent(path), path, "", "", false}); }
  // Both names stand in one folder.
  void Exchanged(const std::string& from, const std::string& to) {
    const bool is_from = unsynced_.erase(from) > 0;
    const bool is_to = unsynced_.erase(to) > 0;
    if (is_from) unsynced_.insert(to);
    if (is_to) unsynced_.insert(from);
    changes_.push_back({Parent(to), to, from, "", false, true});
  }
  void Renamed(const std::string& from, const std::string& to, const std::string& backup) {
    if (unsynced_.erase(from) > 0) unsynced_.insert(to);
    changes_.push_back({Parent(to), to, from, backup, false});
  }
  void Removed(const std::string& path, const std::string& backup) {
    changes_.push_back({Parent(path), path, "", backup, true});
  }
  // A second name for the bytes at `path` outside the folder, "" when there is nothing.
  std::string Backup(const std::string& path) {
    if (!LosesPower() || !fs::is_regular_file(path)) return "";
    const std::string backup = folder_ + ".backup." + std::to_string(++backup_count_);
    std::error_code ignored;
    fs::create_hard_link(path, backup, ignored);
    return backup;
  }

 private:
  Disk()
      : folder_(Setting("MUTUAL_FAULT_FOLDER")),
        kind_(Setting("MUTUAL_FAULT_KIND")),
        trace_(Setting("MUTUAL_FAULT_TRACE")),
        at_(std::atol(Setting("MUTUAL_FAULT_AT").c_str())),
        power_at_(std::atol(Setting("MUTUAL_FAULT_POWER_AT").c_str())) {}

  bool LosesPower() const { return kind_ == "power" || power_at_ > 0; }

  static std::string Parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

  void Trace(const char* call, const std::string& path) {
    if (trace_.empty()) return;
    inside_ = true;
    if (std::FILE* file = std::fopen(trace_.c_str(), "a")) {
      std::fprintf(file, "%s%s %s\n", call, fs::is_directory(path) ? "-folder" : "", path.c_str());
      std::fclose(file);
    }
    inside_ = false;
  }

  void Undo(const NameChange& change) {
    std::error_code ignored;
    if (change.is_exchange) {
      Real<Renameat2>("renameat2")(AT_FDCWD, change.path.c_str(), AT_FDCWD, change.before.c_str(),
                                   RENAME_EXCHANGE);
    } else if (!change.before.empty()) {
      fs::rename(change.path, change.before, ignored);
    } else if (!change.is_removal) {
      fs::remove_all(change.path, ignored);
    }
    if (!change.backup.empty()) fs::rename(change.backup, change.path, ignored);
  }

  void End() {
    inside_ = true;
    if (LosesPower()) {
      std::error_code ignored;
      for (const std::string& path : unsynced_) fs::resize_file(path, 0, ignored);
      for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) Undo(*change);
    }
    ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }

  std::string folder_, kind_, trace_;
  long at_ = 0;
  long power_at_ = 0;
  long count_ = 0;
  long backup_count_ = 0;
  bool inside_ = false;
  std::map<int, std::string> open_;
  std::set<std::string> unsynced_;
  std::vector<NameChange> changes_;
};

// The path of `name` relative to the open folder `folder`.
std::string PathAt(int folder, const char* name) {
  if (name[0] == '/' || folder == AT_FDCWD) return name;
  char link[64];
  char target[4096];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", folder);
  const ssize_t size = ::readlink(link, target, sizeof(target));
  return size < 0 ? name : std::string(target, static_cast<size_t>(size)) + "/" + name;
}

int Open(const std::string& path, int flags, mode_t mode) {
  Disk& disk = Disk::Get();
  const bool watched = disk.Watches(path);
  if (watched && !disk.Passes("open", path)) return -1;
  const bool is_new = watched && (flags & O_CREAT) != 0 && ::access(path.c_str(), F_OK) != 0;
  static auto* real = Real<int(const char*, int, ...)>("open");
  const int file = real(path.c_str(), flags, mode);
  if (file < 0 || !watched) return file;
  disk.Opened(file, path);
  if (is_new) disk.Made(path);
  if ((flags & O_TRUNC) != 0) disk.Wrote(path);
  return file;
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

int Remove(const std::string& path, const char* call, int (*real)(const char*)) {
  Disk& disk = Disk::Get();
  if (!disk.Watches(path)) return real(path.c_str());
  if (!disk.Passes(call, path)) return -1;
  const std::string backup = disk.Backup(path);
  const int result = real(path.c_str());
  if (result == 0) disk.Removed(path, backup);
  return result;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return Open(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return Open(path, flags, mode);
}

int close(int file) {
  Disk::Get().Closed(file);
  static auto* real = Real<int(int)>("close");
  return real(file);
}

ssize_t read(int file, void* bytes, size_t size) {
  Disk& disk = Disk::Get();
  const std::string path = disk.PathOf(file);
  if (disk.Watches(path) && !disk.Passes("read", path)) return -1;
  static auto* real = Real<ssize_t(int, void*, size_t)>("read");
  return real(file, bytes, size);
}

ssize_t write(int file, const void* bytes, size_t size) {
  Disk& disk = Disk::Get();
  const std::string path = disk.PathOf(file);
  static auto* real = Real<ssize_t(int, const void*, size_t)>("write");
  if (!disk.Watches(path)) return real(file, bytes, size);
  // Half first: programs are killed, and disks fill, in the middle of a write too.
  if (size > 1) {
    disk.Wrote(path);
    const ssize_t half = real(file, bytes, size / 2);
    if (!disk.Passes("write", path)) return -1;
    if (half < 0) return half;
    return half +
           real(file, static_cast<const char*>(bytes) + half, size - static_cast<size_t>(half));
  }
  if (!disk.Passes("write", path)) return -1;
  disk.Wrote(path);
  return real(file, bytes, size);
}

int fsync(int file) {
  Disk& disk = Disk::Get();
  const std::string path = disk.PathOf(file);
  static auto* real = Real<int(int)>("fsync");
  if (!disk.Watches(path)) return real(file);
  if (!disk.Passes("fsync", path)) return -1;
  const int result = real(file);
  if (result == 0) disk.Synced(path);
  return result;
}

int flock(int file, int operation) {
  Disk& disk = Disk::Get();
  const std::string path = disk.PathOf(file);
  if (disk.Watches(path) && !disk.Passes("flock", path)) return -1;
  static auto* real = Real<int(int, int)>("flock");
  return real(file, operation);
}

int rename(const char* from, const char* to) {
  Disk& disk = Disk::Get();
  static auto* real = Real<int(const char*, const char*)>("rename");
  if (!disk.Watches(to)) return real(from, to);
  if (!disk.Passes("rename", to)) return -1;
  const std::string backup = disk.Backup(to);
  const int result = real(from, to);
  if (result == 0) disk.Renamed(from, to, backup);
  return result;
}

// The exchange of two names; everything else passes unseen.
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  Disk& disk = Disk::Get();
  static auto* real = Real<Renameat2>("renameat2");
  const std::string old_path = PathAt(from_folder, from);
  const std::string new_path = PathAt(to_folder, to);
  if (flags != RENAME_EXCHANGE || !disk.Watches(new_path)) {
    return real(from_folder, from, to_folder, to, flags);
  }
  if (!disk.Passes("exchange", new_path)) return -1;
  const int result = real(from_folder, from, to_folder, to, flags);
  if (result == 0) disk.Exchanged(old_path, new_path);
  return result;
}

int ftruncate(int file, off_t size) {
  Disk& disk = Disk::Get();
  const std::string path = disk.PathOf(file);
  static auto* real = Real<int(int, off_t)>("ftruncate");
  if (!disk.Watches(path)) return real(file, size);
  if (!disk.Passes("ftruncate", path)) return -1;
  const int result = real(file, size);
  if (result == 0) disk.Wrote(path);
  return result;
}

int mkdir(const char* path, mode_t mode) {
  Disk& disk = Disk::Get();
  static auto* real = Real<int(const char*, mode_t)>("mkdir");
  if (!disk.Watches(path)) return real(path, mode);
  if (!disk.Passes("mkdir", path)) return -1;
  const int result = real(path, mode);
  if (result == 0) disk.Made(path);
  return result;
}

int truncate(const char* path, off_t size) {
  Disk& disk = Disk::Get();
  static auto* real = Real<int(const char*, off_t)>("truncate");
  if (!disk.Watches(path)) return real(path, size);
  if (!disk.Passes("truncate", path)) return -1;
  const int result = real(path, size);
  if (result == 0) disk.Wrote(path);
  return result;
}

int unlink(const char* path) { return Remove(path, "unlink", Real<int(const char*)>("unlink")); }
int rmdir(const char* path) { return Remove(path, "rmdir", Real<int(const char*)>("rmdir")); }
int remove(const char* path) { return Remove(path, "remove", Real<int(const char*)>("remove")); }

int unlinkat(int folder, const char* name, int flags) {
  Disk& disk = Disk::Get();
  const std::string path = PathAt(folder, name);
  static auto* real = Real<int(int, const char*, int)>("unlinkat");
  if (!disk.Watches(path)) return real(folder, name, flags);
  if (!disk.Passes("unlinkat", path)) return -1;
  const std::string backup = disk.Backup(path);
  const int result = real(folder, name, flags);
  if (result == 0) disk.Removed(path, backup);
  return result;
}

}  // extern "C"
