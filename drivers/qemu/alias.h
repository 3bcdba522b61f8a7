#pragma once

#include "lodge/v1/domain.pb.h"

namespace lodge::drivers::qemu {

// Gives every device the name by which QEMU will know it, as libvirt names them: "net0", "virtio-disk0", "pci.1",
// "serial0". Names that the user chose ("ua-…") stay. Where a device is shown twice (the first serial console), both have
// the same.
void assign_aliases(v1::DomainSpec& spec);

}  // namespace lodge::drivers::qemu
