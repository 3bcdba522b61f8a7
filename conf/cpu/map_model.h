#pragma once

#include <set>
#include <string>

#include "conf/domain/findings.h"
#include "lodge/v1/cpu_map.pb.h"

namespace lodge::conf {

// The architectures of the map, which have different ways to know a processor.
enum class CpuFamily { unknown, x86, ppc64, arm };

// The names that a model may refer to.
struct CpuMapNames {
  bool complete = false;  // there are no others than these
  std::set<std::string> vendors, features;
  std::set<std::string> models;        // before it
  std::set<std::string> later_models;  // anywhere in the same file
};

// Its own name is not looked at.
void check_cpu_map_model(const std::string& path, const v1::CpuMapModel& model, CpuFamily family,
                         const CpuMapNames& names, Findings& findings);

}  // namespace lodge::conf
