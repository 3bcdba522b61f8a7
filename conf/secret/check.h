#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/secret.pb.h"

// What libvirt 9.0 refuses when one is defined, beyond what the grammar says.
namespace lodge::conf {

void check_secret(const v1::SecretSpec& secret, Findings& findings);

}  // namespace lodge::conf
