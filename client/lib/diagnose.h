#pragma once

#include <string>
#include <string_view>

#include "base/deadline.h"
#include "client/lib/address.h"
#include "client/lib/tls_files.h"

namespace lodge::client {

// Finds out why a daemon could not be reached, by knocking once more by hand: gRPC itself says "Socket closed" for nearly
// everything. Blocks, at most until `deadline`. The error says what was tried, what stood in the way and what to do; its
// code is permission_denied if this user or this certificate was refused, else unavailable.
// `hint` is what gRPC said, for the case that the knock finds nothing wrong.
Error diagnose_unix(const UnixAddress& address, std::string_view hint);
Error diagnose_tls(const TlsAddress& address, const std::string& server_name, const TlsMaterial& material,
                   std::string_view hint, Deadline deadline);

}  // namespace lodge::client
