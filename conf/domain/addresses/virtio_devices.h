#pragma once

#include <vector>

#include "conf/domain/device.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::conf::addresses {

// The virtio devices that have no address yet. They are the ones that can be on a channel subsystem or virtio-mmio
// instead of PCI.
std::vector<DeviceAddress> unplaced_virtio_devices(v1::DomainSpec& spec);

}  // namespace lodge::conf::addresses
