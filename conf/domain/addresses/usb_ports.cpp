#include "conf/domain/addresses/usb_ports.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace lodge::conf::addresses {

namespace {

constexpr std::size_t kMaxDepth = 7;  // tiers that USB allows

// "1.2.1" as its numbers. None if it is not of that form.
std::optional<std::vector<std::uint32_t>> parse_port(std::string_view text) {
  std::vector<std::uint32_t> steps;
  while (true) {
    std::uint32_t step = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (error != std::errc() || step == 0 || steps.size() == kMaxDepth) return std::nullopt;
    steps.push_back(step);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return steps;
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
  }
}

// Of the controller's own; companions share those of their master.
std::uint32_t ports_of(const v1::Controller& controller) {
  const auto& model = controller.model();
  if (model.starts_with("ich9-uhci")) return 0;
  if (model.ends_with("xhci")) return controller.has_ports() ? controller.ports() : 4;
  if (model == "ich9-ehci1" || model == "ehci") return 6;
  if (model == "pci-ohci") return 3;
  return 2;
}

template <class List, class IsUsb>
void add(std::vector<UsbDevice>& devices, std::string_view element, List& list, IsUsb is_usb) {
  for (int i = 0; i < list.size(); ++i) {
    if (!is_usb(list[i])) continue;
    const auto path = device_path(element, i, list);
    devices.push_back({{path, DeviceAddress(list[i])}, element == "hub"});
  }
}

}  // namespace

std::vector<UsbDevice> usb_devices(v1::DomainSpec& spec) {
  std::vector<UsbDevice> devices;
  add(devices, "hub", *spec.mutable_hubs(), [](const auto&) { return true; });
  add(devices, "hostdev", *spec.mutable_hostdevs(), [](const auto& device) { return device.subsystem().has_usb(); });
  add(devices, "disk", *spec.mutable_disks(), [](const auto& disk) { return disk.bus() == v1::DISK_BUS_USB; });
  add(devices, "controller", *spec.mutable_controllers(),
      [](const auto& controller) { return controller.type() == v1::CONTROLLER_TYPE_CCID; });
  add(devices, "input", *spec.mutable_inputs(), [](const auto& input) { return input.bus() == v1::INPUT_BUS_USB; });
  add(devices, "serial", *spec.mutable_serials(),
      [](const auto& serial) { return serial.target_type() == v1::CHAR_TARGET_TYPE_USB_SERIAL; });
  add(devices, "sound", *spec.mutable_sounds(), [](const auto& sound) { return sound.model() == v1::SOUND_MODEL_USB; });
  add(devices, "redirdev", *spec.mutable_redirdevs(), [](const auto&) { return true; });
  return devices;
}

bool wants_usb_port(const Device& device) {
  return !device.address.has() || (device.address->has_usb() && device.address->usb().port().empty());
}

UsbPorts::UsbPorts(const v1::DomainSpec& spec) {
  for (const auto& controller : spec.controllers()) {
    if (controller.type() != v1::CONTROLLER_TYPE_USB || controller.model() == "none") continue;
    if (const auto ports = ports_of(controller)) buses_.try_emplace(controller.index(), ports);
  }
}

std::size_t UsbPorts::free_ports() const {
  std::size_t count = 0;
  for (const auto& [index, root] : buses_) count += free_below(root);
  return count;
}

std::string UsbPorts::take(const v1::UsbAddress& address, bool is_hub) {
  const auto steps = parse_port(address.port());
  if (!steps) return fmt::format("port '{}' is not of the form 1 or 1.2, at most {} deep", address.port(), kMaxDepth);
  const auto bus = buses_.find(address.bus());
  if (bus == buses_.end()) return fmt::format("there is no USB controller {}", address.bus());
  Hub* hub = &bus->second;
  std::string where;
  for (std::size_t i = 0; i + 1 < steps->size(); ++i) {
    where += fmt::format("{}{}", i ? "." : "", (*steps)[i]);
    const auto next = hub->hubs.find((*steps)[i]);
    if (next == hub->hubs.end()) return fmt::format("there is no hub at port {} of USB bus {}", where, address.bus());
    hub = next->second.get();
  }
  const auto port = steps->back();
  if (port > hub->used.size()) return fmt::format("there are ports 1 to {}, not {}", hub->used.size(), port);
  if (hub->used[port - 1])
    return fmt::format("another device is at port {} of USB bus {}", address.port(), address.bus());
  plug(*hub, port, is_hub);
  return {};
}

bool UsbPorts::assign(v1::UsbAddress& address, bool is_hub) {
  for (auto& [index, root] : buses_) {
    if (address.has_bus() && address.bus() != index) continue;
    if (const auto port = assign_below(root, is_hub, 1)) {
      address.set_bus(index);
      address.set_port(*port);
      return true;
    }
  }
  return false;
}

void UsbPorts::plug(Hub& hub, std::uint32_t port, bool is_hub) {
  hub.used[port - 1] = true;
  if (is_hub) hub.hubs.try_emplace(port, std::make_unique<Hub>(kHubPorts));
}

std::size_t UsbPorts::free_below(const Hub& hub) {
  std::size_t count = 0;
  for (const bool used : hub.used) count += used ? 0 : 1;
  for (const auto& [port, below] : hub.hubs) count += free_below(*below);
  return count;
}

std::optional<std::string> UsbPorts::assign_below(Hub& hub, bool is_hub, std::size_t depth) {
  for (std::uint32_t port = 1; port <= hub.used.size(); ++port) {
    if (hub.used[port - 1]) continue;
    plug(hub, port, is_hub);
    return fmt::to_string(port);
  }
  if (depth == kMaxDepth) return std::nullopt;
  for (auto& [port, below] : hub.hubs) {
    if (const auto rest = assign_below(*below, is_hub, depth + 1)) return fmt::format("{}.{}", port, *rest);
  }
  return std::nullopt;
}

}  // namespace lodge::conf::addresses
