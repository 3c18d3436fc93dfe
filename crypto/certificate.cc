#include "crypto/certificate.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"

namespace mutual::crypto {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const { Free(pointer); }
};
void FreeBio(BIO* bio) { BIO_free_all(bio); }
using Bio = std::unique_ptr<BIO, Deleter<FreeBio>>;
using Pkey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

Bio Reader(std::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string Drain(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

absl::StatusOr<Pkey> ReadKey(const Secret& pem) {
  const Bio bio = Reader(AsText(pem.bytes()));
  Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return InvalidArgument("the private key is not PEM; restore keys/tls.key");
  return key;
}

absl::StatusOr<X509Ptr> ReadCertificate(const std::string& pem) {
  const Bio bio = Reader(pem);
  X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (certificate == nullptr) return InvalidArgument("found no PEM certificate");
  return certificate;
}

std::string WriteCertificate(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), certificate) != 1) std::abort();
  return Drain(bio);
}

void AddName(X509_NAME* name, const char* field, const std::string& value) {
  if (value.empty()) return;
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(value.data()),
                             static_cast<int>(value.size()), -1, 0);
}

void SetSubject(X509_NAME* name, const Subject& subject) {
  AddName(name, "O", subject.federation);
  AddName(name, "OU", subject.role);
  AddName(name, "CN", subject.organisation);
}

std::string NameField(X509_NAME* name, int nid) {
  std::array<char, 256> buffer{};
  const int size = X509_NAME_get_text_by_NID(name, nid, buffer.data(), buffer.size());
  return size < 0 ? std::string() : std::string(buffer.data(), static_cast<size_t>(size));
}

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromCivil(absl::CivilSecond(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                                           parts.tm_hour, parts.tm_min, parts.tm_sec),
                         absl::UTCTimeZone());
}

bool IsP256(EVP_PKEY* key) {
  std::array<char, 32> group{};
  size_t size = 0;
  return key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         std::string(group.data(), size) == "prime256v1";
}

struct Draft {
  EVP_PKEY* key;
  const Subject& subject;
  const Validity& validity;
  X509* issuer;  // null: self-signed
  std::vector<std::pair<int, std::string>> extensions;
};

absl::StatusOr<X509Ptr> Build(const Draft& draft, EVP_PKEY* signer) {
  X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  std::array<uint8_t, 16> serial;
  if (RAND_bytes(serial.data(), serial.size()) != 1) std::abort();
  serial[0] = static_cast<uint8_t>((serial[0] & 0x7f) | 0x40);
  BIGNUM* number = BN_bin2bn(serial.data(), serial.size(), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(draft.validity.from));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(draft.validity.until));
  SetSubject(X509_get_subject_name(certificate.get()), draft.subject);
  X509* const issuer = draft.issuer != nullptr ? draft.issuer : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  X509_set_pubkey(certificate.get(), draft.key);
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate.get(), nullptr, nullptr, 0);
  for (const auto& [nid, value] : draft.extensions) {
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    if (extension == nullptr) return InvalidArgument("\"%s\" is no host name or address", value);
    X509_add_ext(certificate.get(), extension.get(), -1);
  }
  if (X509_sign(certificate.get(), signer, EVP_sha256()) == 0) {
    return Internal("OpenSSL could not sign a certificate");
  }
  return certificate;
}

absl::StatusOr<Pkey> KeyOfRequest(const std::string& request_pem) {
  const Bio bio = Reader(request_pem);
  const Request request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (request == nullptr) return InvalidArgument("found no PEM certificate request");
  Pkey key(X509_REQ_get_pubkey(request.get()));
  if (!IsP256(key.get())) return InvalidArgument("the request's key is not P-256; join again");
  if (X509_REQ_verify(request.get(), key.get()) != 1) {
    return InvalidArgument("the certificate request is not signed by its own key; join again");
  }
  return key;
}

}  // namespace

Secret GenerateTlsKey() {
  const Pkey key(EVP_EC_gen("P-256"));
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (key == nullptr || PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0,
                                                      nullptr, nullptr) != 1) {
    std::abort();
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return Secret::FromBytes(AsBytes(std::string_view(data, static_cast<size_t>(size))));
}

absl::StatusOr<std::string> MakeCertificateRequest(const Secret& key_pem, const Subject& subject) {
  MUTUAL_ASSIGN_OR_RETURN(const Pkey key, ReadKey(key_pem));
  const Request request(X509_REQ_new());
  X509_REQ_set_version(request.get(), 0);
  SetSubject(X509_REQ_get_subject_name(request.get()), subject);
  X509_REQ_set_pubkey(request.get(), key.get());
  if (X509_REQ_sign(request.get(), key.get(), EVP_sha256()) == 0) {
    return Internal("OpenSSL could not sign a certificate request");
  }
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509_REQ(bio.get(), request.get()) != 1) std::abort();
  return Drain(bio);
}

absl::StatusOr<CertificateInfo> InspectCertificate(const std::string& certificate_pem) {
  MUTUAL_ASSIGN_OR_RETURN(const X509Ptr certificate, ReadCertificate(certificate_pem));
  CertificateInfo info;
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  info.subject = {NameField(name, NID_commonName), NameField(name, NID_organizationalUnitName),
                  NameField(name, NID_organizationName)};
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get_serialNumber(certificate.get()), nullptr);
  std::string serial(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<uint8_t*>(serial.data()));
  BN_free(number);
  info.serial_hex = HexEncode(AsBytes(serial));
  MUTUAL_ASSIGN_OR_RETURN(info.fingerprint, CertificateFingerprint(certificate_pem));
  info.not_before = ToTime(X509_get0_notBefore(certificate.get()));
  info.not_after = ToTime(X509_get0_notAfter(certificate.get()));
  return info;
}

