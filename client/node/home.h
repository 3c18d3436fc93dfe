// A member organisation's folder: its keys, certificate, federation and paths.
//
//   DIR/federation.toml  address, origin, log key           (written by join)
//   DIR/node.toml        tables, policy                     (written by join, edited by people)
//   DIR/keys/            tls.key identity.key witness.key   (crypto/key_folder.h); tls.crt ca.crt
//   DIR/ledger.sqlite    budget, contributions, answers
//   DIR/contributions/   the exact bytes sent
//   DIR/receipts/        proofs that what was sent is in the log
//   DIR/witness/ DIR/trust/ DIR/evidence/     see trust.h and transparency/witness_store.h
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "client/channel/channel.h"
#include "crypto/key_folder.h"
#include "crypto/random.h"
#include "crypto/signing_key.h"
#include "transparency/cosignature.h"
#include "transparency/note.h"
#include "transparency/signed_entry.h"

namespace mutual::client {

struct JoinRequest {
  std::filesystem::path folder;
  std::string code;          // of the invitation
  std::string organisation;  // base/ids.h NodeId
  std::string role;          // "node" or "researcher"
  std::string address;       // replaces the invitation's address when not empty
  bool with_passphrase = false;  // seal the keys (crypto/key_folder.h)
};

// The coordinator that a newcomer was invited to.
struct JoinDoor {
  std::string address;  // kept for later
  std::string ca_pem;   // whose fingerprint is the invitation's
  Channel* channel;
};

// An enrolled folder. Immutable; the key objects may be used from any thread.
class Home {
 public:
  // Makes all keys here, compares the CA's fingerprint with the invitation, asks for a certificate and writes
  // the folder. After a failure the keys stay, and the next attempt uses them. ALREADY_EXISTS ALREADY_JOINED
  // when the folder is enrolled.
  static absl::Status Join(const JoinRequest& request, crypto::RandomSource& random);
  // The same through a channel that is there already. UNAUTHENTICATED WRONG_FEDERATION when the authority is not
  // the invitation's.
  static absl::Status JoinThrough(const JoinRequest& request, const JoinDoor& door,
                                  crypto::RandomSource& random);
  // FAILED_PRECONDITION NOT_JOINED when the folder is not enrolled.
  static absl::StatusOr<std::unique_ptr<Home>> Load(const std::filesystem::path& folder);

  absl::StatusOr<std::unique_ptr<Channel>> Connect() const;

  const std::filesystem::path& folder() const { return folder_; }
  const std::string& organisation() const { return organisation_; }
  const std::string& role() const { return role_; }
  const std::string& origin() const { return origin_; }
  const std::string& federation() const { return federation_; }
  const std::string& address() const { return address_; }
  const crypto::SigningKey& identity() const { return *identity_; }
  const crypto::VerifyKey& log_key() const { return *log_key_; }
  // Signs entries, named node/<organisation> or researcher/<organisation>.
  const transparency::NoteSigner& signer() const { return *signer_; }
  // The private keys, opened; for keys that are made later.
  const crypto::KeyFolder& keys() const { return *keys_; }
  // The witness's key, read from disk. Its name is witness/<organisation>.
  absl::StatusOr<transparency::CosignatureSigner> WitnessSigner() const;
  absl::StatusOr<std::string> SignEntry(const transparency::Entry& entry) const;

 private:
  Home() = default;
  std::filesystem::path folder_;
  std::string organisation_, role_, origin_, federation_, address_;
  std::string ca_pem_, certificate_pem_;
  std::unique_ptr<crypto::KeyFolder> keys_;
  crypto::Secret tls_key_;
  std::unique_ptr<crypto::SigningKey> identity_;
  std::unique_ptr<crypto::VerifyKey> log_key_;
  std::unique_ptr<transparency::NoteSigner> signer_;
};

}  // namespace mutual::client
