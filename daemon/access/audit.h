#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"
#include "daemon/access/peer.h"

namespace lodge::access {

// One call that changed something or was refused.
struct AuditEntry {
  std::string_view who;      // "uid:1000 (pid 4711)"
  std::string_view method;   // "StartDomain"
  std::string_view subject;  // the guest's name or uuid as the caller gave it; may be empty
  std::string_view request_id;
  const Error* error = nullptr;  // null: it succeeded
  std::chrono::microseconds took{};
};

// The entry as one line of key=value pairs, whatever bytes a caller put into a name:
//     audit who="uid:1000 (pid 4711)" did=StartDomain to="web1" request=… result=ok ms=12.3
std::string audit_line(const AuditEntry& entry);

// Logs it: a failure as a warning; a success, or a caller's change of mind, as information.
void audit(const AuditEntry& entry);

}  // namespace lodge::access
