#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <memory>

#include "base/fd.h"
#include "base/pki/x509_text.h"
#include "client/lib/diagnose.h"

namespace lodge::client {

namespace {

template <auto Free>
struct FreeWith {
  void operator()(auto* p) const { Free(p); }
};
using Context = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, FreeWith<SSL_free>>;

// OpenSSL writes to sockets in a way that raises SIGPIPE when the other end is gone. While this lives, the thread gets none.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    ::sigemptyset(&sigpipe_);
    ::sigaddset(&sigpipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;
  ~WithoutSigpipe() {
    const timespec at_once{};
    if (!::sigismember(&before_, SIGPIPE)) ::sigtimedwait(&sigpipe_, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t sigpipe_{};
  sigset_t before_{};
};

bool wait_for(int fd, short events, Deadline deadline) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  int ready;
  do ready = ::poll(&entry, 1, deadline.left_ms());
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

// Connected, or the errno.
std::expected<Fd, int> connect_to(const addrinfo& where, Deadline deadline) {
  Fd fd(::socket(where.ai_family, where.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, where.ai_protocol));
  if (!fd) return std::unexpected(errno);
  if (::connect(fd.get(), where.ai_addr, where.ai_addrlen) == 0) return fd;
  if (errno != EINPROGRESS) return std::unexpected(errno);
  if (!wait_for(fd.get(), POLLOUT, deadline)) return std::unexpected(ETIMEDOUT);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return std::unexpected(error);
  return fd;
}

Result<Fd> connect_to(const TlsAddress& address, Deadline deadline) {
  const addrinfo hints{.ai_flags = AI_NUMERICSERV, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found))
    return fail(Code::unavailable, "cannot reach lodged at {}: {}: {}", address.host_port(), address.host,
                error == EAI_SYSTEM ? errno_text(errno) : gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* each = list.get(); each; each = each->ai_next) {
    auto fd = connect_to(*each, deadline);
    if (fd) return std::move(*fd);
    error = fd.error();
  }
  return fail(Code::unavailable, "cannot reach lodged at {}: {}{}", address.host_port(), errno_text(error),
              error == ECONNREFUSED ? "; is its TLS door on? ('enabled = true' below [tls] in its lodged.toml)"
              : error == ETIMEDOUT  ? "; is a firewall in between?"
                                    : "");
}

Context make_context(const TlsMaterial& material) {
  Context context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_load_verify_file(context.get(), material.files.ca.c_str());
  SSL_CTX_use_certificate_chain_file(context.get(), material.files.certificate.c_str());
  SSL_CTX_use_PrivateKey_file(context.get(), material.files.key.c_str(), SSL_FILETYPE_PEM);
  // gRPC speaks HTTP/2 only, and its servers close on those who do not announce it.
  static constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof kHttp2);
  return context;
}

// Keeps what the certificate that was not trusted calls itself: after the handshake has failed, OpenSSL no longer has it.
int note_distrusted(int trusted, X509_STORE_CTX* store) {
  const auto* session = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* identity = static_cast<std::string*>(SSL_get_app_data(session));
  if (!trusted) *identity = pki::x509_identity(X509_STORE_CTX_get0_cert(store));
  return trusted;
}

// `distrusted` outlives it; see note_distrusted().
Session make_session(SSL_CTX* context, int fd, const std::string& name, std::string& distrusted) {
  Session session(SSL_new(context));
  SSL_set_app_data(session.get(), &distrusted);
  SSL_set_verify(session.get(), SSL_VERIFY_PEER, note_distrusted);
  SSL_set_fd(session.get(), fd);
  SSL_set_tlsext_host_name(session.get(), name.c_str());
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), name.c_str()) != 1)
    SSL_set1_host(session.get(), name.c_str());
  ERR_clear_error();
  return session;
}

enum class Outcome { done, failed, closed, late };

