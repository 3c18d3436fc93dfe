// The coordinator's folder: certificate authority, server certificate, log key and configuration.
//
//   DIR/coordinator.toml  federation, address, [audit]       (written by init, edited by people)
//   DIR/rules.md          the rulebook, hashed in the log's first entry
//   DIR/keys/             ca.key ca.crt server.key server.crt log.key coordinator.key  (crypto/key_folder.h)
//   DIR/journal.sqlite    DIR/kept.sqlite  DIR/content/    DIR/log/public (served)  DIR/log/state
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/storage/journal.h"
#include "crypto/certificate.h"
#include "crypto/signing_key.h"

namespace mutual::coordinator {

struct InitRequest {
  std::filesystem::path folder;
  std::string federation;  // domain-like name, e.g. fed.example
  std::string listen;      // host:port to listen on
  std::string address;     // host:port that nodes dial
  absl::Time now;
  bool with_passphrase = false;  // seal the keys (crypto/key_folder.h)
};

struct Newcomer {
  std::string secret, organisation, role, certificate_request, identity_key, witness_key;
};

// Immutable; safe to share between threads.
class FederationState {
 public:
  // ALREADY_EXISTS ALREADY_INITIALISED when the folder holds a federation.
  static absl::Status Init(const InitRequest& request);
  static absl::StatusOr<std::unique_ptr<FederationState>> Load(const std::filesystem::path& folder);

  // A single-use invitation code for `role` ("node" or "researcher"), recorded before it is returned.
  absl::StatusOr<std::string> Invite(Journal& journal, const std::string& role,
                                     absl::Time expires) const;
  // Whether Enrol would take the newcomer; same errors.
  absl::Status CheckNewcomer(Journal& journal, const Newcomer& newcomer, absl::Time now) const;
  // The newcomer's certificate. INVITATION_UNKNOWN, INVITATION_EXPIRED, INVITATION_USED, NAME_TAKEN, or
  // INVALID_ARGUMENT for bad keys or names.
  absl::StatusOr<std::string> Enrol(Journal& journal, const Newcomer& newcomer, absl::Time now) const;

  const std::string& federation() const { return federation_; }
  std::string origin() const { return federation_ + "/audit"; }
  const std::string& listen() const { return listen_; }
  const std::string& address() const { return address_; }
  // Nodes that the operator of this coordinator runs too: they count as colluders and hold no masks.
  const std::vector<std::string>& operator_nodes() const { return operator_nodes_; }
  const std::filesystem::path& folder() const { return folder_; }
  // [audit] keep_rounds: how many finished rounds' files are kept, if that was said.
  std::optional<uint64_t> keep_rounds() const { return keep_rounds_; }
  const crypto::CertificateAuthority& authority() const { return *authority_; }
  const crypto::SigningKey& log_key() const { return *log_key_; }      // signs checkpoints
  const crypto::SigningKey& entry_key() const { return *entry_key_; }  // signs entries
  const std::string& server_certificate() const { return server_certificate_; }
  const crypto::Secret& server_key() const { return server_key_; }

 private:
  FederationState() = default;
  std::filesystem::path folder_;
  std::optional<uint64_t> keep_rounds_;
  std::string federation_, listen_, address_, server_certificate_;
  std::vector<std::string> operator_nodes_;
  crypto::Secret server_key_;
  std::unique_ptr<crypto::CertificateAuthority> authority_;
  std::unique_ptr<crypto::SigningKey> log_key_, entry_key_;
};

}  // namespace mutual::coordinator
