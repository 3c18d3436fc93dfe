#include "client/node/evidence.h"

#include "base/file.h"
#include "base/status.h"
#include "crypto/digest.h"

namespace mutual::client {

absl::Status KeepEvidence(const std::filesystem::path& folder, const std::string& first,
                          const std::string& second) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Unavailable("cannot create %s: %s", folder.string(), error.message());
  const std::string name = crypto::Sha256(first + second).Short();
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(folder / (name + "-1"), first, FileMode::kPublic));
  return WriteFileDurably(folder / (name + "-2"), second, FileMode::kPublic);
}

}  // namespace mutual::client
