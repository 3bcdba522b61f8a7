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
  std::vector<std::string> names;  // its identities, at least one: see identities_of()
  std::string address;             // "ipv4:192.0.2.1:4711", for the log
  std::string fingerprint = {};    // SHA-256 of the certificate, 64 lower-case digits
};

using Peer = std::variant<LocalPeer, TlsPeer>;

// The names that a certificate can be allowed by: its URI and DNS alternative names; the common name only if it has
// neither; and "sha256:FINGERPRINT" if it has none of all these. (A common name is free text; an alternative name is what an
// authority vouches for.) A name that looks like a fingerprint is left out.
std::vector<std::string> identities_of(const std::vector<std::string>& uris, const std::vector<std::string>& dns,
                                       const std::string& common_name, const std::string& fingerprint);

// Who it says it is, whether it may do anything or not: "uid:1000", "tls:admin.example".
std::string name_of(const Peer& peer);
// And where it calls from: "pid 4711", "ipv4:192.0.2.1:4711".
std::string origin_of(const Peer& peer);

}  // namespace lodge::access
