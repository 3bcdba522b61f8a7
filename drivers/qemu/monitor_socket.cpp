#include "drivers/qemu/monitor_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace lodge::drivers::qemu {

namespace {

// The few daemons that may try to connect while QEMU hangs.
constexpr int kBacklog = 8;

// An address of at most 107 bytes for a socket in any folder: through the descriptor of the folder.
struct Address {
  Fd folder;
  sockaddr_un raw{};
};

Result<Address> address_in(const fs::path& folder) {
  Address address;
  TRY_ASSIGN(address.folder, open_file(folder, O_PATH | O_DIRECTORY));
  address.raw.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", address.folder.get(), kMonitorName);
  std::memcpy(address.raw.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Result<Fd> stream_socket(int flags) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd) return fail_errno(errno, "make a monitor socket");
  return fd;
}

Result<Fd> connect_to(const Address& address, const fs::path& folder) {
  TRY_ASSIGN(Fd fd, stream_socket(SOCK_NONBLOCK));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.raw), sizeof address.raw) == 0) return fd;
  const std::string path = (folder / kMonitorName).string();
  if (errno == EAGAIN || errno == ECONNREFUSED) {
    return fail(Code::unavailable, "{}: {}", path, errno == EAGAIN ? "QEMU does not answer" : "nobody listens");
  }
  return fail_errno(errno, "connect to {}", path);
}

}  // namespace

Result<MonitorSocket> make_monitor(const fs::path& folder) {
  TRY_ASSIGN(const Address address, address_in(folder));
  MonitorSocket monitor;
  TRY_ASSIGN(monitor.listener, stream_socket(0));
  if (::bind(monitor.listener.get(), reinterpret_cast<const sockaddr*>(&address.raw), sizeof address.raw) != 0 ||
      ::listen(monitor.listener.get(), kBacklog) != 0) {
    return fail_errno(errno, "listen on {}", (folder / kMonitorName).string());
  }
  TRY_ASSIGN(monitor.client, connect_to(address, folder));
  return monitor;
}

Result<Fd> connect_monitor(const fs::path& folder) {
  TRY_ASSIGN(const Address address, address_in(folder));
  return connect_to(address, folder);
}

}  // namespace lodge::drivers::qemu
