#include "daemon/rpc/peer.h"

#include <sys/socket.h>

#include <charconv>

namespace lodge::rpc {
namespace {

std::vector<std::string> properties(const grpc::AuthContext& auth, const char* name) {
  std::vector<std::string> values;
  for (const grpc::string_ref& value : auth.FindPropertyValues(name)) values.emplace_back(value.data(), value.size());
  return values;
}

access::TlsPeer tls_peer(const grpc::AuthContext& auth, std::string address) {
  const auto common_name = properties(auth, "x509_common_name");
  return {.names = access::identities_of(properties(auth, "peer_uri"), properties(auth, "peer_dns"),
                                         common_name.empty() ? std::string() : common_name.front()),
          .address = std::move(address)};
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

Result<access::Peer> peer_of(const grpc::ServerContextBase& context) {
  const std::string name = context.peer();
  const auto auth = context.auth_context();
  if (auth != nullptr && auth->IsPeerAuthenticated()) return tls_peer(*auth, name);
  if (const auto fd = connection_fd(name)) {
    TRY_ASSIGN(access::LocalPeer peer, local_peer(*fd));
    return peer;
  }
  return fail(Code::unauthenticated, "cannot tell who {} is", name);
}

}  // namespace lodge::rpc
