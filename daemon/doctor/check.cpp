#include "daemon/doctor/check.h"

#include <algorithm>

namespace lodge::doctor {
namespace {

v1::HealthFinding made(std::string_view check, v1::HealthSeverity severity, Told told) {
  v1::HealthFinding finding;
  finding.set_check(std::string(check));
  finding.set_severity(severity);
  finding.set_subject(std::move(told.subject));
  finding.set_message(std::move(told.message));
  finding.set_remedy(std::move(told.remedy));
  finding.set_fix(told.fix);
  finding.set_ledger(std::move(told.ledger));
  return finding;
}

}  // namespace

v1::HealthFinding note(std::string_view check, Told told) {
  return made(check, v1::HEALTH_SEVERITY_NOTE, std::move(told));
}
v1::HealthFinding warning(std::string_view check, Told told) {
  return made(check, v1::HEALTH_SEVERITY_WARNING, std::move(told));
}
v1::HealthFinding error(std::string_view check, Told told) {
  return made(check, v1::HEALTH_SEVERITY_ERROR, std::move(told));
}

void sort_by_severity(Findings& findings) {
  std::ranges::stable_sort(findings, std::ranges::greater(), &v1::HealthFinding::severity);
}

}  // namespace lodge::doctor
