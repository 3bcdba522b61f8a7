#pragma once

#include <sys/syscall.h>
#include <unistd.h>

// glibc 2.36 has these, but its header says so in C only (glibc bug 29707).
namespace lodge::drivers::qemu {

inline int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

inline int send_signal(int pidfd, int signal) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

}  // namespace lodge::drivers::qemu
