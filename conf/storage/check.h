#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/storage_pool.pb.h"
#include "lodge/v1/storage_volume.pb.h"

// What libvirt 9.0 refuses when one is defined, beyond what the grammar says.
namespace lodge::conf {

void check_pool(const v1::StoragePoolSpec& pool, Findings& findings);
void check_volume(const v1::StorageVolumeSpec& volume, Findings& findings);

}  // namespace lodge::conf
