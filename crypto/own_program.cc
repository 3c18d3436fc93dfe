#include "crypto/own_program.h"

#include <fstream>
#include <string>

#include "base/status.h"
#include "crypto/digest.h"

namespace mutual::crypto {
namespace {

absl::StatusOr<Digest> ReadOwnProgram() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  if (!file) return Unavailable("the running program's own file cannot be read; is /proc mounted?");
  Sha256Stream stream;
  std::string chunk(size_t{1} << 16, '\0');
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || file.gcount() > 0) {
    stream.Update(std::string_view(chunk).substr(0, static_cast<size_t>(file.gcount())));
  }
  if (file.bad()) return Unavailable("the running program's own file cannot be read to its end");
  return stream.Finish();
}

}  // namespace

// The file of a running program stays what it was, whatever is installed in its place: read once.
absl::StatusOr<Digest> DigestOfOwnProgram() {
  static const absl::StatusOr<Digest>* const kDigest = new absl::StatusOr<Digest>(ReadOwnProgram());
  return kDigest->ok() ? *kDigest : ReadOwnProgram();
}

}  // namespace mutual::crypto
