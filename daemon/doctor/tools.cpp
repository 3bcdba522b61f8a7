#include "daemon/doctor/tools.h"

#include <unistd.h>

#include <algorithm>

namespace lodge::doctor {
namespace {

constexpr std::string_view kCheck = "tools";

}  // namespace

std::vector<Tool> missing_tools(const std::vector<Tool>& tools, const std::vector<fs::path>& folders) {
  std::vector<Tool> missing;
  for (const Tool& tool : tools) {
    const auto has = [&](const fs::path& folder) { return ::access((folder / tool.name).c_str(), X_OK) == 0; };
    if (std::ranges::none_of(folders, has)) missing.push_back(tool);
  }
  return missing;
}

Findings tool_findings(const std::vector<Tool>& missing) {
  Findings findings;
  for (const Tool& tool : missing)
    findings.push_back(warning(kCheck, {.subject = tool.name,
                                        .message = "is not installed: it is needed to " + tool.for_what,
                                        .remedy = "install the package " + tool.package}));
  return findings;
}

Findings driver_findings(const std::vector<v1::DriverInfo>& drivers) {
  Findings findings;
  for (const v1::DriverInfo& driver : drivers)
    if (!driver.unavailable().empty())
      findings.push_back(error(kCheck, {.subject = fmt::format("driver {}", driver.name()),
                                        .message = fmt::format("no guest of its can start: {}", driver.unavailable()),
                                        .remedy = "install its hypervisor, then: lodge capabilities --refresh"}));
  return findings;
}

}  // namespace lodge::doctor
