#include <map>
#include <optional>
#include <set>

#include "conf/domain/addresses/addresses.h"

namespace lodge::conf::addresses {

namespace {

constexpr std::uint32_t kPorts = 31;     // of a controller that does not say how many
constexpr std::uint32_t kFirstPort = 1;  // 0 is for a console: older guests expect one there

class SerialPorts {
 public:
  explicit SerialPorts(v1::DomainSpec& spec) : spec_(spec) {
    for (const auto& controller : spec.controllers()) {
      if (controller.type() != v1::CONTROLLER_TYPE_VIRTIO_SERIAL) continue;
      limits_[controller.index()] = controller.has_ports() ? controller.ports() : kPorts;
    }
  }

  void take(const v1::VirtioSerialAddress& address) { used_[address.controller()].insert(address.port()); }

  void assign(v1::VirtioSerialAddress& address, bool wants_controller) {
    if (wants_controller) {
      if (!limits_.contains(address.controller())) return;
      if (const auto port = free_port(address.controller())) return place(address, address.controller(), *port);
      return;
    }
    for (const auto& [index, limit] : limits_) {
      if (const auto port = free_port(index)) return place(address, index, *port);
    }
    const std::uint32_t index = limits_.empty() ? 0 : limits_.rbegin()->first + 1;
    auto& controller = *spec_.add_controllers();
    controller.set_type(v1::CONTROLLER_TYPE_VIRTIO_SERIAL);
    controller.set_index(index);
    limits_[index] = kPorts;
    place(address, index, kFirstPort);
  }

 private:
  std::optional<std::uint32_t> free_port(std::uint32_t controller) const {
    const auto used = used_.find(controller);
    for (std::uint32_t port = kFirstPort; port < limits_.at(controller); ++port) {
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

}  // namespace

void assign_virtio_serial_addresses(v1::DomainSpec& spec) {
  SerialPorts ports(spec);
  const auto take_given = [&](const v1::Address& address) {
    if (address.has_virtio_serial() && address.virtio_serial().has_port()) ports.take(address.virtio_serial());
  };
  for (const auto& channel : spec.channels()) take_given(channel.address());
  for (const auto& console : spec.consoles()) take_given(console.address());

  for (auto& channel : *spec.mutable_channels()) {
    if (!channel.has_virtio()) continue;
    const auto kind = channel.address().type_case();
    if (kind == v1::Address::TYPE_NOT_SET) {
      ports.assign(*channel.mutable_address()->mutable_virtio_serial(), false);
    } else if (kind == v1::Address::kVirtioSerial && !channel.address().virtio_serial().has_port()) {
      ports.assign(*channel.mutable_address()->mutable_virtio_serial(), true);
    }
  }
}

}  // namespace lodge::conf::addresses