// Runs one OpenSSL step until it has ended or `deadline` has passed.
template <class Step>
Outcome drive(SSL* session, Deadline deadline, Step step) {
  for (;;) {
    ERR_clear_error();
    const int result = step();
    if (result > 0) return Outcome::done;
    switch (SSL_get_error(session, result)) {
      case SSL_ERROR_WANT_READ:
        if (!wait_for(SSL_get_fd(session), POLLIN, deadline)) return Outcome::late;
        break;
      case SSL_ERROR_WANT_WRITE:
        if (!wait_for(SSL_get_fd(session), POLLOUT, deadline)) return Outcome::late;
        break;
      case SSL_ERROR_SSL:
        // OpenSSL 3 reports a connection that just ends as a protocol error.
        return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? Outcome::closed
                                                                                      : Outcome::failed;
      default: return Outcome::closed;
    }
  }
}

std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  return reason ? reason : "no reason given";
}

// The certificate that the daemon showed is not one to trust.
Error untrusted(long verdict, const TlsAddress& address, std::string_view identity, const std::string& name,
                const TlsMaterial& material) {
  const bool wrong_name = verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH;
  if (wrong_name)
    return Error(
        Code::unavailable,
        fmt::format(
            "{} shows a certificate for other names ({}), not for {}; use one of "
            "them in the address, give it with --tls-server-name, or make another there: lodge pki issue-server "
            "{} --force",
            address.host_port(), identity, name, name));
  return Error(
      Code::unavailable,
      fmt::format("the certificate of {} ({}) is not to be trusted: {} (checked with {}); on that host, check it with: "
                  "lodge pki check host",
                  address.host_port(), identity, X509_verify_cert_error_string(verdict), material.files.ca.string()));
}

Error refused(const TlsAddress& address, const TlsMaterial& material, std::string_view how) {
  return Error(
      Code::permission_denied,
      fmt::format("{} does not let us in ({}); our certificate {} says: {}. Is its authority the one in the "
                  "daemon's 'ca', and is one of these names in its 'allow' list or enrolled, and not revoked? lodged's "
                  "log there tells which; check ours with: lodge pki check client",
                  address.host_port(), how, material.files.certificate.string(), material.identity));
}

}  // namespace

Error diagnose_tls(const TlsAddress& address, const std::string& server_name, const TlsMaterial& material,
                   std::string_view hint, Deadline deadline) {
  auto fd = connect_to(address, deadline);
  if (!fd) return std::move(fd).error();

  const WithoutSigpipe without_sigpipe;
  const std::string& name = server_name.empty() ? address.host : server_name;
  const Context context = make_context(material);
  std::string distrusted;
  const Session session = make_session(context.get(), fd->get(), name, distrusted);
  const Outcome handshake = drive(session.get(), deadline, [&] { return SSL_connect(session.get()); });
  if (handshake != Outcome::done) {
    if (const long verdict = SSL_get_verify_result(session.get()); verdict != X509_V_OK)
      return untrusted(verdict, address, distrusted, name, material);
    return Error(Code::unavailable,
                 fmt::format("TLS with {} failed: {}; is that lodged's TLS door?", address.host_port(),
                             handshake == Outcome::late     ? "no answer"
                             : handshake == Outcome::closed ? "it closed the connection"
                                                            : openssl_reason()));
  }

  // With TLS 1.3 the daemon judges our certificate after our side of the handshake is over; then come either its refusal or
  // the first bytes of HTTP/2.
  char byte;
  switch (drive(session.get(), deadline, [&] { return SSL_read(session.get(), &byte, 1); })) {
    case Outcome::failed: return refused(address, material, openssl_reason());
    case Outcome::closed: return refused(address, material, "it closed the connection");
    case Outcome::late:
      return Error(Code::unavailable, fmt::format("{} accepts connections but does not answer", address.host_port()));
    case Outcome::done: break;
  }
  return Error(Code::unavailable,
               fmt::format("{} ended the connection ({}); what was asked may or may not have been done",
                           address.host_port(), hint));
}

}  // namespace lodge::client
