#pragma once

#include <vector>

#include "conf/domain/addresses/pci_topology.h"
#include "conf/domain/device.h"
#include "conf/domain/machine.h"

namespace lodge::conf::addresses {

// A device that sits on PCI, and what it plugs into (namespace plug).
struct PciDevice {
  Device device;
  unsigned needs;
};

// All of them but the roots, with or without an address, in the order in which libvirt hands out places.
std::vector<PciDevice> pci_devices(v1::DomainSpec& spec, Chipset chipset);

PciPlace place_of(const v1::PciAddress& pci);

// The buses that the guest's controllers make, all empty.
PciTopology pci_buses(const v1::DomainSpec& spec, Chipset chipset, bool growing);

// True if the device's place is left to us.
bool wants_pci_address(const Device& device);

}  // namespace lodge::conf::addresses
