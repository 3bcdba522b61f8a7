#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "conf/domain/addresses/addresses.h"
#include "conf/domain/device.h"

namespace lodge::conf::addresses {

namespace {

constexpr std::uint32_t kPorts = 31;  // of a controller that does not say how many

class SerialPorts {
 public:
  explicit SerialPorts(v1::DomainSpec& spec) : spec_(spec) {
    for (const auto& controller : spec.controllers()) {
      if (controller.type() != v1::CONTROLLER_TYPE_VIRTIO_SERIAL) continue;
      limits_[controller.index()] = controller.has_ports() ? controller.ports() : kPorts;
    }
  }

  void take(const v1::VirtioSerialAddress& address) { used_[address.controller()].insert(address.port()); }

  // Port 0 is only for consoles: older guests expect one there.
  void assign(v1::VirtioSerialAddress& address, bool wants_controller, std::uint32_t first_port) {
    if (wants_controller) {
      if (!limits_.contains(address.controller())) return;
      if (const auto port = free_port(address.controller(), first_port)) return place(address, address.controller(), *port);
      return;
    }
    for (const auto& [index, limit] : limits_) {
      if (const auto port = free_port(index, first_port)) return place(address, index, *port);
    }
    const std::uint32_t index = limits_.empty() ? 0 : limits_.rbegin()->first + 1;
    auto& controller = *spec_.add_controllers();
    controller.set_type(v1::CONTROLLER_TYPE_VIRTIO_SERIAL);
    controller.set_index(index);
    limits_[index] = kPorts;
    place(address, index, first_port);
  }

 private:
  std::optional<std::uint32_t> free_port(std::uint32_t controller, std::uint32_t first) const {
    const auto used = used_.find(controller);
    for (std::uint32_t port = first; port < limits_.at(controller); ++port) {
      if (used == used_.end() || !used->second.contains(port)) return port;
    }
    return std::nullopt;
  }

  void place(v1::VirtioSerialAddress& address, std::uint32_t controller, std::uint32_t port) {
    address.set_controller(controller);
    address.set_bus(0);
    address.set_port(port);
    take(address);
  }

  v1::DomainSpec& spec_;
  std::map<std::uint32_t, std::uint32_t> limits_;          // ports of each controller
  std::map<std::uint32_t, std::set<std::uint32_t>> used_;  // by controller
};

struct Port {
  DeviceAddress address;
  std::uint32_t first_port;
};

std::vector<Port> virtio_ports(v1::DomainSpec& spec) {
  std::vector<Port> ports;
  for (auto& channel : *spec.mutable_channels()) {
    if (channel.has_virtio()) ports.push_back({DeviceAddress(channel), 1});
  }
  for (auto& console : *spec.mutable_consoles()) {
    if (console.target_type() == v1::CONSOLE_TARGET_TYPE_VIRTIO) ports.push_back({DeviceAddress(console), 0});
  }
  return ports;
}

}  // namespace

Result<void> assign_virtio_serial_addresses(v1::DomainSpec& spec, const xml::SourceMap&) {
  SerialPorts free(spec);
  const auto ports = virtio_ports(spec);
  for (const auto& [address, first] : ports) {
    if (address.has() && address->has_virtio_serial() && address->virtio_serial().has_port()) {
      free.take(address->virtio_serial());
    }
  }
  for (const auto& [address, first] : ports) {
    if (!address.has()) {
      free.assign(*address->mutable_virtio_serial(), false, first);
    } else if (address->has_virtio_serial() && !address->virtio_serial().has_port()) {
      free.assign(*address->mutable_virtio_serial(), true, first);
    }
  }
  return {};
}

}  // namespace lodge::conf::addresses
