// Signed notes: text that people read, with signature lines below it (C2SP signed-note v1.0.0).
//
//   <text, ends in \n> \n "— " <key name> " " base64(key ID, 4 bytes || signature) \n ...
//
// Bytes: docs/LOG_FORMAT.md. Everything here is a value or a pure function, safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/signing_key.h"

namespace mutual::transparency {

inline constexpr size_t kMaxNoteBytes = size_t{1} << 20;
inline constexpr size_t kMaxNoteSignatures = 100;

struct NoteSignature {
  std::string name;  // key name
  uint32_t key_id = 0;
  std::string bytes;  // what follows the key ID, at least one byte
  bool operator==(const NoteSignature&) const = default;
};

struct Note {
  std::string text;  // with its final newline
  std::vector<NoteSignature> signatures;
  bool operator==(const Note&) const = default;
};

// PrintNote(ParseNote(x)) == x. INVALID_ARGUMENT: over kMaxNoteBytes, not UTF-8, a control
// character, no blank line, no signature line or more than kMaxNoteSignatures, a malformed line,
// base64 that is not canonical. Checks no signature.
absl::StatusOr<Note> ParseNote(std::string_view bytes);
std::string PrintNote(const Note& note);
// "— <name> <base64>\n".
std::string PrintSignatureLine(const NoteSignature& signature);
// Lines of that form only, up to kMaxNoteSignatures; INVALID_ARGUMENT otherwise. Empty text is no
// lines.
absl::StatusOr<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines);

// INVALID_ARGUMENT when `text` is no note text: not UTF-8, or a control character other than \n.
absl::Status CheckNoteText(std::string_view text);
// INVALID_ARGUMENT unless `name` is UTF-8, not empty, without spaces, control characters or '+'.
absl::Status CheckKeyName(std::string_view name);

// The type byte of a verifier key.
enum class KeyType : uint8_t { kNote = 0x01, kCosignature = 0x04 };

// What a cosignature of `text` at `unix_seconds` signs (C2SP tlog-cosignature v1.0.1).
std::string CosignedMessage(uint64_t unix_seconds, std::string_view text);

// A name, a key and what the key's signatures mean. Text form: "<name>+<key ID>+<base64>", a vkey.
class NoteVerifier {
 public:
  // INVALID_ARGUMENT on a bad name.
  static absl::StatusOr<NoteVerifier> Create(std::string_view name, KeyType type,
                                             const crypto::VerifyKey& key);
  // INVALID_ARGUMENT on anything but the one spelling of a key of a type above.
  static absl::StatusOr<NoteVerifier> FromVkey(std::string_view vkey);
  std::string ToVkey() const;

  const std::string& name() const { return name_; }
  uint32_t key_id() const { return key_id_; }
  KeyType type() const { return type_; }
  const crypto::VerifyKey& key() const { return key_; }
  // Whether `signature` claims to be by this key.
  bool Names(const NoteSignature& signature) const;
  // OK or UNAUTHENTICATED; a signature that names another key is UNAUTHENTICATED.
  absl::Status Verify(std::string_view text, const NoteSignature& signature) const;
  bool operator==(const NoteVerifier&) const = default;

 private:
  NoteVerifier(std::string name, KeyType type, const crypto::VerifyKey& key);
  std::string name_;
  KeyType type_;
  crypto::VerifyKey key_;
  uint32_t key_id_;
};

// Signs notes with an Ed25519 key (type 0x01).
class NoteSigner {
 public:
  static absl::StatusOr<NoteSigner> Create(std::string_view name, crypto::SigningKey key);
  const NoteVerifier& verifier() const { return verifier_; }
  NoteSignature Sign(std::string_view text) const;

 private:
  NoteSigner(NoteVerifier verifier, crypto::SigningKey key)
      : verifier_(std::move(verifier)), key_(std::move(key)) {}
  NoteVerifier verifier_;
  crypto::SigningKey key_;
};

// The note with only the signatures that verified, each key's first one. Unknown (name, ID) pairs
// are ignored. INVALID_ARGUMENT as ParseNote; UNAUTHENTICATED when a signature that names a key of
// `verifiers` is bad, or when none is there.
absl::StatusOr<Note> OpenNote(std::string_view bytes, std::span<const NoteVerifier> verifiers);
// The same for a note already parsed.
absl::StatusOr<Note> VerifyNote(const Note& note, std::span<const NoteVerifier> verifiers);

}  // namespace mutual::transparency
