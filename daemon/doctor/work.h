#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "daemon/doctor/check.h"
#include "lodge/v1/domain_object.pb.h"
#include "lodge/v1/operation.pb.h"

namespace lodge::doctor {

// How long an operation may take before it is worth a word; guests may take their time to shut down.
inline constexpr std::chrono::minutes kLongWork{10};

// Operations that seem to hang, and guests whose hypervisor does not answer.
Findings work_findings(const std::vector<v1::Operation>& operations,
                       const std::vector<std::shared_ptr<const v1::Domain>>& domains,
                       std::chrono::system_clock::time_point now);

}  // namespace lodge::doctor
