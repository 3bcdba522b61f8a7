#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/node_device.pb.h"

// What libvirt 9.0 refuses when one is defined, beyond what the grammar says.
namespace lodge::conf {

void check_node_device(const v1::NodeDeviceSpec& device, Findings& findings);

}  // namespace lodge::conf
