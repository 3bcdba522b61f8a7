#pragma once

#include "base/result.h"
#include "conf/domain/machine.h"
#include "conf/xml/source_map.h"
#include "lodge/v1/domain.pb.h"

// Gives every device of a definition its place in the guest, as libvirt 9.0 does. What the user chose stays; two devices
// at one place are for validate() to refuse.
namespace lodge::conf::addresses {

// Fills the parts left out of addresses that are there: the first domain, bus, function, …
void complete_given(v1::DomainSpec& spec);

// Disks on ide, sata, scsi and fdc: from the letters of their target, sdb being the second.
void assign_drive_addresses(v1::DomainSpec& spec);

// SCSI devices of the host, smart cards and memory modules: the first place that is free.
void assign_slot_addresses(v1::DomainSpec& spec);

// Virtio channels. Adds a controller when the last one is full. Virtio consoles without an address stay so: the emulator
// takes them in their order.
void assign_virtio_serial_addresses(v1::DomainSpec& spec);

// What is on the bus of POWER's sPAPR machines: virtual SCSI controllers and network cards, serial ports.
void assign_spapr_vio_addresses(v1::DomainSpec& spec, Chipset chipset);

// Virtio devices of boards that have virtio-mmio and no PCI, or whose user chose the one over the other.
void assign_virtio_mmio_addresses(v1::DomainSpec& spec, Chipset chipset);

// Virtio devices of s390x: the lowest device numbers of the virtual channel subsystem.
void assign_ccw_addresses(v1::DomainSpec& spec, Chipset chipset);

// USB devices. Adds hubs when the ports do not suffice.
Result<void> assign_usb_addresses(v1::DomainSpec& spec, const xml::SourceMap& source);

// Everything on PCI. Adds the bridges and root ports that are missing, and on q35 keeps one port free for hotplug.
// Does nothing for a machine without PCI.
Result<void> assign_pci_addresses(v1::DomainSpec& spec, Chipset chipset, const xml::SourceMap& source);

// The second address of PCI devices on s390x.
void assign_zpci_addresses(v1::DomainSpec& spec, Chipset chipset);

}  // namespace lodge::conf::addresses
