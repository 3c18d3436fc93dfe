#include "transparency/note.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/status.h"
#include "base/utf8.h"
#include "crypto/digest.h"

namespace mutual::transparency {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a space
constexpr size_t kTimestampBytes = 8;

uint32_t KeyId(std::string_view name, KeyType type, const crypto::VerifyKey& key) {
  std::string message(name);
  message.push_back('\n');
  message.push_back(static_cast<char>(type));
  message.append(AsText(key.bytes()));
  const Digest digest = crypto::Sha256(message);
  uint32_t id = 0;
  for (size_t i = 0; i < 4; ++i) id = id << 8 | digest.bytes[i];
  return id;
}

std::string KeyIdBytes(uint32_t id) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(id >> shift & 255));
  return bytes;
}

// One line without its newline.
absl::StatusOr<NoteSignature> ParseSignatureLine(std::string_view line) {
  const std::string_view whole = line;
  const auto malformed = [&](const char* what) {
    return InvalidArgument("signature line \"%s\" %s; want \"\xe2\x80\x94 NAME BASE64\"",
                           whole.substr(0, 80), what);
  };
  if (line.substr(0, kDash.size()) != kDash)
    return malformed("does not begin with a dash and a space");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return malformed("has no space after the key name");
  NoteSignature signature;
  signature.name = line.substr(0, space);
  MUTUAL_RETURN_IF_ERROR(CheckKeyName(signature.name));
  const absl::StatusOr<std::string> bytes = Base64Decode(line.substr(space + 1));
  if (!bytes.ok()) return Annotate(bytes.status(), "signature of " + signature.name);
  if (bytes->size() < 5) return malformed("has fewer than 5 bytes");
  for (size_t i = 0; i < 4; ++i) {
    signature.key_id = signature.key_id << 8 | static_cast<uint8_t>((*bytes)[i]);
  }
  signature.bytes = bytes->substr(4);
  return signature;
}

}  // namespace

absl::Status CheckNoteText(std::string_view text) {
  if (!IsUtf8(text)) return InvalidArgument("the note is not UTF-8; fetch the original bytes");
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7f) {
      return InvalidArgument("the note has the control character 0x%02x; only newlines are allowed",
                             byte);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckKeyName(std::string_view name) {
  if (name.empty())
    return InvalidArgument("the key name is empty; want for example \"fed.example/audit\"");
  std::string_view rest = name;
  while (!rest.empty()) {
    const std::optional<char32_t> c = NextCodePoint(rest);
    if (!c.has_value()) return InvalidArgument("the key name is not UTF-8");
    if (*c < 0x20 || *c == 0x7f || *c == '+' || IsUnicodeSpace(*c)) {
      return InvalidArgument("key name \"%s\" has a space, a control character or '+'; want none",
                             name.substr(0, 80));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines) {
  std::vector<NoteSignature> signatures;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    if (end == std::string_view::npos) {
      return InvalidArgument(
          "the last signature line does not end in a newline; the text is cut short");
    }
    if (signatures.size() == kMaxNoteSignatures) {
      return InvalidArgument("more than %d signature lines, the most accepted", kMaxNoteSignatures);
    }
    MUTUAL_ASSIGN_OR_RETURN(NoteSignature signature, ParseSignatureLine(lines.substr(0, end)));
    signatures.push_back(std::move(signature));
    lines.remove_prefix(end + 1);
  }
  return signatures;
}

absl::StatusOr<Note> ParseNote(std::string_view bytes) {
  if (bytes.size() > kMaxNoteBytes) {
    return InvalidArgument("the note has %d bytes, want at most %d", bytes.size(), kMaxNoteBytes);
  }
  MUTUAL_RETURN_IF_ERROR(CheckNoteText(bytes));
  const size_t split = bytes.rfind("\n\n");
  if (split == std::string_view::npos) {
    return InvalidArgument("the note has no blank line between its text and its signatures");
  }
  Note note;
  note.text = bytes.substr(0, split + 1);
  MUTUAL_ASSIGN_OR_RETURN(note.signatures, ParseSignatureLines(bytes.substr(split + 2)));
  if (note.signatures.empty())
    return InvalidArgument("the note has no signature line, want at least one");
  return note;
}

std::string PrintSignatureLine(const NoteSignature& signature) {
  const std::string bytes = KeyIdBytes(signature.key_id) + signature.bytes;
  return std::string(kDash) + signature.name + " " + Base64Encode(AsBytes(bytes)) + "\n";
}

std::string PrintNote(const Note& note) {
  std::string bytes = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) bytes += PrintSignatureLine(signature);
  return bytes;
}

std::string CosignedMessage(uint64_t unix_seconds, std::string_view text) {
  std::string message = "cosignature/v1\ntime " + std::to_string(unix_seconds) + "\n";
  message.append(text);
  return message;
}

NoteVerifier::NoteVerifier(std::string name, KeyType type, const crypto::VerifyKey& key)
    : name_(std::move(name)), type_(type), key_(key), key_id_(KeyId(name_, type, key)) {}

absl::StatusOr<NoteVerifier> NoteVerifier::Create(std::string_view name, KeyType type,
                                                  const crypto::VerifyKey& key) {
  MUTUAL_RETURN_IF_ERROR(CheckKeyName(name));
  return NoteVerifier(std::string(name), type, key);
}

absl::StatusOr<NoteVerifier> NoteVerifier::FromVkey(std::string_view vkey) {
  const size_t first = vkey.find('+');
  const size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos) {
    return InvalidArgument("verifier key \"%s\" is malformed; want NAME+KEYID+BASE64",
                           vkey.substr(0, 80));
  }
  const absl::StatusOr<std::string> raw = Base64Decode(vkey.substr(second + 1));
  if (!raw.ok()) return Annotate(raw.status(), "verifier key");
  const std::string_view material = *raw;
  if (material.empty() || (material[0] != 0x01 && material[0] != 0x04)) {
    return InvalidArgument(
        "verifier key \"%s\" is of another type; want Ed25519 note (1) or cosignature (4)",
        vkey.substr(0, 80));
  }
  MUTUAL_ASSIGN_OR_RETURN(const crypto::VerifyKey key,
                          crypto::VerifyKey::FromBytes(AsBytes(material.substr(1))));
  MUTUAL_ASSIGN_OR_RETURN(NoteVerifier verifier,
                          Create(vkey.substr(0, first), static_cast<KeyType>(material[0]), key));
  if (verifier.ToVkey() != vkey) {
    return InvalidArgument("verifier key \"%s\" has a key ID that is not its key's; want %s",
                           vkey.substr(0, 80), HexEncode(AsBytes(KeyIdBytes(verifier.key_id_))));
  }
  return verifier;
}

