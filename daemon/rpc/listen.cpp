#include "daemon/rpc/listen.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <memory>

#include "base/undo.h"

namespace lodge::rpc {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<Addresses> parse_address(const std::string& address) {
  const auto wrong = [&](std::string_view why) {
    return fail(Code::invalid_argument, "'{}' is not an address and port such as 0.0.0.0:16515 or [::]:16515: {}",
                address, why);
  };
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return wrong("it has no port");
  std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return wrong("it has no address");
  const addrinfo hints{
      .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
    return wrong(::gai_strerror(error));
  return Addresses(found, &::freeaddrinfo);
}

Result<void> make_non_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    return fail_errno(errno, "prepare inherited socket {}", fd);
  return {};
}

Result<Sockets> inherited_sockets() {
  const int count = ::sd_listen_fds(/*unset_environment=*/1);
  if (count < 0) return fail_errno(-count, "take the sockets of the service manager");
  Sockets sockets;
  for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd) {
    const bool local = ::sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0;
    const bool remote = ::sd_is_socket(fd, AF_INET, SOCK_STREAM, 1) > 0 ||
                        ::sd_is_socket(fd, AF_INET6, SOCK_STREAM, 1) > 0;
    Fd& slot = local ? sockets.local : sockets.remote;
    if (!local && !remote)
      return fail(Code::invalid_argument, "inherited descriptor {} is not a listening stream socket", fd);
    if (slot)
      return fail(Code::invalid_argument, "inherited descriptor {}: a second {} socket", fd, local ? "Unix" : "TCP");
    slot.reset(fd);
    TRY(make_non_blocking(fd));
  }
  return sockets;
}

// What may be replaced by a socket of ours: nothing, or the socket of a daemon before us.
Result<void> check_free(const fs::path& path) {
  struct stat there{};
  if (::lstat(path.c_str(), &there) != 0)
    return errno == ENOENT ? Result<void>() : fail_errno(errno, "look at {}", path.string());
  if (S_ISSOCK(there.st_mode)) return {};
  return fail(Code::already_exists,
              "{} is in the way of the daemon's socket, and is none itself: move it, or serve elsewhere",
              path.string());
}

}  // namespace

Result<Fd> listen_unix(const fs::path& path) {
  TRY(check_free(path));
  const fs::path fresh = path.parent_path() / ("." + path.filename().string() + ".new");
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (fresh.native().size() >= sizeof address.sun_path)
    return fail(Code::invalid_argument, "socket {}: a socket's path has at most {} characters; use a shorter folder",
                path.string(), sizeof address.sun_path - 6);
  fresh.native().copy(address.sun_path, sizeof address.sun_path - 1);

  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno(errno, "socket {}", path.string());
  TRY(check_free(fresh));
  ::unlink(fresh.c_str());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno(errno, "bind {}", fresh.string());
  Undo undo;
  undo.push([&] { ::unlink(fresh.c_str()); });
  if (::chmod(fresh.c_str(), 0666) != 0) return fail_errno(errno, "open {} to local users", fresh.string());
  if (::listen(socket.get(), SOMAXCONN) != 0) return fail_errno(errno, "listen on {}", fresh.string());
  if (::rename(fresh.c_str(), path.c_str()) != 0) return fail_errno(errno, "put socket at {}", path.string());
  undo.commit();
  return socket;
}

Result<Fd> listen_tcp(const std::string& address) {
  TRY_ASSIGN(const Addresses parsed, parse_address(address));
  Fd socket(::socket(parsed->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!socket) return fail_errno(errno, "socket for {}", address);
  const int on = 1;
  // Only lets a new daemon listen while connections of its predecessor linger; never two at once.
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.get(), parsed->ai_addr, parsed->ai_addrlen) != 0) return fail_errno(errno, "bind {}", address);
  if (::listen(socket.get(), SOMAXCONN) != 0) return fail_errno(errno, "listen on {}", address);
  return socket;
}

Result<void> check_address(const std::string& address) {
  TRY_ASSIGN([[maybe_unused]] const Addresses parsed, parse_address(address));
  return {};
}

std::uint16_t port_of(const std::string& address) {
  const auto parsed = parse_address(address);
  if (!parsed) return 0;
  const sockaddr* found = (*parsed)->ai_addr;
  return ntohs(found->sa_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(found)->sin6_port
                                            : reinterpret_cast<const sockaddr_in*>(found)->sin_port);
}

Result<Sockets> open_sockets(const fs::path& path, const std::string& address) {
  TRY_ASSIGN(Sockets sockets, inherited_sockets());
  if (!sockets.local) {
    TRY_ASSIGN(sockets.local, listen_unix(path));
    sockets.own_path = path;
  }
  if (sockets.remote && address.empty())
    return fail(Code::invalid_argument, "a TCP socket was inherited, but tls.enabled is false");
  if (!sockets.remote && !address.empty()) {
    TRY_ASSIGN(sockets.remote, listen_tcp(address));
  }
  return sockets;
}

}  // namespace lodge::rpc
