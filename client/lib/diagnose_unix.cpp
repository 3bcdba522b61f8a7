#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "base/fd.h"
#include "client/lib/diagnose.h"

namespace lodge::client {

namespace {

// 0, or the errno.
int knock(const std::string& path) {
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

std::string_view advice(int error) {
  switch (error) {
    case ENOENT: return "; is lodged running? (systemctl status lodged)";
    case ECONNREFUSED: return "; a daemon was there and is gone: is lodged running? (systemctl status lodged)";
    case EACCES:
    case EPERM: return "; the socket or a folder above it is closed to this user";
    case EAGAIN: return "; lodged accepts no more callers now: it is overloaded or stopped";
    case ENOTSOCK: return "; that is not a socket";
    default: return "";
  }
}

}  // namespace

Error diagnose_unix(const UnixAddress& address, std::string_view hint) {
  const int error = knock(address.path);
  if (error == 0)
    return Error(Code::unavailable,
                 fmt::format("lodged at {} ended the connection ({}); what was asked may or may not have been done",
                             address.path, hint));
  const bool refused = error == EACCES || error == EPERM;
  return Error(refused ? Code::permission_denied : Code::unavailable,
               fmt::format("cannot reach lodged at {}: {}{}", address.path, errno_text(error), advice(error)), error);
}

}  // namespace lodge::client
