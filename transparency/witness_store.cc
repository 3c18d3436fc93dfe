#include "transparency/witness_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "base/swapped_file.h"
#include "crypto/digest.h"
#include "transparency/note.h"

namespace mutual::transparency {
namespace {

constexpr char kKnownFile[] = "known-logs";
constexpr uint64_t kMaxKnownBytes = 1 << 20;

std::string FileNameOf(const std::string& origin) { return crypto::Sha256(origin).ToHex(); }

// Holds the lock of the folder against other processes while it lives.
class FolderLock {
 public:
  explicit FolderLock(int file) : file_(file) {
    while ((result_ = ::flock(file_, LOCK_EX)) != 0 && errno == EINTR) {
    }
    error_ = errno;
  }
  ~FolderLock() {
    if (result_ == 0) ::flock(file_, LOCK_UN);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  absl::Status status() const {
    if (result_ == 0) return absl::OkStatus();
    return Unavailable("cannot lock the witness's folder: %s", std::strerror(error_));
  }

 private:
  int file_;
  int result_ = -1;
  int error_ = 0;
};

}  // namespace

FileWitnessStore::~FileWitnessStore() { ::close(lock_file_); }

absl::StatusOr<std::unique_ptr<FileWitnessStore>> FileWitnessStore::Create(
    const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Unavailable("cannot make the folder %s: %s", folder.string(), error.message());
  if (std::filesystem::exists(folder / kKnownFile, error)) {
    return AlreadyExists(
        "%s holds a witness already; open it, or use an empty folder and a new key",
        folder.string());
  }
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(folder / kKnownFile, "", FileMode::kPublic));
  return Open(folder);
}

absl::StatusOr<std::unique_ptr<FileWitnessStore>> FileWitnessStore::Open(
    const std::filesystem::path& folder) {
  const absl::StatusOr<std::string> known = ReadFile(folder / kKnownFile, kMaxKnownBytes);
  if (!known.ok()) {
    return Annotate(known.status(), "no witness state; if it is lost, make a new key and enrol it");
  }
  const int file = ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0)
    return Unavailable("cannot open %s/lock: %s", folder.string(), std::strerror(errno));
  return std::unique_ptr<FileWitnessStore>(new FileWitnessStore(folder, file));
}

absl::StatusOr<std::set<std::string>> FileWitnessStore::ReadKnown() {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder_ / kKnownFile, kMaxKnownBytes));
  std::set<std::string> known;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) known.insert(line);
  return known;
}

absl::Status FileWitnessStore::AddKnown(const std::string& name) {
  MUTUAL_ASSIGN_OR_RETURN(std::set<std::string> known, ReadKnown());
  if (!known.insert(name).second) return absl::OkStatus();
  std::string text;
  for (const std::string& one : known) text += one + "\n";
  return WriteFileDurably(folder_ / kKnownFile, text, FileMode::kPublic);
}

absl::StatusOr<std::string> FileWitnessStore::LoadLocked(const std::string& origin) {
  const std::string name = FileNameOf(origin);
  absl::StatusOr<std::string> record = ReadFile(folder_ / name, kMaxNoteBytes);
  if (record.ok() && record->empty()) {
    return DataLoss("the state of %s in %s is empty; restore it or enrol a new witness key", origin,
                    name);
  }
  if (!absl::IsNotFound(record.status())) return record;
  MUTUAL_ASSIGN_OR_RETURN(const std::set<std::string> known, ReadKnown());
  if (known.count(name) == 0) return std::string();
  return DataLoss("the state of %s is gone (%s); restore it or enrol a new witness key", origin,
                  name);
}

absl::StatusOr<std::string> FileWitnessStore::Load(const std::string& origin) {
  const absl::MutexLock hold(&mutex_);
  const FolderLock lock(lock_file_);
  MUTUAL_RETURN_IF_ERROR(lock.status());
  return LoadLocked(origin);
}

absl::StatusOr<bool> FileWitnessStore::CompareAndSwap(const std::string& origin,
                                                      const std::string& expected,
                                                      const std::string& desired) {
  const absl::MutexLock hold(&mutex_);
  const FolderLock lock(lock_file_);
  MUTUAL_RETURN_IF_ERROR(lock.status());
  MUTUAL_ASSIGN_OR_RETURN(const std::string current, LoadLocked(origin));
  if (current != expected) return false;
  const std::string name = FileNameOf(origin);
  MUTUAL_RETURN_IF_ERROR(SwapFileDurably(folder_ / name, desired));
  // After the record: a crash in between leaves a record that is merely not on the list.
  if (expected.empty()) MUTUAL_RETURN_IF_ERROR(AddKnown(name));
  return true;
}

}  // namespace mutual::transparency
