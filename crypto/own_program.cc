#include "crypto/own_program.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/status.h"
#include "crypto/digest.h"

namespace mutual::crypto {
namespace {

constexpr char kSelf[] = "/proc/self/exe";

absl::StatusOr<Digest> DigestOfFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Unavailable(
        "the program's file %s cannot be read; is /proc mounted, and may you read it?",
        path.string());
  }
  Sha256Stream stream;
  std::string chunk(size_t{1} << 16, '\0');
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || file.gcount() > 0) {
    stream.Update(std::string_view(chunk).substr(0, static_cast<size_t>(file.gcount())));
  }
  if (file.bad()) {
    return Unavailable("the program's file %s cannot be read to its end", path.string());
  }
  return stream.Finish();
}

}  // namespace

// The file of a running program stays what it was, whatever is installed in its place: read once.
absl::StatusOr<Digest> DigestOfOwnProgram() {
  static const absl::StatusOr<Digest>* const kDigest =
      new absl::StatusOr<Digest>(DigestOfFile(kSelf));
  return kDigest->ok() ? *kDigest : DigestOfFile(kSelf);
}

absl::StatusOr<Digest> DigestOfProgramBeside(const std::string& name) {
  std::error_code error;
  const std::filesystem::path own = std::filesystem::read_symlink(kSelf, error);
  const std::filesystem::path path = own.parent_path() / name;
  if (error || !std::filesystem::is_regular_file(path, error)) {
    return NotFound("no program %s is installed beside this one", name);
  }
  return DigestOfFile(path);
}

}  // namespace mutual::crypto
