// FetchPeerCertificates of crypto/certificate.h: one TLS handshake that trusts nothing.
#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/status.h"
#include "crypto/certificate.h"

namespace mutual::crypto {
namespace {

struct Socket {
  int file = -1;
  ~Socket() {
    if (file >= 0) ::close(file);
  }
};

struct Session {
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  ~Session() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
};

absl::Status Unreachable(const std::string& address, const std::string& why) {
  return WithCode(Unavailable("cannot reach the coordinator at %s: %s. Is it running, and is the "
                              "address right?",
                              address, why),
                  "COORDINATOR_UNREACHABLE");
}

absl::Status Dial(const std::string& address, absl::Duration timeout, Socket* connection) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return InvalidArgument("coordinator address is \"%s\", want host:port", address);
  }
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found);
  if (error != 0) return Unreachable(address, ::gai_strerror(error));
  timeval limit = absl::ToTimeval(timeout);
  for (addrinfo* at = found; at != nullptr; at = at->ai_next) {
    connection->file = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (connection->file < 0) continue;
    ::setsockopt(connection->file, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    ::setsockopt(connection->file, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (::connect(connection->file, at->ai_addr, at->ai_addrlen) == 0) break;
    ::close(connection->file);
    connection->file = -1;
  }
  ::freeaddrinfo(found);
  return connection->file >= 0 ? absl::OkStatus()
                               : Unreachable(address, "the connection was refused or timed out");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FetchPeerCertificates(const std::string& address,
                                                               absl::Duration timeout) {
  Socket connection;
  MUTUAL_RETURN_IF_ERROR(Dial(address, timeout, &connection));
  Session session;
  session.context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(session.context, TLS1_3_VERSION);
  SSL_CTX_set_verify(session.context, SSL_VERIFY_NONE, nullptr);
  session.ssl = SSL_new(session.context);
  const unsigned char alpn[] = {2, 'h', '2'};
  SSL_set_alpn_protos(session.ssl, alpn, sizeof(alpn));
  SSL_set_tlsext_host_name(session.ssl, "coordinator.mutual");
  SSL_set_fd(session.ssl, connection.file);
  if (SSL_connect(session.ssl) != 1) {
    ERR_clear_error();
    return Unreachable(address, "it does not speak TLS 1.3");
  }
  std::vector<std::string> certificates;
  STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(session.ssl);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, sk_X509_value(chain, i));
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    certificates.emplace_back(data, static_cast<size_t>(size));
    BIO_free(bio);
  }
  return certificates;
}

}  // namespace mutual::crypto
