#pragma once

#include <sys/syscall.h>
#include <unistd.h>

// The kernel's calls themselves: the header of glibc 2.36 declares its wrappers without extern "C", so C++ cannot link them.
namespace lodge::drivers::qemu {

inline int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

inline int send_signal(int pidfd, int signal) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

}  // namespace lodge::drivers::qemu
