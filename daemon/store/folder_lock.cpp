#include "daemon/store/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace lodge::store {

Result<Fd> lock_folder(const fs::path& folder) {
  const fs::path file = folder / "lock";
  TRY_ASSIGN(Fd fd, open_file(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(errno, "lock {}", file.string());
    const auto holder = read_file(file, 32);
    const std::string who = holder && !holder->empty()
                                ? fmt::format(" (process {})", holder->substr(0, holder->find('\n')))
                                : "";
    return fail(Code::busy, "state folder {} is in use by another lodged{}: stop that one, or use another --root",
                folder.string(), who);
  }
  // For the message above only; the lock itself is the kernel's.
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0)
    return fail_errno(errno, "write {}", file.string());
  return fd;
}

}  // namespace lodge::store
