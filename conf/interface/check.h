#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/host_interface.pb.h"

// What libvirt 9.0 refuses when one is defined, beyond what the grammar says.
namespace lodge::conf {

void check_host_interface(const v1::HostInterfaceSpec& interface, Findings& findings);

}  // namespace lodge::conf
