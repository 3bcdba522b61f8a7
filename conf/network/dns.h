#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/network.pb.h"

namespace lodge::conf {

// The <dns> element of a network.
void check_dns(const v1::NetworkDns& dns, Findings& findings);

}  // namespace lodge::conf
