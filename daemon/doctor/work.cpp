#include "daemon/doctor/work.h"

#include <fmt/format.h>

namespace lodge::doctor {
namespace {

constexpr std::string_view kCheck = "work";

}  // namespace

Findings work_findings(const std::vector<v1::Operation>& operations,
                       const std::vector<std::shared_ptr<const v1::Domain>>& domains,
                       std::chrono::system_clock::time_point now) {
  Findings findings;
  for (const v1::Operation& operation : operations) {
    const auto begun = std::chrono::system_clock::from_time_t(operation.started_at().seconds());
    if (operation.has_ended_at() || now - begun < kLongWork) continue;
    findings.push_back(
        warning(kCheck, {.subject = fmt::format("{} {}", operation.verb(), operation.domain_name()),
                         .message = fmt::format("goes on for {} minutes: {}",
                                                std::chrono::duration_cast<std::chrono::minutes>(now - begun).count(),
                                                operation.step().empty() ? "waiting for its turn" : operation.step()),
                         .remedy = fmt::format("lodge operation cancel {}", operation.id())}));
  }
  for (const auto& domain : domains)
    if (domain->status().stale())
      findings.push_back(warning(kCheck, {.subject = domain->name(),
                                          .message = "its hypervisor does not answer; what is known of it is old",
                                          .remedy = fmt::format("if it hangs: lodge destroy {}", domain->name())}));
  return findings;
}

}  // namespace lodge::doctor
