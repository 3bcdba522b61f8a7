#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/file.h"
#include "base/result.h"

namespace lodge::rpc {

// A listening Unix socket at `path`, open to every local user: who may do what is decided by who they are. It appears at
// its name in one step, listening, and replaces a dead one. The caller holds the lock that says that no living daemon
// serves there.
Result<Fd> listen_unix(const fs::path& path);

// A listening TCP socket. `address` is "192.0.2.1:16515" or "[::]:16515", in numbers. already_exists if it is taken: two
// daemons never share a port.
Result<Fd> listen_tcp(const std::string& address);

// Refuses what listen_tcp could not even parse.
Result<void> check_address(const std::string& address);

// The port in an address that check_address() has not refused; else 0.
std::uint16_t port_of(const std::string& address);

// The doors' listening sockets. Clients that connect from now on wait until the door is opened.
struct Sockets {
  Fd local;           // Unix
  Fd remote;          // TCP; none if there is no door for remote users
  fs::path own_path;  // of the local one, if we made it; to be removed at the end
};

// Those that the service manager has opened for us (sd_listen_fds), and the others made here: at `path`, and at `address`
// unless that is empty. To be called once. invalid_argument if it handed us something that we did not want.
Result<Sockets> open_sockets(const fs::path& path, const std::string& address);

}  // namespace lodge::rpc
