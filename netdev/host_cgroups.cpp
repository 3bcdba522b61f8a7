#include "netdev/host_cgroups.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

namespace lodge::netdev {
namespace {

constexpr std::size_t kProcFileLimit = 8u << 20;
// A change is told by an event; who sleeps through one looks again after this.
constexpr int kLookAgain = 100;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return parts;
}

struct Mount {
  std::string root;   // which group is mounted
  std::string point;  // where
};

// @source proc_pid_mountinfo(5): "36 35 0:30 ROOT POINT OPTIONS … - TYPE SOURCE …"
std::optional<Mount> find_mount() {
  const auto table = read_file("/proc/self/mountinfo", kProcFileLimit);
  if (!table) return std::nullopt;
  for (const std::string_view line : split(*table, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() > 5 && line.find(" - cgroup2 ") != std::string_view::npos)
      return Mount{.root = std::string(fields[3]), .point = std::string(fields[4])};
  }
  return std::nullopt;
}

// "0::/system.slice/lodged.service"
std::optional<std::string> own_group() {
  const auto groups = read_file("/proc/self/cgroup", kProcFileLimit);
  if (!groups) return std::nullopt;
  for (const std::string_view line : split(*groups, '\n'))
    if (line.starts_with("0::")) return std::string(line.substr(3));
  return std::nullopt;
}

// Where the group is visible; empty if it is outside of what is mounted.
fs::path below(const Mount& mount, std::string_view group) {
  std::string_view rest = group;
  if (mount.root != "/") {
    if (!rest.starts_with(mount.root)) return {};
    rest.remove_prefix(mount.root.size());
    if (!rest.empty() && rest.front() != '/') return {};
  }
  if (rest.find("/..") != std::string_view::npos) return {};
  return (mount.point + std::string(rest)).append("/");
}

bool is_populated(const std::string& events) { return events.find("populated 1") != std::string::npos; }

// @source Linux cgroup-v2.rst, cgroup.events: a change makes the file readable as exceptional
Result<void> wait_until_empty(const fs::path& group, Deadline deadline) {
  TRY_ASSIGN(const Fd events, open_file(group / "cgroup.events", O_RDONLY));
  for (;;) {
    char text[256];
    const ssize_t size = ::pread(events.get(), text, sizeof text, 0);
    if (size < 0) return fail_errno(errno, "read cgroup.events");
    if (!is_populated(std::string(text, static_cast<std::size_t>(size)))) return {};
    if (deadline.passed()) return fail(Code::deadline_exceeded, "what runs in it did not end in time after SIGKILL");
    pollfd change{.fd = events.get(), .events = POLLPRI, .revents = 0};
    ::poll(&change, 1, std::min(deadline.left_ms(), kLookAgain));
  }
}

Result<void> write_attribute(const fs::path& file, std::string_view text) {
  TRY_ASSIGN(const Fd attribute, open_file(file, O_WRONLY));
  if (::write(attribute.get(), text.data(), text.size()) < 0) return fail_errno(errno, "write {}", file.string());
  return {};
}

// The groups below first. Its files are the kernel's, and go with it.
Result<void> remove_tree(const fs::path& group) {
  std::error_code error;
  for (fs::directory_iterator it(group, error), end; !error && it != end; it.increment(error))
    if (it->is_directory(error)) TRY(remove_tree(it->path()));
  if (::rmdir(group.c_str()) != 0 && errno != ENOENT) return fail_errno(errno, "remove it");
  return {};
}

Result<void> remove_group(const fs::path& group, Deadline deadline) {
  // Linux before 5.14 cannot kill a group; then one that is not empty stays.
  auto killed = write_attribute(group / "cgroup.kill", "1");
  if (!killed && killed.error().sys() != ENOENT) return killed;
  TRY(wait_until_empty(group, deadline));
  return remove_tree(group);
}

}  // namespace

HostCgroups HostCgroups::find_own() {
  HostCgroups none{fs::path()};
  const auto mount = find_mount();
  const auto group = own_group();
  if (!mount || !group) {
    none.why_none_ = "cgroup v2 is not mounted";
    return none;
  }
  const fs::path own = below(*mount, *group).parent_path();
  struct stat found{};
  if (own.empty() || ::stat(own.c_str(), &found) != 0) {
    none.why_none_ = fmt::format("the group of this process, {}, is not to be seen below {}", *group, mount->point);
    return none;
  }
  if (::access((own / "cgroup.procs").c_str(), W_OK) != 0) {
    none.why_none_ = fmt::format("{}: {}", own.string(), errno_text(errno));
    return none;
  }
  return HostCgroups(own);
}

Result<std::optional<CgroupIdentity>> HostCgroups::find(const fs::path& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return fail_errno(errno, "look at {}", path.string());
  }
  return CgroupIdentity{.path = path.string(), .device = found.st_dev, .inode = found.st_ino};
}

Result<CgroupIdentity> HostCgroups::create(const fs::path& path) {
  if (::mkdir(path.c_str(), 0755) != 0) return fail_errno(errno, "make the control group {}", path.string());
  TRY_ASSIGN(const auto made, find(path));
  if (!made) return fail(Code::not_found, "the control group {} was removed at once", path.string());
  return *made;
}

Result<void> HostCgroups::remove(const fs::path& path, Deadline deadline) {
  auto removed = remove_group(path, deadline);
  if (removed || removed.error().code() == Code::not_found) return {};
  return wrap(std::move(removed).error(), "end the control group {}", path.string());
}

}  // namespace lodge::netdev
