#pragma once

#include "base/fd.h"
#include "base/file.h"

namespace lodge::drivers::qemu {

// The socket of a run's monitor, below the run's folder.
inline constexpr const char* kMonitorName = "monitor.sock";

// Both ends of a monitor before there is a QEMU: it inherits the listening one, and finds us connected already. So nobody
// has to wait for the socket to appear. Later lives of the daemon connect by its path.
struct MonitorSocket {
  Fd listener;
  Fd client;  // non-blocking
};

// Blocks. The folder's path may be longer than a socket's address can be.
Result<MonitorSocket> make_monitor(const fs::path& folder);

// Blocks briefly. not_found if there is none; unavailable if nobody listens, or too many wait to be heard.
Result<Fd> connect_monitor(const fs::path& folder);

}  // namespace lodge::drivers::qemu
