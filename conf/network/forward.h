#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/network.pb.h"

namespace lodge::conf {

// The <forward> element of a network, and what its mode allows elsewhere.
void check_forward(const v1::NetworkSpec& network, Findings& findings);

}  // namespace lodge::conf
