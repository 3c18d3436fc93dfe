#include "client/node/home.h"

#include <sys/stat.h>

#include <array>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/ids.h"
#include "base/status.h"
#include "crypto/certificate.h"
#include "crypto/invitation.h"
#include "crypto/passphrase.h"
#include "transparency/witness_store.h"

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

absl::Status WrongFederation(const std::string& address) {
  return WithCode(
      Unauthenticated("the coordinator at %s does not belong to the federation of this invitation "
                      "(its certificate authority has another fingerprint). Check the address with "
                      "whoever invited you",
                      address),
      "WRONG_FEDERATION");
}

absl::StatusOr<std::string> FetchCa(const std::string& address, const Digest& fingerprint) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<std::string> chain,
                          crypto::FetchPeerCertificates(address, absl::Seconds(10)));
  for (const std::string& pem : chain) {
    MUTUAL_ASSIGN_OR_RETURN(const Digest found, crypto::CertificateFingerprint(pem));
    if (found == fingerprint) return pem;
  }
  return WrongFederation(address);
}

absl::Status CheckJoin(const JoinRequest& request) {
  if (fs::exists(request.folder / "federation.toml")) {
    return WithCode(AlreadyExists("%s is enrolled already; use another --dir for another federation",
                                  request.folder.string()),
                    "ALREADY_JOINED");
  }
  return NodeId::Parse(request.organisation).status();
}

struct NewKeys {
  crypto::Secret tls;
  std::unique_ptr<crypto::SigningKey> identity, witness;
  absl::Time time;  // of the identity key's making: the same at every attempt to join
};

absl::StatusOr<crypto::SigningKey> LoadSigningKey(const crypto::KeyFolder& keys, const std::string& name) {
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret seed, keys.Read(name));
  return crypto::SigningKey::FromSeed(seed.bytes());
}

absl::StatusOr<crypto::SigningKey> MakeOrLoadSigningKey(const crypto::KeyFolder& keys, const std::string& name,
                                                        crypto::RandomSource& random) {
  absl::StatusOr<crypto::SigningKey> kept = LoadSigningKey(keys, name);
  if (!absl::IsNotFound(kept.status())) return kept;
  crypto::SigningKey key = crypto::SigningKey::Generate(random);
  MUTUAL_RETURN_IF_ERROR(keys.Write(name, key.seed().bytes()));
  return key;
}

// Keys are kept before they are shown to anybody, so that a second attempt to join shows the same.
absl::StatusOr<NewKeys> MakeOrLoadKeys(const JoinRequest& request, crypto::RandomSource& random) {
  const fs::path folder = request.folder / "keys";
  MUTUAL_ASSIGN_OR_RETURN(crypto::KeyFolder keys, crypto::KeyFolder::Open(folder, crypto::ReadPassphrase));
  if (request.with_passphrase && !keys.has_passphrase()) {
    MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret passphrase,
                            crypto::ReadNewPassphrase(crypto::NewPassphrase::kFirst));
    MUTUAL_RETURN_IF_ERROR(keys.SetPassphrase(passphrase));
  }
  NewKeys made;
  absl::StatusOr<crypto::Secret> tls = keys.Read("tls");
  if (absl::IsNotFound(tls.status())) {
    tls = crypto::GenerateTlsKey();
    MUTUAL_RETURN_IF_ERROR(keys.Write("tls", tls->bytes()));
  }
  MUTUAL_RETURN_IF_ERROR(tls.status());
  made.tls = *std::move(tls);
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey identity, MakeOrLoadSigningKey(keys, "identity", random));
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey witness, MakeOrLoadSigningKey(keys, "witness", random));
  made.identity = std::make_unique<crypto::SigningKey>(std::move(identity));
  made.witness = std::make_unique<crypto::SigningKey>(std::move(witness));
  struct stat facts{};
  ::stat((folder / "identity.key").c_str(), &facts);
  made.time = absl::FromTimeT(facts.st_mtime);
  return made;
}

absl::StatusOr<transparency::NoteSigner> EntrySigner(const std::string& role,
                                                     const std::string& organisation,
                                                     const crypto::SigningKey& identity) {
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey key,
                          crypto::SigningKey::FromSeed(identity.seed().bytes()));
  return transparency::NoteSigner::Create(role == "node"
                                              ? transparency::NodeKeyName(organisation)
                                              : transparency::ResearcherKeyName(organisation),
                                          std::move(key));
}

std::string WitnessName(const std::string& organisation) { return "witness/" + organisation; }

