#include <algorithm>

#include "conf/domain/addresses/addresses.h"
#include "conf/domain/addresses/chipset.h"
#include "conf/domain/addresses/pci_devices.h"
#include "conf/domain/addresses/pci_topology.h"
#include "conf/domain/findings.h"

namespace lodge::conf::addresses {

namespace {

void set(const DeviceAddress& address, PciPlace place) {
  auto& pci = *address->mutable_pci();
  pci.set_domain(0);
  pci.set_bus(place.bus);
  pci.set_slot(place.slot);
  pci.set_function(place.function);
}

void take_given(v1::DomainSpec& spec, Chipset chipset, PciTopology& buses) {
  for (const auto& [device, needs] : pci_devices(spec, chipset)) {
    if (!wants_pci_address(device) && device.address->has_pci()) buses.take(place_of(device.address->pci()), needs);
  }
  // Devices that need no PCI address by their family may have been given one.
  for (auto& [path, address] : devices_of(spec)) {
    if (!address.has() || !address->has_pci() || !address->pci().has_slot()) continue;
    const auto place = place_of(address->pci());
    if (!buses.slot_used(place)) buses.take(place, plug::pci | plug::hot);
  }
}

// An EHCI controller and its companions are functions of one slot.
struct Usb2Function {
  std::string_view model;
  std::uint32_t function;
};
constexpr Usb2Function kUsb2[] = {{"ich9-ehci1", 7}, {"ich9-uhci1", 0}, {"ich9-uhci2", 1}, {"ich9-uhci3", 2}};

const Usb2Function* usb2_function(const v1::Controller& controller) {
  if (controller.type() != v1::CONTROLLER_TYPE_USB) return nullptr;
  const auto* it = std::ranges::find(kUsb2, std::string_view(controller.model()), &Usb2Function::model);
  return it == std::end(kUsb2) ? nullptr : it;
}

// True if the place was found, or is none of our business.
bool place_usb2(v1::DomainSpec& spec, v1::Controller& controller, unsigned needs, PciTopology& buses) {
  const auto* usb2 = usb2_function(controller);
  std::optional<PciPlace> place;
  for (const auto& other : spec.controllers()) {
    if (usb2_function(other) && other.index() == controller.index() && other.address().pci().has_slot()) {
      place = place_of(other.address().pci());
      place->function = usb2->function;
      buses.take(*place, needs);
      break;
    }
  }
  if (!place) place = buses.take_next(needs, usb2->function);
  if (!place) return false;
  set(DeviceAddress(controller), *place);
  return true;
}

v1::Controller* find_usb2(v1::DomainSpec& spec, const DeviceAddress& address) {
  for (auto& controller : *spec.mutable_controllers()) {
    if (usb2_function(controller) && address.belongs_to(controller)) return &controller;
  }
  return nullptr;
}

// The path of the first device that found no place, if any.
std::optional<std::string> place_all(v1::DomainSpec& spec, Chipset chipset, PciTopology& buses) {
  take_given(spec, chipset, buses);
  place_chipset_devices(spec, chipset, buses);
  for (const auto& [device, needs] : pci_devices(spec, chipset)) {
    if (!wants_pci_address(device)) continue;
    if (auto* usb2 = find_usb2(spec, device.address)) {
      if (!place_usb2(spec, *usb2, needs, buses)) return device.path;
      continue;
    }
    const auto place = buses.take_next(needs);
    if (!place) return device.path;
    set(device.address, *place);
  }
  return std::nullopt;
}

bool has_controller(const v1::DomainSpec& spec, std::uint32_t index) {
  return std::ranges::any_of(spec.controllers(), [index](const auto& controller) {
    return controller.type() == v1::CONTROLLER_TYPE_PCI && controller.index() == index;
  });
}

// Finds out on a copy which buses the guest needs, and adds their controllers to `spec`.
std::optional<std::string> add_missing_controllers(v1::DomainSpec& spec, Chipset chipset) {
  auto trial = spec;
  auto buses = pci_buses(trial, chipset, true);
  const auto named = buses.size();
  if (auto stuck = place_all(trial, chipset, buses)) return stuck;
  if (!has_pcie(chipset)) {
    // Room for one more device: without it, the next bridge would have nowhere to go.
    buses.take_next(plug::pci | plug::hot);
  } else if (named == 1 && buses.size() > 1) {
    // The topology is ours to make: it ends with an empty port, so that something can be plugged in.
    buses.take_next(plug::pcie | plug::hot);
  }
  for (std::uint32_t index = 1; index < buses.size(); ++index) {
    if (has_controller(spec, index)) continue;
    auto& controller = *spec.add_controllers();
    controller.set_type(v1::CONTROLLER_TYPE_PCI);
    controller.set_index(index);
    controller.set_model(buses.model(index));
    // It takes a place itself, perhaps on one more bus; roots do not.
    if (plug_of_controller(controller.model()) != 0 && !buses.take_next(plug_of_controller(controller.model()))) {
      return device_path("controller", static_cast<std::size_t>(spec.controllers_size()) - 1,
                         static_cast<std::size_t>(spec.controllers_size()));
    }
  }
  return std::nullopt;
}

std::string_view emulators_name(std::string_view model) {
  if (model == "pci-bridge") return "pci-bridge";
  if (model == "dmi-to-pci-bridge") return "i82801b11-bridge";
  if (model == "pcie-to-pci-bridge") return "pcie-pci-bridge";
  if (model == "pcie-root-port") return "pcie-root-port";
  if (model == "pcie-switch-upstream-port") return "x3130-upstream";
  if (model == "pcie-switch-downstream-port") return "xio3130-downstream";
  if (model == "pci-expander-bus") return "pxb";
  if (model == "pcie-expander-bus") return "pxb-pcie";
  return {};
}

// Firmware numbers buses upwards from 0, so expanders count down from the end; each is two buses, its own and the bridge
// inside. With no room left, 1: validate() has the last word.
std::uint32_t next_bus_number(const v1::DomainSpec& spec) {
  std::uint32_t lowest = 256;
  for (const auto& controller : spec.controllers()) {
    if (controller.target().has_bus_nr()) lowest = std::min(lowest, controller.target().bus_nr());
  }
  return lowest > 2 ? lowest - 2 : 1;
}

// Host bridges of pseries machines are told apart by a number of their own; that of the first is 0.
void complete_host_bridge(const v1::DomainSpec& spec, v1::Controller& bridge) {
  if (bridge.model_name().empty()) bridge.set_model_name("spapr-pci-host-bridge");
  if (bridge.target().has_index()) return;
  std::uint32_t number = bridge.index() == 0 ? 0 : 1;
  while (number != 0 && std::ranges::any_of(spec.controllers(), [number](const auto& other) {
           return other.type() == v1::CONTROLLER_TYPE_PCI && other.target().has_index() &&
                  other.target().index() == number;
         })) {
    ++number;
  }
  bridge.mutable_target()->set_index(number);
}

// What the emulator must be told besides the place.
void complete_targets(v1::DomainSpec& spec, Chipset chipset) {
  for (auto& controller : *spec.mutable_controllers()) {
    if (controller.type() != v1::CONTROLLER_TYPE_PCI) continue;
    const auto& model = controller.model();
    const auto place = place_of(controller.address().pci());
    if (chipset == Chipset::pseries && model == "pci-root") complete_host_bridge(spec, controller);
    if (controller.model_name().empty()) controller.set_model_name(std::string(emulators_name(model)));
    if (model == "pci-bridge" && !controller.target().has_chassis_nr()) {
      controller.mutable_target()->set_chassis_nr(controller.index());
    }
    if (model == "pci-expander-bus" && !controller.target().has_bus_nr()) {
      controller.mutable_target()->set_bus_nr(next_bus_number(spec));
    }
    if (model == "pcie-root-port" || model == "pcie-switch-downstream-port") {
      auto& target = *controller.mutable_target();
      if (!target.has_chassis()) target.set_chassis(controller.index());
      if (!target.has_port())
        target.set_port(model == "pcie-root-port" ? place.slot << 3U | place.function : place.slot);
    }
  }
}

// Function 0 must say so where its slot has more.
void mark_multifunction(v1::DomainSpec& spec, const PciTopology& buses) {
  for (auto& [path, address] : devices_of(spec)) {
    if (!address.has() || !address->has_pci()) continue;
    auto& pci = *address->mutable_pci();
    if (!pci.has_slot() || pci.function() != 0 || pci.has_multifunction()) continue;
    // The boards' own chips have more functions at places that users do not see.
    if (buses.functions_beside(place_of(pci))) pci.set_multifunction(true);
  }
}

Result<void> no_room(const std::string& path, const xml::SourceMap& source) {
  Findings findings(source);
  findings.add(path, "no PCI slot is left for this device");
  return std::move(findings).result();
}

}  // namespace

Result<void> assign_pci_addresses(v1::DomainSpec& spec, Chipset chipset, const xml::SourceMap& source) {
  if (!has_pci(chipset)) return {};
  if (const auto stuck = add_missing_controllers(spec, chipset)) return no_room(*stuck, source);

  auto buses = pci_buses(spec, chipset, false);
  if (const auto stuck = place_all(spec, chipset, buses)) return no_room(*stuck, source);
  mark_multifunction(spec, buses);
  complete_targets(spec, chipset);
  return {};
}

}  // namespace lodge::conf::addresses
