#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "daemon/doctor/check.h"

namespace lodge::doctor {

struct CertificateFacts {
  std::string file;
  std::string whose;            // "the daemon's certificate", "the authority of clients"
  std::string unreadable = {};  // why its dates are not known; empty if they are
  std::chrono::system_clock::time_point not_before = {};
  std::chrono::system_clock::time_point not_after = {};
};

// From this long before the end on it is time for a new one.
inline constexpr std::chrono::hours kSoon{24 * 30};

Findings certificate_findings(const std::vector<CertificateFacts>& certificates,
                              std::chrono::system_clock::time_point now);

}  // namespace lodge::doctor
