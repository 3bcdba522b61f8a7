#include "drivers/qemu/console.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"

namespace lodge::drivers::qemu {

namespace {

using Named = std::pair<std::string, const v1::CharBackend*>;

// Those a person would want first come first.
std::vector<Named> chardevs_of(const v1::DomainSpec& live) {
  std::vector<Named> all;
  for (const auto& serial : live.serials()) all.emplace_back(serial.alias(), &serial.backend());
  for (const auto& console : live.consoles()) {
    if (console.target_type() != v1::CHAR_TARGET_TYPE_SERIAL) all.emplace_back(console.alias(), &console.backend());
  }
  for (const auto& parallel : live.parallels()) all.emplace_back(parallel.alias(), &parallel.backend());
  for (const auto& channel : live.channels()) all.emplace_back(channel.alias(), &channel.backend());
  return all;
}

bool can_be_joined(const v1::CharBackend& backend) {
  return backend.has_pty() || (backend.type_case() == v1::CharBackend::kUnixSocket &&
                               backend.unix_socket().mode() == v1::CHAR_SOCKET_MODE_BIND);
}

// Whether this is the user's own, and of the kind that it should be.
Result<void> check_owner(const Fd& fd, const std::string& path, mode_t kind, std::uint32_t uid) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno(errno, "look at {}", path);
  if ((status.st_mode & S_IFMT) == kind && status.st_uid == uid) return {};
  return fail(Code::permission_denied, "{} is not what user {}'s guest made there: it was left alone", path, uid);
}

Result<Fd> open_pty(const std::string& path, std::uint32_t uid) {
  constexpr std::string_view kTerminals = "/dev/pts/";
  if (!path.starts_with(kTerminals) || path.find_first_not_of("0123456789", kTerminals.size()) != std::string::npos)
    return fail(Code::permission_denied, "'{}' is no pseudo terminal", path);
  TRY_ASSIGN(Fd fd, open_file(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW));
  TRY(check_owner(fd, path, S_IFCHR, uid));
  return fd;
}

Result<Fd> connect_unix(const std::string& path, std::uint32_t uid) {
  TRY_ASSIGN(const Fd there, open_file(path, O_PATH | O_NOFOLLOW));
  TRY(check_owner(there, path, S_IFSOCK, uid));
  // What was looked at is what is connected to, whatever stands there by then.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string looked_at = fmt::format("/proc/self/fd/{}", there.get());
  std::memcpy(address.sun_path, looked_at.c_str(), looked_at.size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EAGAIN) return fail(Code::busy, "{}: somebody else is connected", path);
    return fail_errno(errno, "connect to {}", path);
  }
  return fd;
}

}  // namespace

Result<v1::CharBackend> find_chardev(const v1::DomainSpec& live, std::string_view alias) {
  const auto all = chardevs_of(live);
  if (all.empty())
    return fail(Code::not_found, "{} has no console: add <serial type='pty'/> to its devices", live.name());
  std::string names;
  for (const auto& [name, backend] : all) {
    if (alias.empty() || name == alias) {
      if (can_be_joined(*backend)) return *backend;
      return fail(Code::unsupported, "{} of {} leads neither to a pseudo terminal nor to a socket that listens", name,
                  live.name());
    }
    names += (names.empty() ? "" : ", ") + name;
  }
  return fail(Code::not_found, "{} has no character device {} (it has: {})", live.name(), alias, names);
}

Result<Fd> open_chardev(const v1::CharBackend& backend, std::uint32_t uid) {
  if (backend.has_pty()) return open_pty(backend.pty().path(), uid);
  return connect_unix(backend.unix_socket().path(), uid);
}

}  // namespace lodge::drivers::qemu
