#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/nwfilter.pb.h"
#include "lodge/v1/nwfilter_binding.pb.h"

// What libvirt 9.0 refuses when one is defined, beyond what the grammar says.
namespace lodge::conf {

void check_nwfilter(const v1::NwFilterSpec& filter, Findings& findings);
void check_nwfilter_binding(const v1::NwFilterBindingSpec& binding, Findings& findings);

}  // namespace lodge::conf
