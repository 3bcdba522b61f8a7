#include "daemon/rpc/peer.h"

#include <sys/socket.h>

#include <charconv>

#include "daemon/rpc/connections.h"

namespace lodge::rpc {
namespace {

std::string property(const grpc::AuthContext& auth, const char* name) {
  const std::vector<grpc::string_ref> values = auth.FindPropertyValues(name);
  return values.empty() ? std::string() : std::string(values.front().data(), values.front().size());
}

Result<Caller> tls_caller(const grpc::AuthContext& auth, std::string address, ClientCertificates& certificates) {
  TRY_ASSIGN(const ClientCertificates::Judged judged,
             certificates.judge(property(auth, "x509_pem_cert"), property(auth, "x509_pem_cert_chain")));
  return Caller{.peer = access::TlsPeer{.names = judged->names,
                                        .address = std::move(address),
                                        .fingerprint = judged->fingerprint},
                .certificate = judged};
}

}  // namespace

std::optional<int> connection_fd(const std::string& peer_name) {
  constexpr std::string_view kPrefix = "fd:";
  if (!peer_name.starts_with(kPrefix)) return std::nullopt;
  int fd = -1;
  const char* const end = peer_name.data() + peer_name.size();
  const auto [stop, error] = std::from_chars(peer_name.data() + kPrefix.size(), end, fd);
  if (error != std::errc() || stop != end || fd < 0) return std::nullopt;
  return fd;
}

Result<access::LocalPeer> local_peer(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return fail_errno(errno, "ask who is at the other end");
  // A caller in a foreign pid namespace has no pid here; one without any credentials has no uid either.
  if (credentials.uid == static_cast<uid_t>(-1))
    return fail(Code::unauthenticated, "the kernel does not tell who is at the other end");
  std::vector<gid_t> groups(32);
  for (;;) {
    size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) break;
    if (errno != ERANGE) return fail_errno(errno, "ask for the groups of the other end");
    groups.resize(size / sizeof(gid_t));
  }
  groups.resize(size / sizeof(gid_t));
  return access::LocalPeer{credentials.pid, credentials.uid, credentials.gid, std::move(groups)};
}

Result<Caller> caller_of(const grpc::ServerContextBase& context, ClientCertificates& certificates) {
  const std::string name = plain_name(context.peer());
  const auto auth = context.auth_context();
  if (auth != nullptr && auth->IsPeerAuthenticated()) return tls_caller(*auth, name, certificates);
  if (const auto fd = connection_fd(name)) {
    TRY_ASSIGN(access::LocalPeer peer, local_peer(*fd));
    return Caller{.peer = std::move(peer)};
  }
  return fail(Code::unauthenticated, "cannot tell who {} is", name);
}

}  // namespace lodge::rpc
