#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "daemon/doctor/check.h"
#include "lodge/v1/host_service.pb.h"

namespace lodge::doctor {

// A program that is needed for something.
struct Tool {
  std::string name;      // "qemu-img"
  std::string for_what;  // "copy, snapshot or resize disk images"
  std::string package;   // Debian's
};

// Those that none of the folders has.
std::vector<Tool> missing_tools(const std::vector<Tool>& tools, const std::vector<fs::path>& folders);

Findings tool_findings(const std::vector<Tool>& missing);
// Hypervisors that cannot be used.
Findings driver_findings(const std::vector<v1::DriverInfo>& drivers);

}  // namespace lodge::doctor
