#include "coordinator/enrolment/federation_state.h"

#include <array>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/ids.h"
#include "base/status.h"
#include "coordinator/enrolment/audit_config.h"
#include "crypto/digest.h"
#include "crypto/invitation.h"
#include "crypto/key_folder.h"
#include "crypto/passphrase.h"
#include "crypto/random.h"

namespace mutual::coordinator {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kSmall = 1 << 20;
const absl::Duration kAuthorityLife = absl::Hours(24 * 3650);
const absl::Duration kMemberLife = absl::Hours(24 * 730);

constexpr char kConfig[] =
    "# The coordinator of %s.\n"
    "federation = \"%s\"\n"
    "# Where this program listens. 0.0.0.0:7443 for all networks.\n"
    "listen = \"%s\"\n"
    "# What invitations tell nodes to dial. It may change; certificates do not depend on it.\n"
    "address = \"%s\"\n"
    "# Nodes that whoever runs this coordinator runs too, separated by spaces. They hold no masks.\n"
    "operator_nodes = \"\"\n"
    "# [audit]\n"
    "# Finished rounds whose files are kept for replays; left out: the newest, up to 2 GB.\n"
    "# keep_rounds = 100\n";

// The rulebook's first words; its SHA-256 stands in the log's first entry.
constexpr char kRules[] =
    "# Rules of %s\n\n"
    "1. Organisations decide for themselves whether they take part in a study.\n"
    "2. Members' rows stay with their organisation; only noised sums leave it.\n"
    "3. What is asked, who takes part and what is released stands in the public log first.\n"
    "4. Later organisations are let in by the existing ones.\n";

absl::StatusOr<std::string> ValueOf(const std::string& text, const std::string& key) {
  const std::string start = "\n" + key + " = \"";
  size_t at = ("\n" + text).find(start);
  if (at == std::string::npos) {
    return InvalidArgument("coordinator.toml has no line %s = \"…\"; add it", key);
  }
  at += start.size() - 1;
  const size_t end = text.find('"', at);
  if (end == std::string::npos) return InvalidArgument("coordinator.toml: %s is not closed", key);
  return text.substr(at, end - at);
}

absl::Status WriteKeys(const InitRequest& request, const crypto::KeyFolder& secrets) {
  const fs::path keys = request.folder / "keys";
  const crypto::Validity validity{request.now - absl::Hours(1), request.now + kAuthorityLife};
  MUTUAL_ASSIGN_OR_RETURN(const auto authority,
                          crypto::CertificateAuthority::Create(request.federation, validity));
  const crypto::Secret server_key = crypto::GenerateTlsKey();
  const crypto::Subject subject{"coordinator", "coordinator", request.federation};
  MUTUAL_ASSIGN_OR_RETURN(const std::string csr,
                          crypto::MakeCertificateRequest(server_key, subject));
  // Clients check this fixed name against the federation's own CA, so the address may change.
  MUTUAL_ASSIGN_OR_RETURN(
      const std::string server,
      authority.IssueServer(csr, subject, {"coordinator.mutual", "localhost", "127.0.0.1"}, validity));
  crypto::SystemRandom random;
  const crypto::SigningKey log_key = crypto::SigningKey::Generate(random);
  const crypto::SigningKey entry_key = crypto::SigningKey::Generate(random);
  MUTUAL_RETURN_IF_ERROR(secrets.Write("ca", authority.key_pem().bytes()));
  MUTUAL_RETURN_IF_ERROR(
      WriteFileDurably(keys / "ca.crt", authority.certificate_pem(), FileMode::kPublic));
  MUTUAL_RETURN_IF_ERROR(secrets.Write("server", server_key.bytes()));
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(keys / "server.crt", server, FileMode::kPublic));
  MUTUAL_RETURN_IF_ERROR(secrets.Write("coordinator", entry_key.seed().bytes()));
  return secrets.Write("log", log_key.seed().bytes());
}

