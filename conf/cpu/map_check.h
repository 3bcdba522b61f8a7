#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/cpu_map.pb.h"

namespace lodge::conf {

// What libvirt 9.0 refuses when it loads its CPU map, as far as one file of it tells: entries of other files are taken to
// be there. What could mean nothing (masks without bits, registers of another architecture) is refused, too.
void check_cpu_map(const v1::CpuMap& map, Findings& findings);

}  // namespace lodge::conf
