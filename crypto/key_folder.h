// A folder of private keys: files of mode 0600, sealed under a passphrase when one was set.
//
//   NAME.key     the key's bytes; or "mutual sealed key 1\n" and base64 of a 12-byte nonce and
//   AES-256-GCM of them
//                under the folder's key, with NAME.key as associated data
//   passphrase   present while sealed: "mutual passphrase 1\nscrypt <n> <r> <p> <base64 salt>\n"
//   and base64 of a
//                nonce and AES-256-GCM of the folder's key under what scrypt makes of the
//                passphrase
//
// So a passphrase is changed by replacing one file, and a crash between two files leaves a folder
// that opens.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace mutual::crypto {

using AskPassphrase = std::function<absl::StatusOr<Secret>()>;

// Read and Write may be called from any thread; the others not at the same time as anything.
class KeyFolder {
 public:
  // Asks only when the folder has a passphrase; an absent folder has none. Errors: those of `ask`;
  // UNAUTHENTICATED PASSPHRASE_WRONG; DATA_LOSS KEY_CORRUPT.
  static absl::StatusOr<KeyFolder> Open(const std::filesystem::path& folder,
                                        const AskPassphrase& ask);

  bool has_passphrase() const { return key_.has_value(); }
  // The bytes of NAME.key. NOT_FOUND; DATA_LOSS KEY_CORRUPT when a sealed file does not open.
  absl::StatusOr<Secret> Read(const std::string& name) const;
  // Replaces NAME.key, sealed when the folder has a passphrase. Makes the folder (mode 0700) when
  // absent.
  absl::Status Write(const std::string& name, std::span<const uint8_t> key) const;

  // Sets or changes the passphrase and seals every key of the folder. INVALID_ARGUMENT when it is
  // empty.
  absl::Status SetPassphrase(const Secret& passphrase);
  // Leaves every key readable to whoever can read the folder.
  absl::Status RemovePassphrase();

 private:
  explicit KeyFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
  absl::Status Unlock(const std::string& text, const Secret& passphrase);
  absl::Status RewriteAll() const;
  std::filesystem::path folder_;
  std::optional<Secret> key_;  // of the folder, while it has a passphrase
};

}  // namespace mutual::crypto
