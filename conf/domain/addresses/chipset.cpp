#include "conf/domain/addresses/chipset.h"

#include <array>

#include "conf/domain/addresses/pci_devices.h"

namespace lodge::conf::addresses {

namespace {

constexpr PciPlace kPiix3Ide = {0, 1, 1};
constexpr PciPlace kPiix3Usb = {0, 1, 2};
constexpr PciPlace kIch9Sata = {0, 0x1f, 2};
constexpr PciPlace kIch9Sound = {0, 0x1b, 0};
constexpr PciPlace kIch9DmiBridge = {0, 0x1e, 0};
constexpr std::array kPiix3 = {PciPlace{0, 1, 0}, PciPlace{0, 1, 3}};       // ISA bridge, power management
constexpr std::array kIch9 = {PciPlace{0, 0x1f, 0}, PciPlace{0, 0x1f, 3}};  // ISA bridge, SMBus

template <class D>
bool is_wanted(D& device) {
  return wants_pci_address({{}, DeviceAddress(device)});
}

template <class D>
void put(D& device, PciPlace place, PciTopology& buses, unsigned needs) {
  auto& pci = *device.mutable_address()->mutable_pci();
  pci.set_domain(0);
  pci.set_bus(place.bus);
  pci.set_slot(place.slot);
  pci.set_function(place.function);
  buses.take(place, needs);
}

// The first card goes where firmware looks for it, else wherever it fits.
void place_primary_video(v1::DomainSpec& spec, Chipset chipset, PciPlace usual, PciTopology& buses) {
  if (spec.videos().empty()) return;
  auto& video = *spec.mutable_videos(0);
  if (video.type() == v1::VIDEO_TYPE_NONE || video.type() == v1::VIDEO_TYPE_RAMFB || !is_wanted(video)) return;
  if (!buses.slot_used(usual)) return put(video, usual, buses, plug::pci);
  const bool express = chipset == Chipset::q35 &&
                       (video.type() == v1::VIDEO_TYPE_VIRTIO || video.type() == v1::VIDEO_TYPE_BOCHS);
  const unsigned needs = (express ? plug::pcie : plug::pci) | plug::hot;
  if (const auto place = buses.take_next(needs)) put(video, *place, buses, needs);
}

void place_i440fx(v1::DomainSpec& spec, PciTopology& buses) {
  place_primary_video(spec, Chipset::i440fx, {0, 2, 0}, buses);
}

void place_q35(v1::DomainSpec& spec, PciTopology& buses) {
  for (auto& controller : *spec.mutable_controllers()) {
    if (!is_wanted(controller)) continue;
    if (controller.type() == v1::CONTROLLER_TYPE_USB && controller.model() == "ich9-ehci1") {
      for (const PciPlace place : {PciPlace{0, 0x1d, 7}, PciPlace{0, 0x1a, 7}}) {
        if (buses.slot_used(place)) continue;
        put(controller, place, buses, plug::pci);
        break;
      }
    }
    if (controller.type() == v1::CONTROLLER_TYPE_PCI && controller.model() == "dmi-to-pci-bridge" &&
        !buses.slot_used(kIch9DmiBridge)) {
      put(controller, kIch9DmiBridge, buses, plug::dmi_bridge);
    }
  }
  place_primary_video(spec, Chipset::q35, {0, 1, 0}, buses);
  for (auto& sound : *spec.mutable_sounds()) {
    if (sound.model() != v1::SOUND_MODEL_ICH9 || !is_wanted(sound) || buses.slot_used(kIch9Sound)) continue;
    put(sound, kIch9Sound, buses, plug::pci);
    break;
  }
}

}  // namespace

std::optional<PciPlace> fixed_place(const v1::Controller& controller, Chipset chipset) {
  if (controller.index() != 0) return std::nullopt;
  if (chipset == Chipset::i440fx && controller.type() == v1::CONTROLLER_TYPE_IDE) return kPiix3Ide;
  if (chipset == Chipset::i440fx && controller.type() == v1::CONTROLLER_TYPE_USB &&
      controller.model() == "piix3-uhci") {
    return kPiix3Usb;
  }
  if (chipset == Chipset::q35 && controller.type() == v1::CONTROLLER_TYPE_SATA) return kIch9Sata;
  return std::nullopt;
}

std::span<const PciPlace> board_places(Chipset chipset) {
  if (chipset == Chipset::i440fx) return kPiix3;
  if (chipset == Chipset::q35) return kIch9;
  return {};
}

void place_chipset_devices(v1::DomainSpec& spec, Chipset chipset, PciTopology& buses) {
  for (auto& controller : *spec.mutable_controllers()) {
    const auto place = fixed_place(controller, chipset);
    if (place && is_wanted(controller)) put(controller, *place, buses, plug::pci);
  }
  for (const auto place : board_places(chipset)) buses.take(place, plug::pci);
  if (chipset == Chipset::i440fx) place_i440fx(spec, buses);
  if (chipset == Chipset::q35) place_q35(spec, buses);
}

}  // namespace lodge::conf::addresses
