#include <algorithm>

#include "conf/domain/addresses/addresses.h"
#include "conf/domain/addresses/usb_ports.h"
#include "conf/domain/findings.h"

namespace lodge::conf::addresses {

namespace {

// What is already taken, or cannot be where it says, is for validate() to tell.
void take_given(const std::vector<UsbDevice>& devices, UsbPorts& ports) {
  for (const auto& [device, is_hub] : devices) {
    if (!wants_usb_port(device) && device.address->has_usb()) ports.take(device.address->usb(), is_hub);
  }
}

std::size_t hubs_needed(v1::DomainSpec& spec) {
  UsbPorts ports(spec);
  if (ports.empty()) return 0;
  const auto devices = usb_devices(spec);
  take_given(devices, ports);
  std::size_t free = ports.free_ports();
  std::size_t wanting = 0;
  for (const auto& [device, is_hub] : devices) {
    if (!wants_usb_port(device)) continue;
    ++wanting;
    if (is_hub) free += UsbPorts::kHubPorts;
  }
  // A hub brings its ports and takes one; libvirt leaves one over.
  constexpr std::size_t kGain = UsbPorts::kHubPorts - 1;
  return wanting <= free ? 0 : (wanting - free + 1 + kGain - 1) / kGain;
}

}  // namespace

Result<void> assign_usb_addresses(v1::DomainSpec& spec, const xml::SourceMap& source) {
  for (auto hubs = hubs_needed(spec); hubs > 0; --hubs) spec.add_hubs()->set_type(v1::HUB_TYPE_USB);

  UsbPorts ports(spec);
  if (ports.empty()) return {};
  const auto devices = usb_devices(spec);
  take_given(devices, ports);
  Findings findings(source);
  for (const auto& [device, is_hub] : devices) {
    if (!wants_usb_port(device) || ports.assign(*device.address->mutable_usb(), is_hub)) continue;
    findings.add(device.path, "no USB port is free: give a controller more ports, or add a hub");
  }
  return std::move(findings).result();
}

}  // namespace lodge::conf::addresses
