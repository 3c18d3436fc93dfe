// The test vector of docs/LOG_FORMAT.md: a log of three entries and one witness.
#pragma once

#include <string>
#include <string_view>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/signing_key.h"
#include "transparency/note.h"

namespace mutual::transparency::testing {

inline constexpr std::string_view kOrigin = "fed.example/audit";
inline constexpr std::string_view kLogVkey =
    "fed.example/audit+a1a51a8f+ASZj39YJh1mKgn48tWr9HUcwcEFzACQmRPe1bE9cxCjL";
inline constexpr std::string_view kWitnessVkey =
    "north.example/witness+825c2307+BGk3wlLjV+yCttJla04NQ0M/G3Vx/zywAnNR/xYbGK5E";
inline constexpr uint64_t kVectorTime = 1700000000;
inline constexpr std::string_view kCheckpointText =
    "fed.example/audit\n3\nOF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo=\n";
inline constexpr std::string_view kLogLine =
    "\xe2\x80\x94 fed.example/audit "
    "oaUajzVIHLt//sXta+8PYZ+Cj240NSVzZnvzXDn8DOZeRbzCwgt+TB2Z6OjkgBBD1kCo/"
    "BlXzAoXgeI8HQz2ShV94Ac=\n";
inline constexpr std::string_view kWitnessLine =
    "\xe2\x80\x94 north.example/witness glwjBwAAAABlU/EAToo/"
    "IOoQTTUK1GWwtiayi7hS9rleg0fIXyQLWrpEzX3D8COxm/lM2pJwI016bate5md3EeL0m8wC91WX9oQSDQ==\n";

// The Ed25519 key whose seed is SHA-256(`phrase`).
inline crypto::SigningKey KeyOf(std::string_view phrase) {
  return *crypto::SigningKey::FromSeed(crypto::Sha256(phrase).bytes);
}
inline NoteSigner LogSigner() { return *NoteSigner::Create(kOrigin, KeyOf("vector log")); }
inline NoteVerifier LogVerifier() { return LogSigner().verifier(); }
inline NoteVerifier WitnessVerifier() {
  return *NoteVerifier::Create("north.example/witness", KeyType::kCosignature,
                               KeyOf("vector witness").verify_key());
}
// Log-signed checkpoint and the witness's line below it.
inline std::string VectorCheckpoint() {
  return std::string(kCheckpointText) + "\n" + std::string(kLogLine) + std::string(kWitnessLine);
}

}  // namespace mutual::transparency::testing