absl::StatusOr<std::unique_ptr<crypto::SigningKey>> LoadSigningKey(const crypto::KeyFolder& keys,
                                                                   const std::string& name) {
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret seed, keys.Read(name));
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey key, crypto::SigningKey::FromSeed(seed.bytes()));
  return std::make_unique<crypto::SigningKey>(std::move(key));
}

}  // namespace

absl::Status FederationState::Init(const InitRequest& request) {
  if (fs::exists(request.folder / "coordinator.toml")) {
    return WithCode(AlreadyExists("%s holds a federation already; choose another folder",
                                  request.folder.string()),
                    "ALREADY_INITIALISED");
  }
  if (request.federation.empty() ||
      request.federation.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") !=
          std::string::npos) {
    return InvalidArgument("federation name is \"%s\", want a domain-like name such as fed.example",
                           request.federation);
  }
  MUTUAL_ASSIGN_OR_RETURN(crypto::KeyFolder keys,
                          crypto::KeyFolder::Open(request.folder / "keys", crypto::ReadPassphrase));
  if (request.with_passphrase && !keys.has_passphrase()) {
    MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret passphrase,
                            crypto::ReadNewPassphrase(crypto::NewPassphrase::kFirst));
    MUTUAL_RETURN_IF_ERROR(keys.SetPassphrase(passphrase));
  }
  MUTUAL_RETURN_IF_ERROR(WriteKeys(request, keys));
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(request.folder / "rules.md",
                                          absl::StrFormat(kRules, request.federation),
                                          FileMode::kPublic));
  return WriteFileDurably(request.folder / "coordinator.toml",
                          absl::StrFormat(kConfig, request.federation, request.federation,
                                          request.listen, request.address),
                          FileMode::kPublic);
}

absl::StatusOr<std::unique_ptr<FederationState>> FederationState::Load(const fs::path& folder) {
  const auto config = ReadFile(folder / "coordinator.toml", kSmall);
  if (!config.ok()) {
    return WithCode(FailedPrecondition("%s holds no federation; begin one with: mutual-coordinator "
                                       "init %s",
                                       folder.string(), folder.string()),
                    "NOT_INITIALISED");
  }
  std::unique_ptr<FederationState> state(new FederationState());
  state->folder_ = folder;
  MUTUAL_ASSIGN_OR_RETURN(state->federation_, ValueOf(*config, "federation"));
  MUTUAL_ASSIGN_OR_RETURN(state->listen_, ValueOf(*config, "listen"));
  MUTUAL_ASSIGN_OR_RETURN(state->address_, ValueOf(*config, "address"));
  MUTUAL_ASSIGN_OR_RETURN(const std::string operated, ValueOf(*config, "operator_nodes"));
  state->operator_nodes_ = absl::StrSplit(operated, ' ', absl::SkipEmpty());
  MUTUAL_ASSIGN_OR_RETURN(state->keep_rounds_, KeepRoundsOf(*config));
  const fs::path keys = folder / "keys";
  MUTUAL_ASSIGN_OR_RETURN(const std::string ca, ReadFile(keys / "ca.crt", kSmall));
  MUTUAL_ASSIGN_OR_RETURN(const crypto::KeyFolder secrets,
                          crypto::KeyFolder::Open(keys, crypto::ReadPassphrase));
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret ca_key, secrets.Read("ca"));
  MUTUAL_ASSIGN_OR_RETURN(crypto::CertificateAuthority authority,
                          crypto::CertificateAuthority::Load(ca, ca_key));
  state->authority_ = std::make_unique<crypto::CertificateAuthority>(std::move(authority));
  MUTUAL_ASSIGN_OR_RETURN(state->server_certificate_, ReadFile(keys / "server.crt", kSmall));
  MUTUAL_ASSIGN_OR_RETURN(state->server_key_, secrets.Read("server"));
  MUTUAL_ASSIGN_OR_RETURN(state->log_key_, LoadSigningKey(secrets, "log"));
  MUTUAL_ASSIGN_OR_RETURN(state->entry_key_, LoadSigningKey(secrets, "coordinator"));
  return state;
}

