#include "daemon/app/instance_lock.h"

#include <fcntl.h>
#include <sys/file.h>

namespace lodge::app {

Result<InstanceLock> InstanceLock::take(const fs::path& path) {
  TRY_ASSIGN(Fd file, open_file(path, O_RDWR | O_CREAT, 0600));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(errno, "lock {}", path.string());
    const std::string holder = read_file(path).value_or("unknown");
    return fail(Code::already_exists, "another lodged (process {}) already serves here; it holds {}", holder, path.string());
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return fail_errno(errno, "write {}", path.string());
  return InstanceLock(std::move(file));
}

}  // namespace lodge::app
