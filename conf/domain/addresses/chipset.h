#pragma once

#include <optional>
#include <span>

#include "conf/domain/addresses/pci_topology.h"
#include "conf/domain/machine.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::conf::addresses {

// Puts the devices that a chipset has on board where real boards have them, and takes the places that the board itself
// occupies. Some of them (the first IDE, SATA and PIIX3 USB controllers) can be nowhere else; the rest are placed there only
// if their address is left to us and the place is free.
void place_chipset_devices(v1::DomainSpec& spec, Chipset chipset, PciTopology& buses);

// The place that a controller of the chipset must have; none for those that may be anywhere.
std::optional<PciPlace> fixed_place(const v1::Controller& controller, Chipset chipset);

// The places of the board's own chips, which no device can have.
std::span<const PciPlace> board_places(Chipset chipset);

}  // namespace lodge::conf::addresses
