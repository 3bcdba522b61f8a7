#include <fmt/format.h>

#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "conf/domain/addresses/addresses.h"
#include "conf/domain/device.h"

namespace lodge::conf::addresses {

namespace {

constexpr std::uint32_t kHubPorts = 8;
constexpr std::size_t kMaxDepth = 7;  // tiers that USB allows

// A hub, or a controller as the root of its bus: what is plugged into each port.
struct UsbHub {
  explicit UsbHub(std::uint32_t ports) : used(ports, false) {}

  std::vector<bool> used;                              // port 1 first
  std::map<std::uint32_t, std::unique_ptr<UsbHub>> hubs;  // by port
};

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

std::uint32_t ports_of(const v1::Controller& controller) {
  const auto& model = controller.model();
  if (controller.master_startport() || model.starts_with("ich9-uhci")) return 0;  // shares its master's
  if (model.ends_with("xhci")) return controller.has_ports() ? controller.ports() : 4;
  if (model == "ich9-ehci1") return 6;
  if (model == "ehci") return 6;
  if (model == "pci-ohci") return 3;
  return 2;
}

class UsbPorts {
 public:
  explicit UsbPorts(const v1::DomainSpec& spec) {
    for (const auto& controller : spec.controllers()) {
      if (controller.type() != v1::CONTROLLER_TYPE_USB || controller.model() == "none") continue;
      const auto ports = ports_of(controller);
      if (ports) buses_.try_emplace(controller.index(), ports);
    }
  }

  std::size_t free_ports() const {
    std::size_t count = 0;
    for (const auto& [index, root] : buses_) count += free_below(root);
    return count;
  }

  // Ignores places that do not exist or are taken: validate() tells.
  void take(const v1::UsbAddress& address, bool is_hub) {
    const auto steps = parse_port(address.port());
    const auto bus = buses_.find(address.bus());
    if (!steps || bus == buses_.end()) return;
    UsbHub* hub = &bus->second;
    for (std::size_t i = 0; i + 1 < steps->size(); ++i) {
      const auto next = hub->hubs.find((*steps)[i]);
      if (next == hub->hubs.end()) return;
      hub = next->second.get();
    }
    plug(*hub, steps->back(), is_hub);
  }

  // The first free port, behind a hub only if there is none before it.
  bool assign(v1::UsbAddress& address, bool is_hub) {
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

  bool empty() const { return buses_.empty(); }

 private:
  static void plug(UsbHub& hub, std::uint32_t port, bool is_hub) {
    if (port > hub.used.size()) return;
    hub.used[port - 1] = true;
    if (is_hub) hub.hubs.try_emplace(port, std::make_unique<UsbHub>(kHubPorts));
  }

  static std::size_t free_below(const UsbHub& hub) {
    std::size_t count = 0;
    for (const bool used : hub.used) count += used ? 0 : 1;
    for (const auto& [port, below] : hub.hubs) count += free_below(*below);
    return count;
  }

  static std::optional<std::string> assign_below(UsbHub& hub, bool is_hub, std::size_t depth) {
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

  std::map<std::uint32_t, UsbHub> buses_;  // by controller index
};

struct UsbDevice {
  Device device;
  bool is_hub;
};

bool wants_port(const Device& device) {
  return !device.address.has() || (device.address->has_usb() && device.address->usb().port().empty());
}

template <class List, class IsUsb>
void add_devices(std::vector<UsbDevice>& devices, std::string_view element, List& list, IsUsb is_usb) {
  for (int i = 0; i < list.size(); ++i) {
    if (!is_usb(list[i])) continue;
    devices.push_back({{device_path(element, static_cast<std::size_t>(i), static_cast<std::size_t>(list.size())),
                        DeviceAddress(list[i])},
                       element == "hub"});
  }
}

// In the order in which they get their ports.
std::vector<UsbDevice> usb_devices(v1::DomainSpec& spec) {
  std::vector<UsbDevice> devices;
  add_devices(devices, "hub", *spec.mutable_hubs(), [](const auto&) { return true; });
  add_devices(devices, "disk", *spec.mutable_disks(), [](const auto& d) { return d.bus() == v1::DISK_BUS_USB; });
  add_devices(devices, "controller", *spec.mutable_controllers(),
              [](const auto& d) { return d.type() == v1::CONTROLLER_TYPE_CCID; });
  add_devices(devices, "input", *spec.mutable_inputs(), [](const auto& d) { return d.bus() == v1::INPUT_BUS_USB; });
  add_devices(devices, "serial", *spec.mutable_serials(),
              [](const auto& d) { return d.target_type() == v1::SERIAL_TARGET_TYPE_USB_SERIAL; });
  add_devices(devices, "sound", *spec.mutable_sounds(), [](const auto& d) { return d.model() == v1::SOUND_MODEL_USB; });
  add_devices(devices, "redirdev", *spec.mutable_redirdevs(), [](const auto&) { return true; });
  return devices;
}

std::size_t hubs_needed(v1::DomainSpec& spec) {
  UsbPorts ports(spec);
  if (ports.empty()) return 0;
  std::size_t wanting = 0;
  const auto devices = usb_devices(spec);
  for (const auto& [device, is_hub] : devices) {
    if (device.address.has() && device.address->has_usb()) ports.take(device.address->usb(), is_hub);
    if (wants_port(device)) ++wanting;
    // A hub that has no port yet takes one and brings its own.
    if (wants_port(device) && is_hub) wanting -= std::min<std::size_t>(wanting, kHubPorts);
  }
  const std::size_t free = ports.free_ports();
  // As libvirt counts: one port is left over.
  return wanting <= free ? 0 : (wanting - free + 1 + kHubPorts - 2) / (kHubPorts - 1);
}

}  // namespace

Result<void> assign_usb_addresses(v1::DomainSpec& spec, const xml::SourceMap& source) {
  for (auto hubs = hubs_needed(spec); hubs > 0; --hubs) spec.add_hubs()->set_type(v1::HUB_TYPE_USB);

  UsbPorts ports(spec);
  if (ports.empty()) return {};
  const auto devices = usb_devices(spec);
  for (const auto& [device, is_hub] : devices) {
    if (device.address.has() && device.address->has_usb()) ports.take(device.address->usb(), is_hub);
  }
  for (const auto& [device, is_hub] : devices) {
    if (!wants_port(device) || ports.assign(*device.address->mutable_usb(), is_hub)) continue;
    std::vector<Finding> findings = {
        {source.line(device.path), device.path, "no USB port is free: give a controller more ports, or add a hub"}};
    return Failure(Error(Code::invalid_argument, "no USB port is free").with_findings(std::move(findings)));
  }
  return {};
}

}  // namespace lodge::conf::addresses