absl::StatusOr<std::string> FederationState::Invite(Journal& journal, const std::string& role,
                                                    absl::Time expires) const {
  if (role != "node" && role != "researcher") {
    return InvalidArgument("role is \"%s\", want node or researcher", role);
  }
  crypto::Invitation invitation;
  invitation.address = address_;
  MUTUAL_ASSIGN_OR_RETURN(invitation.ca_fingerprint,
                          crypto::CertificateFingerprint(authority_->certificate_pem()));
  invitation.log_key = log_key_->verify_key().bytes();
  crypto::SystemRandom random;
  std::array<uint8_t, 16> secret;
  random.Fill(secret);
  invitation.secret = std::string(AsText(secret));
  MUTUAL_RETURN_IF_ERROR(journal.AddInvitation(
      {crypto::Sha256(invitation.secret).ToHex(), role, FormatUtc(expires), false}));
  return invitation.ToCode();
}

absl::Status FederationState::CheckNewcomer(Journal& journal, const Newcomer& newcomer,
                                            absl::Time now) const {
  MUTUAL_RETURN_IF_ERROR(NodeId::Parse(newcomer.organisation).status());
  MUTUAL_RETURN_IF_ERROR(crypto::VerifyKey::FromBytes(AsBytes(newcomer.identity_key)).status());
  MUTUAL_RETURN_IF_ERROR(crypto::VerifyKey::FromBytes(AsBytes(newcomer.witness_key)).status());
  const std::string hash = crypto::Sha256(newcomer.secret).ToHex();
  MUTUAL_ASSIGN_OR_RETURN(const auto invitation, journal.FindInvitation(hash));
  if (!invitation || invitation->role != newcomer.role) {
    return WithCode(PermissionDenied("no invitation with this code for the role %s; ask the "
                                     "coordinator's operator for one",
                                     newcomer.role),
                    "INVITATION_UNKNOWN");
  }
  absl::Time expires;
  if (!ParseUtc(invitation->expires, &expires) || now > expires) {
    return WithCode(PermissionDenied("this invitation expired on %s; ask for a new one",
                                     invitation->expires),
                    "INVITATION_EXPIRED");
  }
  if (invitation->used) {
    return WithCode(AlreadyExists("this invitation was used already; ask for a new one"),
                    "INVITATION_USED");
  }
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<Organisation> all, journal.Organisations());
  for (const Organisation& organisation : all) {
    if (organisation.name != newcomer.organisation) continue;
    return WithCode(AlreadyExists("an organisation called %s is enrolled already; choose another name",
                                  organisation.name),
                    "NAME_TAKEN");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FederationState::Enrol(Journal& journal, const Newcomer& newcomer,
                                                   absl::Time now) const {
  MUTUAL_RETURN_IF_ERROR(CheckNewcomer(journal, newcomer, now));
  const std::string hash = crypto::Sha256(newcomer.secret).ToHex();
  MUTUAL_ASSIGN_OR_RETURN(
      const std::string certificate,
      authority_->IssueClient(newcomer.certificate_request,
                              {newcomer.organisation, newcomer.role, federation_},
                              {now - absl::Hours(1), now + kMemberLife}));
  MUTUAL_ASSIGN_OR_RETURN(const Digest fingerprint, crypto::CertificateFingerprint(certificate));
  MUTUAL_RETURN_IF_ERROR(journal.Enrol(
      hash, {newcomer.organisation, newcomer.role, fingerprint.ToHex(),
             HexEncode(AsBytes(newcomer.identity_key)), HexEncode(AsBytes(newcomer.witness_key)),
             FormatUtc(now), ""}));
  return certificate;
}

}  // namespace mutual::coordinator
