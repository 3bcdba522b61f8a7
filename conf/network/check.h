#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/network.pb.h"
#include "lodge/v1/network_port.pb.h"

// What libvirt 9.0 refuses when one is defined, beyond what the grammar says.
namespace lodge::conf {

void check_network(const v1::NetworkSpec& network, Findings& findings);
void check_network_port(const v1::NetworkPortSpec& port, Findings& findings);

}  // namespace lodge::conf
