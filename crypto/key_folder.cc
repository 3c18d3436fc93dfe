#include "crypto/key_folder.h"

#include <array>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/random.h"
#include "crypto/scrypt.h"

namespace mutual::crypto {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kSmall = 1 << 20;
constexpr char kSealedHead[] = "mutual sealed key 1\n";
constexpr char kPassphraseHead[] = "mutual passphrase 1";
constexpr char kPassphraseFile[] = "passphrase";
constexpr size_t kNonce = 12;

absl::Status Corrupt(const fs::path& path) {
  return WithCode(
      DataLoss("%s is damaged or not of this folder; restore the folder of keys from a backup",
               path.string()),
      "KEY_CORRUPT");
}

// base64 of nonce and ciphertext, with a line's end.
absl::StatusOr<std::string> SealLine(const Secret& key, std::span<const uint8_t> plaintext,
                                     const std::string& name) {
  std::array<uint8_t, kNonce> nonce;
  SystemRandom random;
  random.Fill(nonce);
  MUTUAL_ASSIGN_OR_RETURN(const std::string sealed, Seal(key.bytes(), nonce, plaintext, name));
  return Base64Encode(AsBytes(std::string(AsText(nonce)) + sealed)) + "\n";
}

absl::StatusOr<Secret> OpenLine(const Secret& key, std::string_view line, const std::string& name) {
  if (line.empty() || line.back() != '\n') return DataLoss("the line is cut off");
  line.remove_suffix(1);
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, Base64Decode(line));
  if (bytes.size() < kNonce) return DataLoss("the line is too short");
  const auto all = AsBytes(bytes);
  return crypto::Open(key.bytes(), all.first(kNonce), all.subspan(kNonce), name);
}

struct SealedFolderKey {
  ScryptCost cost;
  std::string salt, line;
};

absl::StatusOr<SealedFolderKey> ParsePassphraseFile(const std::string& text) {
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  if (lines.size() != 4 || lines[0] != kPassphraseHead || !lines[3].empty()) {
    return DataLoss("want three lines");
  }
  const std::vector<std::string> words = absl::StrSplit(lines[1], ' ');
  if (words.size() != 5 || words[0] != "scrypt") return DataLoss("want scrypt and its cost");
  SealedFolderKey sealed;
  MUTUAL_ASSIGN_OR_RETURN(sealed.cost.n, ParseUint64(words[1]));
  MUTUAL_ASSIGN_OR_RETURN(sealed.cost.r, ParseUint64(words[2]));
  MUTUAL_ASSIGN_OR_RETURN(sealed.cost.p, ParseUint64(words[3]));
  MUTUAL_ASSIGN_OR_RETURN(sealed.salt, Base64Decode(words[4]));
  sealed.line = lines[2] + "\n";
  return sealed;
}

}  // namespace

absl::StatusOr<KeyFolder> KeyFolder::Open(const fs::path& folder, const AskPassphrase& ask) {
  KeyFolder keys(folder);
  const absl::StatusOr<std::string> text = ReadFile(folder / kPassphraseFile, kSmall);
  if (absl::IsNotFound(text.status())) return keys;
  MUTUAL_RETURN_IF_ERROR(text.status());
  MUTUAL_ASSIGN_OR_RETURN(const Secret passphrase, ask());
  MUTUAL_RETURN_IF_ERROR(keys.Unlock(*text, passphrase));
  return keys;
}

absl::Status KeyFolder::Unlock(const std::string& text, const Secret& passphrase) {
  const absl::StatusOr<SealedFolderKey> sealed = ParsePassphraseFile(text);
  if (!sealed.ok()) return Corrupt(folder_ / kPassphraseFile);
  const absl::StatusOr<Secret> wrapping =
      Scrypt(passphrase.bytes(), AsBytes(sealed->salt), sealed->cost, 32);
  if (absl::IsInvalidArgument(wrapping.status())) return Corrupt(folder_ / kPassphraseFile);
  MUTUAL_RETURN_IF_ERROR(wrapping.status());
  absl::StatusOr<Secret> key = OpenLine(*wrapping, sealed->line, kPassphraseFile);
  if (!key.ok()) {
    return WithCode(
        Unauthenticated("the passphrase does not open the keys in %s; type it again, or check "
                        "the file that MUTUAL_PASSPHRASE_FILE names",
                        folder_.string()),
        "PASSPHRASE_WRONG");
  }
  key_ = *std::move(key);
  return absl::OkStatus();
}

