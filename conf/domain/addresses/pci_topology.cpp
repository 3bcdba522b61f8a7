#include "conf/domain/addresses/pci_topology.h"

#include <fmt/format.h>

#include <algorithm>

namespace lodge::conf::addresses {

namespace {

constexpr std::uint32_t kMaxBuses = 256;
constexpr std::uint32_t kMaxRoots = 31;  // host bridges of a pseries machine

struct BusKind {
  std::string_view model;
  unsigned takes;
  std::uint32_t first;  // slot
  std::uint32_t last;
  unsigned needs;  // what the controller itself needs
};

// Slots as QEMU has them: slot 0 of a root is its host bridge, slot 0 of a hotplug bridge its hotplug controller.
constexpr std::array kBusKinds = {
    BusKind{"pci-root", plug::pci | plug::pci_bridge | plug::expander | plug::hot, 1, 31, 0},
    BusKind{"pcie-root", plug::pcie | plug::root_port | plug::dmi_bridge | plug::pcie_expander, 1, 31, 0},
    BusKind{"pci-bridge", plug::pci | plug::pci_bridge | plug::hot, 1, 31, plug::pci_bridge},
    BusKind{"dmi-to-pci-bridge", plug::pci | plug::pci_bridge, 0, 31, plug::dmi_bridge},
    BusKind{"pcie-to-pci-bridge", plug::pci | plug::pci_bridge | plug::hot, 1, 31, plug::pcie_pci_bridge},
    BusKind{"pcie-root-port", plug::pcie | plug::switch_upstream | plug::pcie_pci_bridge | plug::hot, 0, 0,
            plug::root_port | plug::shares_slot},
    BusKind{"pcie-switch-upstream-port", plug::switch_downstream, 0, 31, plug::switch_upstream},
    BusKind{"pcie-switch-downstream-port", plug::pcie | plug::switch_upstream | plug::pcie_pci_bridge | plug::hot, 0, 0,
            plug::switch_downstream},
    BusKind{"pci-expander-bus", plug::pci | plug::pci_bridge | plug::hot, 0, 31, plug::expander},
    BusKind{"pcie-expander-bus", plug::root_port | plug::dmi_bridge, 0, 31, plug::pcie_expander},
};

const BusKind* find_kind(std::string_view model) {
  const auto* it = std::ranges::find(kBusKinds, model, &BusKind::model);
  return it == kBusKinds.end() ? nullptr : it;
}

}  // namespace

unsigned plug_of_controller(std::string_view model) {
  const auto* kind = find_kind(model);
  return kind ? kind->needs : 0;
}

std::optional<PciTopology::Bus> PciTopology::make_bus(std::string_view model) {
  const auto* kind = find_kind(model);
  if (!kind) return std::nullopt;
  return Bus{std::string(model), kind->takes, kind->first, kind->last, {}};
}

bool PciTopology::set_bus(std::uint32_t index, std::string_view model) {
  auto bus = make_bus(model);
  if (!bus || index >= kMaxBuses) return false;
  if (index >= size()) buses_.resize(index + 1);
  buses_[index] = std::move(*bus);
  return true;
}

void PciTopology::fill_gaps() {
  for (std::uint32_t index = 1; index < size(); ++index) {
    if (buses_[index].model.empty()) set_bus(index, common_model());
  }
}

std::string_view PciTopology::common_model() const {
  if (many_roots_) return "pci-root";
  return express() ? "pcie-root-port" : "pci-bridge";
}

bool PciTopology::slot_used(PciPlace place) const {
  return place.bus < size() && place.slot < 32 && buses_[place.bus].slots[place.slot].functions != 0;
}

bool PciTopology::functions_beside(PciPlace place) const {
  if (place.bus >= size() || place.slot >= 32) return false;
  return (buses_[place.bus].slots[place.slot].functions & ~(1U << place.function)) != 0;
}

std::string PciTopology::objection(PciPlace place, unsigned needs) const {
  if (place.bus >= size()) return fmt::format("there is no PCI controller {}", place.bus);
  const auto& bus = buses_[place.bus];
  constexpr unsigned kAnyCard = plug::pci | plug::pcie;
  const bool takes_card = (needs & kAnyCard) != 0 && (bus.takes & kAnyCard) != 0;
  if (!takes_card && (needs & bus.takes & plug::kinds) == 0) {
    return fmt::format("this cannot be plugged into PCI controller {}, a {}", place.bus, bus.model);
  }
  if (place.slot < bus.first || place.slot > bus.last) {
    return bus.first == bus.last
               ? fmt::format("PCI controller {}, a {}, has only slot {:#04x}", place.bus, bus.model, bus.first)
               : fmt::format("PCI controller {}, a {}, has slots {:#04x} to {:#04x}", place.bus, bus.model, bus.first,
                             bus.last);
  }
  return {};
}

void PciTopology::take(PciPlace place, unsigned needs) {
  if (place.slot >= 32 || place.function >= 8 || place.bus >= kMaxBuses) return;
  while (place.bus >= size()) {
    if (!growing_ || !grow(needs)) return;
  }
  auto& slot = buses_[place.bus].slots[place.slot];
  slot.shared = (needs & plug::shares_slot) != 0 && (slot.functions == 0 || slot.shared);
  slot.functions = static_cast<std::uint8_t>(slot.functions | 1U << place.function);
}

std::optional<PciPlace> PciTopology::find_on(std::uint32_t index, unsigned needs, std::uint32_t function) const {
  const auto& bus = buses_[index];
  if ((bus.takes & needs & plug::kinds) == 0) return std::nullopt;
  if ((needs & plug::hot) != 0 && (bus.takes & plug::hot) == 0) return std::nullopt;
  for (std::uint32_t slot = bus.first; slot <= bus.last; ++slot) {
    const auto& state = bus.slots[slot];
    if (state.functions == 0) return PciPlace{index, slot, function};
    if ((needs & plug::shares_slot) == 0 || !state.shared) continue;
    for (std::uint32_t other = 0; other < 8; ++other) {
      if ((state.functions & 1U << other) == 0) return PciPlace{index, slot, other};
    }
  }
  return std::nullopt;
}

std::optional<PciPlace> PciTopology::take_next(unsigned needs, std::uint32_t function) {
  for (std::uint32_t bus = 0;; ++bus) {
    // Growing may add buses that only lead to the one that is needed.
    while (bus == size()) {
      if (!growing_ || !grow(needs)) return std::nullopt;
    }
    if (const auto place = find_on(bus, needs, function)) {
      take(*place, needs);
      return place;
    }
  }
}

bool PciTopology::grow(unsigned needs) {
  if (size() + 2 > kMaxBuses || buses_.empty()) return false;
  if (many_roots_)
    return size() < kMaxRoots && (needs & (plug::pci | plug::pci_bridge)) != 0 && set_bus(size(), "pci-root");
  if ((needs & (plug::pci | plug::pci_bridge)) != 0) {
    const bool bridgeable = std::ranges::any_of(buses_,
                                                [](const Bus& bus) { return (bus.takes & plug::pci_bridge) != 0; });
    if (bridgeable) return set_bus(size(), "pci-bridge");
    if (!express()) return false;
    set_bus(size(), "pcie-root-port");
    // Kept for the bridge: no device may take it before the bridge's controller is there.
    buses_.back().takes = plug::pcie_pci_bridge;
    return set_bus(size(), "pcie-to-pci-bridge");
  }
  if ((needs & (plug::pcie | plug::switch_upstream | plug::pcie_pci_bridge)) != 0 && express()) {
    return set_bus(size(), "pcie-root-port");
  }
  return false;
}

}  // namespace lodge::conf::addresses
