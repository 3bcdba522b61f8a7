#include "drivers/qemu/process.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <utility>

#include "drivers/qemu/pidfd.h"

namespace lodge::drivers::qemu {

namespace {

// Does not wait: the process has ended. Somebody else's child tells us nothing (ECHILD).
ExitStatus reap(int pidfd) {
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return {};
  if (info.si_code == CLD_EXITED) return {.how = ExitStatus::How::exited, .code = info.si_status};
  return {.how = ExitStatus::How::killed, .code = info.si_status, .core = info.si_code == CLD_DUMPED};
}

}  // namespace

std::string ExitStatus::str() const {
  switch (how) {
    case How::unknown: return "ended";
    case How::exited: return fmt::format("exit status {}", code);
    case How::killed: break;
  }
  const char* description = ::sigdescr_np(code);
  return fmt::format("killed by signal {} ({}{})", code, description ? description : "unknown",
                     core ? ", core dumped" : "");
}

struct Process::Watch : std::enable_shared_from_this<Watch> {
  Watch(asio::any_io_executor control, Fd fd, std::function<void(ExitStatus)> callback)
      : pidfd(std::move(control), fd.release()), on_end(std::move(callback)) {}

  void start() {
    pidfd.async_wait(asio::posix::descriptor_base::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (!error) self->ended();
                     });
  }

  void ended() {
    const ExitStatus status = reap(pidfd.native_handle());
    end.open();
    if (const auto callback = std::exchange(on_end, nullptr)) callback(status);
  }

  asio::posix::stream_descriptor pidfd;
  std::function<void(ExitStatus)> on_end;
  Latch end;
};

Process::Process(asio::any_io_executor control, std::int64_t pid, Fd pidfd, std::function<void(ExitStatus)> on_end)
    : pid_(pid), watch_(std::make_shared<Watch>(std::move(control), std::move(pidfd), std::move(on_end))) {
  watch_->start();
}

Process::~Process() {
  watch_->on_end = nullptr;
  boost::system::error_code ignored;
  watch_->pidfd.cancel(ignored);
}

bool Process::ended() const { return watch_->end.is_open(); }

Task<Result<bool>> Process::wait_end(Deadline deadline) const {
  const auto watch = watch_;
  const auto how = co_await watch->end.wait(deadline);
  if (how == Latch::Wait::cancelled) co_return fail(Code::cancelled, "waiting for process {} to end: cancelled", pid_);
  co_return how == Latch::Wait::open;
}

Result<void> Process::signal(int number) const {
  if (ended() || send_signal(watch_->pidfd.native_handle(), number) == 0 || errno == ESRCH) return {};
  return fail_errno(errno, "signal {} to process {}", number, pid_);
}

}  // namespace lodge::drivers::qemu
