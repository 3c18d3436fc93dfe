#include "client/node/home.h"

#include <array>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/ids.h"
#include "base/status.h"
#include "crypto/certificate.h"
#include "crypto/invitation.h"

namespace mutual::client {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kSmall = 1 << 20;

// federation.toml is five "key = "value"" lines that only this program writes.
constexpr std::array kKeys = {"federation", "origin", "address", "organisation", "role", "log_key"};

absl::StatusOr<std::string> ValueOf(const std::string& text, const std::string& key) {
  const std::string start = key + " = \"";
  size_t at = text.rfind(start, 0) == 0 ? 0 : text.find("\n" + start);
  if (at == std::string::npos) return DataLoss("federation.toml has no %s; join again", key);
  at = text.find('"', at) + 1;
  const size_t end = text.find('"', at);
  if (end == std::string::npos) return DataLoss("federation.toml is cut off; join again");
  return text.substr(at, end - at);
}

absl::StatusOr<std::string> FetchCa(const std::string& address, const Digest& fingerprint) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<std::string> chain,
                          crypto::FetchPeerCertificates(address, absl::Seconds(10)));
  for (const std::string& pem : chain) {
    MUTUAL_ASSIGN_OR_RETURN(const Digest found, crypto::CertificateFingerprint(pem));
    if (found == fingerprint) return pem;
  }
  return WithCode(
      Unauthenticated("the coordinator at %s does not belong to the federation of this invitation "
                      "(its certificate authority has another fingerprint). Check the address with "
                      "whoever invited you",
                      address),
      "WRONG_FEDERATION");
}

}  // namespace

absl::Status Home::Join(const JoinRequest& request, crypto::RandomSource& random) {
  if (fs::exists(request.folder / "federation.toml")) {
    return WithCode(AlreadyExists("%s is enrolled already; use another --dir for another federation",
                                  request.folder.string()),
                    "ALREADY_JOINED");
  }
  MUTUAL_RETURN_IF_ERROR(NodeId::Parse(request.organisation).status());
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Invitation invitation,
                          crypto::Invitation::Parse(request.code));
  const std::string address = request.address.empty() ? invitation.address : request.address;
  MUTUAL_ASSIGN_OR_RETURN(const std::string ca, FetchCa(address, invitation.ca_fingerprint));

  const crypto::Secret tls_key = crypto::GenerateTlsKey();
  const crypto::SigningKey identity = crypto::SigningKey::Generate(random);
  const crypto::SigningKey witness = crypto::SigningKey::Generate(random);
  MUTUAL_ASSIGN_OR_RETURN(
      const std::string csr,
      crypto::MakeCertificateRequest(tls_key, {request.organisation, request.role, ""}));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Channel> channel,
                          Channel::Connect({address, ca, "", nullptr}));
  MUTUAL_ASSIGN_OR_RETURN(
      const JoinReply reply,
      channel->Join({invitation.secret, request.organisation, request.role, csr,
                     std::string(AsText(identity.verify_key().bytes())),
                     std::string(AsText(witness.verify_key().bytes()))}));

  const fs::path keys = request.folder / "keys";
  std::error_code error;
  fs::create_directories(keys, error);
  if (error) return Unavailable("cannot create %s: %s", keys.string(), error.message());
  fs::permissions(keys, fs::perms::owner_all, error);
  const auto secret = FileMode::kSecret;
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(keys / "tls.key", AsText(tls_key.bytes()), secret));
  MUTUAL_RETURN_IF_ERROR(
      WriteFileDurably(keys / "identity.key", AsText(identity.seed().bytes()), secret));
  MUTUAL_RETURN_IF_ERROR(
      WriteFileDurably(keys / "witness.key", AsText(witness.seed().bytes()), secret));
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(keys / "ca.crt", ca, FileMode::kPublic));
  MUTUAL_RETURN_IF_ERROR(
      WriteFileDurably(keys / "tls.crt", reply.certificate_pem, FileMode::kPublic));
  const std::array values = {reply.federation,     reply.origin, address, request.organisation,
                             request.role, HexEncode(invitation.log_key)};
  std::string text;
  for (size_t i = 0; i < kKeys.size(); ++i) {
    text += absl::StrFormat("%s = \"%s\"\n", kKeys[i], values[i]);
  }
  return WriteFileDurably(request.folder / "federation.toml", text, FileMode::kPublic);
}

absl::StatusOr<std::unique_ptr<Home>> Home::Load(const fs::path& folder) {
  const absl::StatusOr<std::string> text = ReadFile(folder / "federation.toml", kSmall);
  if (!text.ok()) {
    return WithCode(FailedPrecondition("%s is not enrolled in a federation; ask its coordinator for "
                                       "an invitation, then: join CODE --dir %s",
                                       folder.string(), folder.string()),
                    "NOT_JOINED");
  }
  std::unique_ptr<Home> home(new Home());
  home->folder_ = folder;
  MUTUAL_ASSIGN_OR_RETURN(home->federation_, ValueOf(*text, "federation"));
  MUTUAL_ASSIGN_OR_RETURN(home->origin_, ValueOf(*text, "origin"));
  MUTUAL_ASSIGN_OR_RETURN(home->address_, ValueOf(*text, "address"));
  MUTUAL_ASSIGN_OR_RETURN(home->organisation_, ValueOf(*text, "organisation"));
  MUTUAL_ASSIGN_OR_RETURN(home->role_, ValueOf(*text, "role"));
  MUTUAL_ASSIGN_OR_RETURN(const std::string log_hex, ValueOf(*text, "log_key"));
  MUTUAL_ASSIGN_OR_RETURN(const std::string log_bytes, HexDecode(log_hex));
  MUTUAL_ASSIGN_OR_RETURN(crypto::VerifyKey log_key,
                          crypto::VerifyKey::FromBytes(AsBytes(log_bytes)));
  home->log_key_ = std::make_unique<crypto::VerifyKey>(log_key);
  const fs::path keys = folder / "keys";
  MUTUAL_ASSIGN_OR_RETURN(home->ca_pem_, ReadFile(keys / "ca.crt", kSmall));
  MUTUAL_ASSIGN_OR_RETURN(home->certificate_pem_, ReadFile(keys / "tls.crt", kSmall));
  MUTUAL_ASSIGN_OR_RETURN(const std::string tls_key, ReadFile(keys / "tls.key", kSmall));
  home->tls_key_ = crypto::Secret::FromBytes(AsBytes(tls_key));
  MUTUAL_ASSIGN_OR_RETURN(const std::string seed, ReadFile(keys / "identity.key", kSmall));
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey identity,
                          crypto::SigningKey::FromSeed(AsBytes(seed)));
  home->identity_ = std::make_unique<crypto::SigningKey>(std::move(identity));
  return home;
}

absl::StatusOr<std::unique_ptr<Channel>> Home::Connect() const {
  return Channel::Connect({address_, ca_pem_, certificate_pem_, &tls_key_});
}

}  // namespace mutual::client