absl::StatusOr<Secret> KeyFolder::Read(const std::string& name) const {
  const fs::path path = folder_ / (name + ".key");
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kSmall));
  if (text.rfind(kSealedHead, 0) != 0) return Secret::FromBytes(AsBytes(text));
  if (!key_) return Corrupt(path);
  absl::StatusOr<Secret> key =
      OpenLine(*key_, std::string_view(text).substr(sizeof(kSealedHead) - 1), name + ".key");
  if (!key.ok()) return Corrupt(path);
  return key;
}

absl::Status KeyFolder::Write(const std::string& name, std::span<const uint8_t> key) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return Unavailable("cannot create %s: %s", folder_.string(), error.message());
  fs::permissions(folder_, fs::perms::owner_all, error);
  const fs::path path = folder_ / (name + ".key");
  if (!key_) return WriteFileDurably(path, AsText(key), FileMode::kSecret);
  MUTUAL_ASSIGN_OR_RETURN(const std::string line, SealLine(*key_, key, name + ".key"));
  return WriteFileDurably(path, kSealedHead + line, FileMode::kSecret);
}

// Every key again, as the folder now keeps them. What stands in a sealed folder unsealed is read as
// it is.
absl::Status KeyFolder::RewriteAll() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() != ".key") continue;
    const std::string name = entry.path().stem().string();
    MUTUAL_ASSIGN_OR_RETURN(const Secret key, Read(name));
    MUTUAL_RETURN_IF_ERROR(Write(name, key.bytes()));
  }
  return error ? Unavailable("cannot read %s: %s", folder_.string(), error.message())
               : absl::OkStatus();
}

absl::Status KeyFolder::SetPassphrase(const Secret& passphrase) {
  if (passphrase.size() == 0)
    return InvalidArgument("the passphrase is empty, want at least one character");
  std::error_code error;
  fs::create_directories(folder_, error);
  SystemRandom random;
  Secret key = key_ ? key_->Clone() : Secret::OfSize(32);
  if (!key_) random.Fill(key.mutable_bytes());
  std::array<uint8_t, 16> salt;
  random.Fill(salt);
  const ScryptCost cost;
  MUTUAL_ASSIGN_OR_RETURN(const Secret wrapping, Scrypt(passphrase.bytes(), salt, cost, 32));
  MUTUAL_ASSIGN_OR_RETURN(const std::string line, SealLine(wrapping, key.bytes(), kPassphraseFile));
  const std::string text = absl::StrFormat("%s\nscrypt %d %d %d %s\n", kPassphraseHead, cost.n,
                                           cost.r, cost.p, Base64Encode(salt)) +
                           line;
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(folder_ / kPassphraseFile, text, FileMode::kSecret));
  key_ = std::move(key);
  return RewriteAll();
}

absl::Status KeyFolder::RemovePassphrase() {
  if (!key_) return absl::OkStatus();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() != ".key") continue;
    MUTUAL_ASSIGN_OR_RETURN(const Secret key, Read(entry.path().stem().string()));
    MUTUAL_RETURN_IF_ERROR(WriteFileDurably(entry.path(), AsText(key.bytes()), FileMode::kSecret));
  }
  if (error) return Unavailable("cannot read %s: %s", folder_.string(), error.message());
  key_.reset();
  fs::remove(folder_ / kPassphraseFile, error);
  return error ? Unavailable("cannot remove the file passphrase: %s", error.message())
               : absl::OkStatus();
}

}  // namespace mutual::crypto
