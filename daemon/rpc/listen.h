#pragma once

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

// Sockets that the service manager has opened for us (sd_listen_fds), by what they are.
struct Inherited {
  Fd local;   // listening Unix socket
  Fd remote;  // listening TCP socket
};
// To be called once. invalid_argument if it handed us something else.
Result<Inherited> inherited_sockets();

}  // namespace lodge::rpc
