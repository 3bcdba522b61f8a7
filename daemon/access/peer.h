#pragma once

#include <sys/types.h>

#include <string>
#include <variant>
#include <vector>

namespace lodge::access {

// A process on this host, as the kernel saw it when it connected.
struct LocalPeer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
};

// The holder of a certificate that one of our authorities signed.
struct TlsPeer {
  std::vector<std::string> names;  // its identities: see identities_of()
  std::string address;             // "ipv4:192.0.2.1:4711", for the log
};

using Peer = std::variant<LocalPeer, TlsPeer>;

// The names that a certificate can be allowed by: its URI and DNS alternative names, and the common name only if it has
// neither. (A common name is free text; an alternative name is what an authority vouches for.)
std::vector<std::string> identities_of(std::vector<std::string> uris, std::vector<std::string> dns,
                                       std::string common_name);

// For logs and messages: "uid:1000 (pid 4711)", "tls:admin.example from ipv4:192.0.2.1:4711".
std::string describe(const Peer& peer);

}  // namespace lodge::access
