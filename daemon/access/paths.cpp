#include "daemon/access/paths.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace lodge::access {
namespace {

// A folder of the policy, and what of the path lies below it.
struct Below {
  fs::path folder;
  std::string rest;
};

Result<Below> below(const std::vector<fs::path>& folders, const std::string& path) {
  const auto is_plain = [&] {
    if (!path.starts_with('/') || path.find('\0') != std::string::npos) return false;
    return std::ranges::none_of(fs::path(path), [](const fs::path& part) { return part == ".." || part == "."; });
  };
  if (is_plain()) {
    for (const fs::path& folder : folders) {
      const std::string start = folder.string() + (folder.string().ends_with('/') ? "" : "/");
      if (path.starts_with(start) && path.size() > start.size()) return Below{folder, path.substr(start.size())};
    }
  }
  std::string allowed;
  for (const fs::path& folder : folders) allowed += (allowed.empty() ? "" : ", ") + folder.string();
  return fail(Code::permission_denied,
              "'{}' is in none of the folders that this project may use ({}), or not written plainly", path,
              allowed.empty() ? "it may use none" : allowed);
}

Result<Fd> open_at(int folder, const std::string& path, std::uint64_t flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve;
  Fd fd(static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
  if (!fd) return fail_errno(errno, "{}", path);
  return fd;
}

Result<Fd> open_folder(const fs::path& folder) {
  auto fd = open_at(AT_FDCWD, folder.string(), O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (!fd) return wrap(std::move(fd).error().with_code(Code::permission_denied), "the project's folder");
  return fd;
}

Result<Fd> open_below(const Fd& folder, const Below& where, std::uint64_t flags) {
  return open_at(folder.get(), where.rest, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

Failure not_usable(const std::string& path, Error why) {
  if (why.sys() == ENOENT) return fail(Code::not_found, "'{}' does not exist", path);
  if (why.sys() == ELOOP) return fail(Code::permission_denied, "'{}' leads through a symbolic link", path);
  if (why.sys() == EXDEV) return fail(Code::permission_denied, "'{}' leads out of its folder", path);
  return wrap(std::move(why).with_code(Code::permission_denied), "'{}' cannot be used", path);
}

Result<void> check_kind(const Fd& file, const std::string& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno(errno, "look at '{}'", path);
  if (!S_ISREG(status.st_mode))
    return fail(Code::permission_denied, "'{}' is not a regular file: no folder, device, pipe or socket can be used",
                path);
  if (status.st_nlink > 1)
    return fail(Code::permission_denied, "'{}' has {} names (hard links): one that may be used has no other", path,
                status.st_nlink);
  return {};
}

}  // namespace

Result<void> check_name(const std::vector<fs::path>& folders, const std::string& path) {
  TRY(below(folders, path));
  return {};
}

Result<Fd> find_file(const std::vector<fs::path>& folders, const std::string& path) {
  TRY_ASSIGN(const Below where, below(folders, path));
  TRY_ASSIGN(const Fd folder, open_folder(where.folder));
  auto file = open_below(folder, where, O_PATH);
  if (!file) return not_usable(path, std::move(file).error());
  TRY(check_kind(*file, path));
  return file;
}

Result<std::optional<Fd>> find_output(const std::vector<fs::path>& folders, const std::string& path) {
  auto file = find_file(folders, path);
  if (file) return std::optional<Fd>(std::move(*file));
  if (file.error().code() != Code::not_found) return Failure(std::move(file).error());
  TRY_ASSIGN(const Below where, below(folders, path));
  const std::string parent = fs::path(where.rest).parent_path().string();
  TRY_ASSIGN(const Fd folder, open_folder(where.folder));
  if (parent.empty()) return std::optional<Fd>();
  auto made_in = open_below(folder, {where.folder, parent}, O_PATH | O_DIRECTORY);
  if (!made_in) return not_usable((where.folder / parent).string(), std::move(made_in).error());
  return std::optional<Fd>();
}

Result<std::uint64_t> disk_size(const Fd& file) {
  // @source QEMU docs/interop/qcow2.txt: the magic, and the virtual size in bytes 24 to 31, big-endian.
  constexpr std::array<unsigned char, 4> kMagic = {'Q', 'F', 'I', 0xfb};
  TRY_ASSIGN(const Fd readable, open_file(fmt::format("/proc/self/fd/{}", file.get()), O_RDONLY | O_NONBLOCK));
  struct stat status{};
  if (::fstat(readable.get(), &status) != 0) return fail_errno(errno, "measure a disk");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  std::array<unsigned char, 32> head{};
  const ssize_t read = ::pread(readable.get(), head.data(), head.size(), 0);
  if (read < static_cast<ssize_t>(head.size()) || !std::equal(kMagic.begin(), kMagic.end(), head.begin())) return size;
  std::uint64_t virtual_size = 0;
  for (std::size_t i = 24; i < 32; ++i) virtual_size = virtual_size << 8 | head[i];
  return std::max(size, virtual_size);
}

}  // namespace lodge::access
