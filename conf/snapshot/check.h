#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/domain_backup.pb.h"
#include "lodge/v1/domain_checkpoint.pb.h"
#include "lodge/v1/domain_snapshot.pb.h"

// What libvirt 9.0 refuses when one is made, beyond what the grammar says. Whether the guest has the disks is for those who
// know the guest.
namespace lodge::conf {

void check_snapshot(const v1::DomainSnapshotSpec& snapshot, Findings& findings);
void check_checkpoint(const v1::DomainCheckpointSpec& checkpoint, Findings& findings);
void check_backup(const v1::DomainBackupSpec& backup, Findings& findings);

}  // namespace lodge::conf
