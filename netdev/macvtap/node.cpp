#include "netdev/macvtap/node.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <charconv>

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

// A new file system that is mounted nowhere; gone when closed. A sysfs is that of this thread's network namespace.
Result<Fd> mount_for_us_alone(const char* type) {
  const Fd context(::fsopen(type, FSOPEN_CLOEXEC));
  if (!context || ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return fail_errno(errno, "make a {} of our own", type);
  Fd root(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  if (!root) return fail_errno(errno, "make a {} of our own", type);
  return root;
}

Result<Fd> sysfs_showing(const Link& macvtap) {
  if (Fd mounted(::open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC)); mounted && shows(mounted.get(), macvtap))
    return mounted;
  TRY_ASSIGN(Fd own, mount_for_us_alone("sysfs"));
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

// Looks before it opens, since opening the node of another macvtap would take frames from its guest. Empty if there is no
// node with this number.
Result<Fd> open_if_it_is(int folder, const std::string& name, dev_t number) {
  const Fd handle(::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat found{};
  if (!handle || ::fstat(handle.get(), &found) != 0 || !S_ISCHR(found.st_mode) || found.st_rdev != number) return Fd();
  Fd queue(::open(fmt::format("/proc/self/fd/{}", handle.get()).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!queue) return fail_errno(errno, "open the device node {}", name);
  return queue;
}

Result<Fd> open_by_own_node(const std::string& name, dev_t number) {
  TRY_ASSIGN(const Fd folder, mount_for_us_alone("tmpfs"));
  if (::mknodat(folder.get(), name.c_str(), S_IFCHR | 0600, number) != 0)
    return fail_errno(errno, "make a device node {}", name);
  return open_if_it_is(folder.get(), name, number);
}

}  // namespace

Result<Fd> open_macvtap_node(const Link& macvtap) {
  TRY_ASSIGN(const dev_t number, device_number(macvtap));
  const std::string name = fmt::format("tap{}", macvtap.ifindex);
  if (const Fd dev(::open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC)); dev) {
    TRY_ASSIGN(Fd queue, open_if_it_is(dev.get(), name, number));
    if (queue) return queue;
  }
  return open_by_own_node(name, number);
}

}  // namespace lodge::netdev