std::string NoteVerifier::ToVkey() const {
  std::string material(1, static_cast<char>(type_));
  material.append(AsText(key_.bytes()));
  return name_ + "+" + HexEncode(AsBytes(KeyIdBytes(key_id_))) + "+" +
         Base64Encode(AsBytes(material));
}

bool NoteVerifier::Names(const NoteSignature& signature) const {
  return signature.key_id == key_id_ && signature.name == name_;
}

absl::Status NoteVerifier::Verify(std::string_view text, const NoteSignature& signature) const {
  if (!Names(signature)) {
    return Unauthenticated("the signature is by %s, want %s", signature.name, name_);
  }
  if (type_ == KeyType::kNote) return key_.Verify(text, AsBytes(signature.bytes));
  if (signature.bytes.size() != kTimestampBytes + 64) {
    return Unauthenticated("the cosignature of %s has %d bytes, want 72", name_,
                           signature.bytes.size());
  }
  const std::span<const uint8_t> bytes = AsBytes(signature.bytes);
  const uint64_t time = GetUint64BigEndian(bytes.first<kTimestampBytes>());
  return key_.Verify(CosignedMessage(time, text), bytes.subspan(kTimestampBytes));
}

absl::StatusOr<NoteSigner> NoteSigner::Create(std::string_view name, crypto::SigningKey key) {
  MUTUAL_ASSIGN_OR_RETURN(NoteVerifier verifier,
                          NoteVerifier::Create(name, KeyType::kNote, key.verify_key()));
  return NoteSigner(std::move(verifier), std::move(key));
}

NoteSignature NoteSigner::Sign(std::string_view text) const {
  return {verifier_.name(), verifier_.key_id(), key_.Sign(text)};
}

absl::StatusOr<Note> VerifyNote(const Note& note, std::span<const NoteVerifier> verifiers) {
  Note opened{note.text, {}};
  for (const NoteSignature& signature : note.signatures) {
    const auto known =
        std::find_if(verifiers.begin(), verifiers.end(),
                     [&](const NoteVerifier& verifier) { return verifier.Names(signature); });
    if (known == verifiers.end()) continue;
    const absl::Status status = known->Verify(note.text, signature);
    if (!status.ok()) return Annotate(status, "signature of " + signature.name);
    const bool again = std::any_of(opened.signatures.begin(), opened.signatures.end(),
                                   [&](const NoteSignature& kept) { return known->Names(kept); });
    if (!again) opened.signatures.push_back(signature);
  }
  if (opened.signatures.empty()) {
    return Unauthenticated("the note has no signature by any of the %d keys known here",
                           verifiers.size());
  }
  return opened;
}

absl::StatusOr<Note> OpenNote(std::string_view bytes, std::span<const NoteVerifier> verifiers) {
  MUTUAL_ASSIGN_OR_RETURN(const Note note, ParseNote(bytes));
  return VerifyNote(note, verifiers);
}

}  // namespace mutual::transparency
