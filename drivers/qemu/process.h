#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/fd.h"
#include "base/latch.h"
#include "base/task.h"

namespace lodge::drivers::qemu {

// How a process ended, as far as we may know: only its parent is told.
struct ExitStatus {
  enum class How { unknown, exited, killed };
  How how = How::unknown;
  int code = 0;  // exit status, or signal
  bool core = false;

  // "exit status 1", "killed by signal 11 (Segmentation fault)", "ended" if unknown.
  std::string str() const;
  bool clean() const { return how == How::exited && code == 0; }
};

// A process known by its pidfd: a child, or one that an earlier life of the daemon started. Destroying the object leaves
// it alone. Control thread only; nothing here blocks.
class Process {
 public:
  // Watches it from now on. A child is reaped when it ends; `on_end` is called once, from within the control loop.
  Process(asio::any_io_executor control, std::int64_t pid, Fd pidfd, std::function<void(ExitStatus)> on_end);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  std::int64_t pid() const { return pid_; }
  bool ended() const;
  // True if it has ended by the deadline; false at the deadline. cancelled.
  Task<Result<bool>> wait_end(Deadline deadline) const;
  // Ok, too, if it has ended already.
  Result<void> signal(int number) const;

 private:
  struct Watch;
  std::int64_t pid_;
  std::shared_ptr<Watch> watch_;
};

}  // namespace lodge::drivers::qemu
