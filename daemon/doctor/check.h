#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lodge/v1/doctor.pb.h"

// What may be wrong with the host, one small check per subject. Each is a pair: look_at_…() gathers facts and blocks;
// …_findings() judges facts, and is all that needs to be right. So every judgement is tested without a host that is wrong in
// just that way.
namespace lodge::doctor {

using Findings = std::vector<v1::HealthFinding>;

// A check that needs nothing but the host.
struct Check {
  std::string name;
  std::function<Findings()> look;  // blocks; on the pool
};

// What a finding says besides its check and severity.
struct Told {
  std::string subject;
  std::string message;
  std::string remedy = {};
  v1::HealthFix fix = v1::HEALTH_FIX_UNSPECIFIED;
  std::string ledger = {};
};

v1::HealthFinding note(std::string_view check, Told told);
v1::HealthFinding warning(std::string_view check, Told told);
v1::HealthFinding error(std::string_view check, Told told);

// The worst first, else in their order.
void sort_by_severity(Findings& findings);

}  // namespace lodge::doctor
