#pragma once

#include <optional>
#include <string>

#include "daemon/host/host.h"

namespace lodge::rpc {

// A stream's right to be open: rights can change after a call has been let in, and a stream's stays for long.
class Stay {
 public:
  // `access` outlives it.
  Stay(const access::Access& access, access::Peer peer, host::Caller caller);

  // What the stream turned out to be about: this guest and no other. Before check(), or on the control loop.
  void narrow_to(const v1::Domain& domain);
  // permission_denied if its caller would not be let in now. A stream about all that its caller may see ends, too, when
  // that has become less: it would just be silent about the rest. unauthenticated if the caller is nobody any more. Control loop.
  Result<void> check() const;

 private:
  struct Guest {
    std::string project, name, uuid;
  };

  const access::Access& access_;
  const access::Peer peer_;
  const host::Caller caller_;
  std::optional<Guest> guest_;
};

}  // namespace lodge::rpc
