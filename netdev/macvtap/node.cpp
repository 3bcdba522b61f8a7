#include "netdev/macvtap/node.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <charconv>

#include "base/undo.h"
#include "base/uuid.h"

namespace lodge::netdev {
namespace {

// A sysfs file below an open folder, without its newline.
Result<std::string> read_line(int folder, const std::string& path) {
  const Fd file(::openat(folder, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail_errno(errno, "open {} in sysfs", path);
  char text[512];
  const ssize_t size = ::read(file.get(), text, sizeof text);
  if (size < 0) return fail_errno(errno, "read {} in sysfs", path);
  std::string line(text, static_cast<std::size_t>(size));
  if (line.ends_with('\n')) line.pop_back();
  return line;
}

std::string class_path(const Link& macvtap) { return fmt::format("class/macvtap/tap{}", macvtap.ifindex); }

// sysfs shows the network namespace of whoever mounted it, which need not be ours; number, address and alias together
// can only be this link's.
bool shows(int sysfs, const Link& macvtap) {
  const std::string device = class_path(macvtap) + "/device/";
  const auto is = [&](const char* file, const std::string& value) {
    const auto line = read_line(sysfs, device + file);
    return line && *line == value;
  };
  return is("ifindex", std::to_string(macvtap.ifindex)) && is("address", macvtap.mac.str()) &&
         is("ifalias", macvtap.alias);
}

// A sysfs of this thread's network namespace that is mounted nowhere; gone when closed.
Result<Fd> own_sysfs() {
  const Fd context(::fsopen("sysfs", FSOPEN_CLOEXEC));
  if (!context || ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return fail_errno(errno, "look into sysfs of this network namespace");
  Fd root(::fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY));
  if (!root) return fail_errno(errno, "look into sysfs of this network namespace");
  return root;
}

Result<Fd> sysfs_showing(const Link& macvtap) {
  if (Fd mounted(::open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC)); mounted && shows(mounted.get(), macvtap))
    return mounted;
  TRY_ASSIGN(Fd own, own_sysfs());
  if (!shows(own.get(), macvtap)) return fail(Code::not_found, "{} is not in sysfs", macvtap.name);
  return own;
}

Result<dev_t> device_number(const Link& macvtap) {
  TRY_ASSIGN(const Fd sysfs, sysfs_showing(macvtap));
  TRY_ASSIGN(const std::string text, read_line(sysfs.get(), class_path(macvtap) + "/dev"));
  unsigned int major_part = 0;
  unsigned int minor_part = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, major_part);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':' ||
      std::from_chars(first.ptr + 1, end, minor_part).ptr != end)
    return fail(Code::internal, "sysfs gives '{}' as the device of {}", text, macvtap.name);
  return makedev(major_part, minor_part);
}

// Looks before it opens, since opening the node of another macvtap would take frames from its guest. Empty if the path
// is not a node with this number.
Result<Fd> open_if_it_is(const fs::path& path, dev_t number) {
  const Fd handle(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat found{};
  if (!handle || ::fstat(handle.get(), &found) != 0 || !S_ISCHR(found.st_mode) || found.st_rdev != number) return Fd();
  Fd queue(::open(fmt::format("/proc/self/fd/{}", handle.get()).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!queue) return fail_errno(errno, "open {}", path.string());
  return queue;
}

Result<Fd> open_by_own_node(const fs::path& folder, dev_t number) {
  const fs::path path = folder / fmt::format("tap.{}", Uuid::random().str());
  if (::mknod(path.c_str(), S_IFCHR | 0600, number) != 0)
    return fail_errno(errno, "make a device node in {}", folder.string());
  Undo undo;
  undo.push([&] { ::unlink(path.c_str()); });
  auto queue = open_if_it_is(path, number);
  if (!queue) return wrap(std::move(queue).error(), "(does {} allow device nodes?)", folder.string());
  if (!*queue) return fail(Code::internal, "{} was replaced as soon as it was made", path.string());
  return queue;
}

}  // namespace

Result<Fd> open_macvtap_node(const Link& macvtap, const fs::path& node_folder) {
  TRY_ASSIGN(const dev_t number, device_number(macvtap));
  TRY_ASSIGN(Fd queue, open_if_it_is(fmt::format("/dev/tap{}", macvtap.ifindex), number));
  if (queue) return queue;
  return open_by_own_node(node_folder, number);
}

}  // namespace lodge::netdev