absl::StatusOr<Digest> CertificateFingerprint(const std::string& pem) {
  MUTUAL_ASSIGN_OR_RETURN(const X509Ptr certificate, ReadCertificate(pem));
  uint8_t* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  if (size < 0) return Internal("OpenSSL could not encode a certificate");
  const Digest digest = Sha256(std::span<const uint8_t>(der, static_cast<size_t>(size)));
  OPENSSL_free(der);
  return digest;
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(const std::string& federation,
                                                                  const Validity& validity) {
  Secret key_pem = GenerateTlsKey();
  MUTUAL_ASSIGN_OR_RETURN(const Pkey key, ReadKey(key_pem));
  const Subject subject{federation + " certificate authority", "authority", federation};
  MUTUAL_ASSIGN_OR_RETURN(const X509Ptr certificate,
                          Build({key.get(), subject, validity, nullptr,
                                 {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                  {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                  {NID_subject_key_identifier, "hash"}}},
                                key.get()));
  return CertificateAuthority(WriteCertificate(certificate.get()), std::move(key_pem));
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Load(const std::string& certificate_pem,
                                                                const Secret& key_pem) {
  MUTUAL_ASSIGN_OR_RETURN(const X509Ptr certificate, ReadCertificate(certificate_pem));
  MUTUAL_ASSIGN_OR_RETURN(const Pkey key, ReadKey(key_pem));
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return DataLoss("the certificate authority's key does not fit its certificate; restore both");
  }
  return CertificateAuthority(certificate_pem, key_pem.Clone());
}

absl::StatusOr<std::string> CertificateAuthority::IssueClient(const std::string& request_pem,
                                                              const Subject& subject,
                                                              const Validity& validity) const {
  MUTUAL_ASSIGN_OR_RETURN(const Pkey key, KeyOfRequest(request_pem));
  MUTUAL_ASSIGN_OR_RETURN(const Pkey signer, ReadKey(key_pem_));
  MUTUAL_ASSIGN_OR_RETURN(const X509Ptr issuer, ReadCertificate(certificate_pem_));
  MUTUAL_ASSIGN_OR_RETURN(const X509Ptr certificate,
                          Build({key.get(), subject, validity, issuer.get(),
                                 {{NID_basic_constraints, "critical,CA:FALSE"},
                                  {NID_key_usage, "critical,digitalSignature"},
                                  {NID_ext_key_usage, "clientAuth"},
                                  {NID_subject_key_identifier, "hash"},
                                  {NID_authority_key_identifier, "keyid:always"}}},
                                signer.get()));
  return WriteCertificate(certificate.get());
}

absl::StatusOr<std::string> CertificateAuthority::IssueServer(
    const std::string& request_pem, const Subject& subject, const std::vector<std::string>& hosts,
    const Validity& validity) const {
  MUTUAL_ASSIGN_OR_RETURN(const Pkey key, KeyOfRequest(request_pem));
  MUTUAL_ASSIGN_OR_RETURN(const Pkey signer, ReadKey(key_pem_));
  MUTUAL_ASSIGN_OR_RETURN(const X509Ptr issuer, ReadCertificate(certificate_pem_));
  std::vector<std::string> names;
  for (const std::string& host : hosts) {
    const bool address = host.find_first_not_of("0123456789.") == std::string::npos ||
                         absl::StrContains(host, ":");
    names.push_back((address ? "IP:" : "DNS:") + host);
  }
  MUTUAL_ASSIGN_OR_RETURN(const X509Ptr certificate,
                          Build({key.get(), subject, validity, issuer.get(),
                                 {{NID_basic_constraints, "critical,CA:FALSE"},
                                  {NID_key_usage, "critical,digitalSignature"},
                                  {NID_ext_key_usage, "serverAuth"},
                                  {NID_subject_alt_name, absl::StrJoin(names, ",")},
                                  {NID_subject_key_identifier, "hash"},
                                  {NID_authority_key_identifier, "keyid:always"}}},
                                signer.get()));
  return WriteCertificate(certificate.get());
}

absl::Status VerifyIssuedBy(const std::string& certificate_pem, const std::string& ca_pem,
                            absl::Time now) {
  const absl::StatusOr<X509Ptr> certificate = ReadCertificate(certificate_pem);
  MUTUAL_ASSIGN_OR_RETURN(const X509Ptr ca, ReadCertificate(ca_pem));
  const Pkey ca_key(X509_get_pubkey(ca.get()));
  if (!certificate.ok() || X509_cmp(certificate->get(), ca.get()) == 0 ||
      X509_verify(certificate->get(), ca_key.get()) != 1) {
    ERR_clear_error();
    return WithCode(Unauthenticated("this certificate was not issued by this federation; join with "
                                    "an invitation from its coordinator"),
                    "CERTIFICATE_UNKNOWN");
  }
  const absl::Time from = ToTime(X509_get0_notBefore(certificate->get()));
  const absl::Time until = ToTime(X509_get0_notAfter(certificate->get()));
  if (now < from) {
    return WithCode(Unauthenticated("this certificate is valid from %s only; check this machine's "
                                    "clock",
                                    absl::FormatTime(from, absl::UTCTimeZone())),
                    "CERTIFICATE_NOT_YET_VALID");
  }
  if (now > until) {
    return WithCode(Unauthenticated("this certificate expired on %s; ask for a new invitation and "
                                    "join again",
                                    absl::FormatTime(until, absl::UTCTimeZone())),
                    "CERTIFICATE_EXPIRED");
  }
  return absl::OkStatus();
}

}  // namespace mutual::crypto
