#pragma once

#include "base/task.h"
#include "daemon/access/access.h"
#include "daemon/rpc/canceller.h"
#include "daemon/rpc/client_certificates.h"
#include "daemon/rpc/connections.h"

namespace lodge::rpc {

// Ends what is open and would not be let in now.
class Eviction {
 public:
  // All outlive it.
  Eviction(const access::Access& access, ClientCertificates& certificates, Connections& connections,
           OpenStreams& streams)
      : access_(access), certificates_(certificates), connections_(connections), streams_(streams) {}

  // After the policy, or who has enrolled, has changed. Streams are told why they end, and have a moment for it; then the
  // connections go of callers who are nobody any more, and of those who would not take what they were told. Control loop.
  Task<void> rights_changed();
  // Only connections, at once and without a word: for keys that somebody else may have. Any thread.
  void end_connections();

 private:
  const access::Access& access_;
  ClientCertificates& certificates_;
  Connections& connections_;
  OpenStreams& streams_;
};

}  // namespace lodge::rpc
