#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/undo.h"
#include "base/uuid.h"

namespace lodge {
namespace {

Result<void> write_all(int fd, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write {}", path.string());
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

Result<Fd> open_file(const fs::path& path, int flags, mode_t mode) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) return fail_errno(errno, "open {}", path.string());
  return fd;
}

Result<std::string> read_file(const fs::path& path, std::size_t limit) {
  TRY_ASSIGN(const Fd fd, open_file(path, O_RDONLY));
  std::string content;
  while (content.size() <= limit) {
    const std::size_t have = content.size();
    content.resize(have + 65536);
    const ssize_t n = ::read(fd.get(), content.data() + have, 65536);
    if (n < 0 && errno != EINTR) return fail_errno(errno, "read {}", path.string());
    content.resize(have + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n == 0) return content;
  }
  return fail(Code::resource_exhausted, "{} is longer than {} bytes", path.string(), limit);
}

Result<void> write_file(const fs::path& path, std::string_view content, mode_t mode) {
  const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  const fs::path temporary = folder / fmt::format(".{}.{}", path.filename().string(), Uuid::random().str());
  Undo undo;
  TRY_ASSIGN(const Fd fd, open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode));
  undo.push([&] { ::unlink(temporary.c_str()); });
  TRY(write_all(fd.get(), content, temporary));
  if (::fsync(fd.get()) != 0) return fail_errno(errno, "fsync {}", temporary.string());
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno(errno, "rename to {}", path.string());
  undo.commit();
  TRY_ASSIGN(const Fd folder_fd, open_file(folder, O_RDONLY | O_DIRECTORY));
  if (::fsync(folder_fd.get()) != 0) return fail_errno(errno, "fsync {}", folder.string());
  return {};
}

Result<void> make_folder(const fs::path& path, mode_t mode) {
  if (path.empty() || ::mkdir(path.c_str(), mode) == 0) return {};
  if (errno == ENOENT) {
    TRY(make_folder(path.parent_path(), mode));
    if (::mkdir(path.c_str(), mode) == 0) return {};
  }
  struct stat info{};
  if (errno == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return fail_errno(errno, "make folder {}", path.string());
}

}  // namespace lodge
