#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/domain/device.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::conf::addresses {

struct UsbDevice {
  Device device;
  bool is_hub;
};

// The devices on USB, with or without an address, in the order in which libvirt hands out ports: hubs first.
std::vector<UsbDevice> usb_devices(v1::DomainSpec& spec);

// True if the device's port is left to us.
bool wants_usb_port(const Device& device);

// The USB buses of a guest and what is plugged into their ports. A bus is made by the controller of the same index.
class UsbPorts {
 public:
  static constexpr std::uint32_t kHubPorts = 8;

  explicit UsbPorts(const v1::DomainSpec& spec);

  bool empty() const { return buses_.empty(); }
  std::size_t free_ports() const;
  // Empty if the place was free and now is the device's; else why it cannot be.
  std::string take(const v1::UsbAddress& address, bool is_hub);
  // Finds the first free port, behind hubs only if there is none before them. False if there is none.
  bool assign(v1::UsbAddress& address, bool is_hub);

 private:
  // A hub, or a controller as the root of its bus: what is plugged into each port.
  struct Hub {
    explicit Hub(std::uint32_t ports) : used(ports, false) {}

    std::vector<bool> used;                              // port 1 first
    std::map<std::uint32_t, std::unique_ptr<Hub>> hubs;  // by port
  };

  static void plug(Hub& hub, std::uint32_t port, bool is_hub);
  static std::size_t free_below(const Hub& hub);
  static std::optional<std::string> assign_below(Hub& hub, bool is_hub, std::size_t depth);

  std::map<std::uint32_t, Hub> buses_;  // by controller index
};

}  // namespace lodge::conf::addresses
