// Where a passphrase comes from: a file named in the environment, or the terminal. And its
// subcommand.
#pragma once

#include <filesystem>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace mutual::crypto {

// The first line of the file that MUTUAL_PASSPHRASE_FILE names, or what is typed, unseen, on the
// terminal. FAILED_PRECONDITION PASSPHRASE_NEEDED when there is neither.
absl::StatusOr<Secret> ReadPassphrase();

// A passphrase to be set: MUTUAL_NEW_PASSPHRASE_FILE, else MUTUAL_PASSPHRASE_FILE when
// `or_present`, else typed twice. INVALID_ARGUMENT when the two differ or it is empty.
enum class NewPassphrase { kFirst, kReplacement };
absl::StatusOr<Secret> ReadNewPassphrase(NewPassphrase kind);

// What the subcommand `passphrase` of every program does to its folder of keys: sets, changes or
// removes.
enum class PassphraseChange { kSet, kRemove };
absl::Status ChangePassphrase(const std::filesystem::path& key_folder, PassphraseChange change);

}  // namespace mutual::crypto