absl::StatusOr<std::string> EnrolEntry(const JoinRequest& request, const Greeting& greeting,
                                       const NewKeys& made) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::NoteSigner signer,
                          EntrySigner(request.role, request.organisation, *made.identity));
  transparency::EntryWriter writer("enrol", greeting.origin);
  writer.Text(request.role, request.organisation)
      .Text("role", request.role)
      .Key("identity-key", signer.verifier())
      .Time("time", made.time);
  if (request.role == "node") {
    MUTUAL_ASSIGN_OR_RETURN(
        const transparency::NoteVerifier witness,
        transparency::NoteVerifier::Create(WitnessName(request.organisation),
                                           transparency::KeyType::kCosignature,
                                           made.witness->verify_key()));
    writer.Key("witness-key", witness);
  }
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Entry entry, writer.Finish());
  const transparency::NoteSigner* const signers[] = {&signer};
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry signed_entry,
                          transparency::SignEntry(entry, signers));
  return signed_entry.ToBytes();
}

}  // namespace

absl::Status Home::Join(const JoinRequest& request, crypto::RandomSource& random) {
  MUTUAL_RETURN_IF_ERROR(CheckJoin(request));
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Invitation invitation,
                          crypto::Invitation::Parse(request.code));
  const std::string address = request.address.empty() ? invitation.address : request.address;
  MUTUAL_ASSIGN_OR_RETURN(const std::string ca, FetchCa(address, invitation.ca_fingerprint));
  MUTUAL_ASSIGN_OR_RETURN(const std::unique_ptr<Channel> channel,
                          Channel::Connect({address, ca, "", nullptr}));
  return JoinThrough(request, {address, ca, channel.get()}, random);
}

absl::Status Home::JoinThrough(const JoinRequest& request, const JoinDoor& door,
                               crypto::RandomSource& random) {
  MUTUAL_RETURN_IF_ERROR(CheckJoin(request));
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Invitation invitation,
                          crypto::Invitation::Parse(request.code));
  MUTUAL_ASSIGN_OR_RETURN(const Digest authority, crypto::CertificateFingerprint(door.ca_pem));
  if (authority != invitation.ca_fingerprint) return WrongFederation(door.address);

  MUTUAL_ASSIGN_OR_RETURN(const NewKeys made, MakeOrLoadKeys(request, random));
  MUTUAL_ASSIGN_OR_RETURN(
      const std::string csr,
      crypto::MakeCertificateRequest(made.tls, {request.organisation, request.role, ""}));
  MUTUAL_ASSIGN_OR_RETURN(const Greeting greeting, door.channel->Hello());
  MUTUAL_ASSIGN_OR_RETURN(const std::string entry, EnrolEntry(request, greeting, made));
  MUTUAL_ASSIGN_OR_RETURN(const std::string certificate,
                          door.channel->Join({invitation.secret, csr, entry}));
  const fs::path keys = request.folder / "keys";
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(keys / "ca.crt", door.ca_pem, FileMode::kPublic));
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(keys / "tls.crt", certificate, FileMode::kPublic));
  if (request.role == "node") {
    MUTUAL_RETURN_IF_ERROR(
        transparency::FileWitnessStore::Create(request.folder / "witness").status());
  }
  const std::array values = {greeting.federation,  greeting.origin, door.address, request.organisation,
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
  MUTUAL_ASSIGN_OR_RETURN(crypto::KeyFolder key_folder,
                          crypto::KeyFolder::Open(keys, crypto::ReadPassphrase));
  home->keys_ = std::make_unique<crypto::KeyFolder>(std::move(key_folder));
  MUTUAL_ASSIGN_OR_RETURN(home->tls_key_, home->keys_->Read("tls"));
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey identity, LoadSigningKey(*home->keys_, "identity"));
  home->identity_ = std::make_unique<crypto::SigningKey>(std::move(identity));
  MUTUAL_ASSIGN_OR_RETURN(transparency::NoteSigner signer,
                          EntrySigner(home->role_, home->organisation_, *home->identity_));
  home->signer_ = std::make_unique<transparency::NoteSigner>(std::move(signer));
  return home;
}

absl::StatusOr<transparency::CosignatureSigner> Home::WitnessSigner() const {
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey key, LoadSigningKey(*keys_, "witness"));
  return transparency::CosignatureSigner::Create(WitnessName(organisation_),
                                                 std::move(key));
}

absl::StatusOr<std::string> Home::SignEntry(const transparency::Entry& entry) const {
  const transparency::NoteSigner* const signers[] = {signer_.get()};
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry signed_entry,
                          transparency::SignEntry(entry, signers));
  return signed_entry.ToBytes();
}

absl::StatusOr<std::unique_ptr<Channel>> Home::Connect() const {
  return Channel::Connect({address_, ca_pem_, certificate_pem_, &tls_key_});
}

}  // namespace mutual::client
