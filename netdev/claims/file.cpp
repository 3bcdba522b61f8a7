#include "netdev/claims/file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include "netdev/claims/kinds.h"

namespace lodge::netdev {
namespace {

Result<std::optional<struct stat>> look_at(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0) return found;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  return fail_errno(errno, "look at {}", path);
}

// Whether the kernel tells of a server at this place. It tells nothing of servers in other network namespaces.
// @source Linux net/unix/af_unix.c, unix_seq_show: number, count, protocol, flags, type, state, inode, path
bool is_listened(const std::string& path) {
  constexpr unsigned kAccepts = 1u << 16;  // @source Linux include/linux/net.h, __SO_ACCEPTCON
  std::ifstream sockets("/proc/net/unix");
  for (std::string line; std::getline(sockets, line);) {
    std::istringstream fields(line);
    std::string number, count, protocol, type, state, inode, place;
    unsigned flags = 0;
    fields >> number >> count >> protocol >> std::hex >> flags >> type >> state >> inode;
    if ((flags & kAccepts) == 0 || fields.get() != ' ') continue;
    if (std::getline(fields, place) && place == path) return true;
  }
  return false;
}

// A socket whose server has gone, as a process that was killed leaves it: whoever serves there next replaces it.
bool is_dead_socket(const std::string& path, const struct stat& found) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (!S_ISSOCK(found.st_mode) || path.size() >= sizeof address.sun_path || is_listened(path)) return false;
  std::ranges::copy(path, address.sun_path);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return false;
  const int joined = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return joined != 0 && errno == ECONNREFUSED;
}

}  // namespace

Result<Claim> plan_file(const Owner& owner, const fs::path& path) {
  Claim claim{.id = new_claim_id(), .owner = owner, .name = path.filename().string()};
  claim.identity = FileIdentity{.path = path.string()};
  if (!path.is_absolute()) return fail(Code::invalid_argument, "{}: the path must be absolute", path.string());
  TRY_ASSIGN(const auto found, look_at(path.string()));
  if (!found || is_dead_socket(path.string(), *found)) return claim;
  if (S_ISSOCK(found->st_mode)) return fail(Code::busy, "{}: another server listens there", path.string());
  return fail(Code::failed_precondition, "{}: something is there that is no socket", path.string());
}

Result<void> identify_file(Claim& claim) {
  FileIdentity& identity = std::get<FileIdentity>(claim.identity);
  TRY_ASSIGN(const auto found, look_at(identity.path));
  if (!found) return fail(Code::not_found, "{} was not made", identity.path);
  if (!S_ISSOCK(found->st_mode)) return fail(Code::failed_precondition, "{} is no socket", identity.path);
  identity.device = found->st_dev;
  identity.inode = found->st_ino;
  return {};
}

// One that was made just before the daemon died has not been identified. Its server has ended by now: it counts as ours if
// it is what a server leaves, at a place where there was no other when it was planned.
Result<Seen> see_file(const Claim& claim) {
  const FileIdentity& identity = std::get<FileIdentity>(claim.identity);
  TRY_ASSIGN(const auto found, look_at(identity.path));
  if (!found) return Seen{};
  const bool known = identity.inode != 0;
  if (known && (found->st_dev != identity.device || found->st_ino != identity.inode))
    return Seen{.there = true, .not_ours = "it is another file than the one that was made there"};
  if (!known && !is_dead_socket(identity.path, *found))
    return Seen{.there = true, .not_ours = "it was there before, or is in use"};
  return Seen{.there = true};
}

Result<Ended> end_file(const Claim& claim) {
  const FileIdentity& identity = std::get<FileIdentity>(claim.identity);
  TRY_ASSIGN(Seen seen, see_file(claim));
  if (!seen.there || !seen.not_ours.empty()) return Ended{.not_ours = std::move(seen.not_ours)};
  if (::unlink(identity.path.c_str()) != 0 && errno != ENOENT) return fail_errno(errno, "remove {}", identity.path);
  return Ended{};
}

}  // namespace lodge::netdev
