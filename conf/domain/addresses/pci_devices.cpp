#include "conf/domain/addresses/pci_devices.h"

namespace lodge::conf::addresses {

namespace {

// What devices of each generation plug into on this chipset.
struct Plugs {
  unsigned pci = plug::pci | plug::hot;
  unsigned pcie;

  explicit Plugs(Chipset chipset) : pcie((has_pcie(chipset) ? plug::pcie : plug::pci) | plug::hot) {}
};

class Collector {
 public:
  explicit Collector(Chipset chipset) : plugs_(chipset) {}

  // `plug_of` answers 0 for what does not sit on PCI.
  template <class List, class PlugOf>
  void add(std::string_view element, List& list, PlugOf plug_of) {
    for (int i = 0; i < list.size(); ++i) {
      const unsigned needs = plug_of(list[i]);
      if (needs == 0) continue;
      devices_.push_back({{device_path(element, i, list), DeviceAddress(list[i])}, needs});
    }
  }

  const Plugs& plugs() const { return plugs_; }
  std::vector<PciDevice> take() { return std::move(devices_); }
  void add_single(std::string path, DeviceAddress address, unsigned needs) {
    devices_.push_back({{std::move(path), address}, needs});
  }

 private:
  Plugs plugs_;
  std::vector<PciDevice> devices_;
};

unsigned plug_of(const v1::Controller& controller, const Plugs& plugs) {
  const auto& model = controller.model();
  switch (controller.type()) {
    case v1::CONTROLLER_TYPE_USB:
      if (model == "none") return 0;
      return model.ends_with("xhci") ? plugs.pcie : plugs.pci;
    case v1::CONTROLLER_TYPE_SCSI:
      if (model == "ibmvscsi") return 0;
      if (model == "virtio-transitional") return plugs.pci;
      return model.starts_with("virtio") || model == "vmpvscsi" ? plugs.pcie : plugs.pci;
    case v1::CONTROLLER_TYPE_VIRTIO_SERIAL: return model == "virtio-transitional" ? plugs.pci : plugs.pcie;
    case v1::CONTROLLER_TYPE_IDE:
    case v1::CONTROLLER_TYPE_SATA: return plugs.pci;
    default: return 0;
  }
}

unsigned plug_of(const v1::Interface& interface, const Plugs& plugs) {
  if (interface.has_hostdev()) return 0;  // it stands among the host's devices
  const auto& model = interface.model();
  if (model == "usb-net" || model == "spapr-vlan" || model == "lan9118" || model == "smc91c111") return 0;
  const bool express = model == "virtio" || model == "virtio-non-transitional" || model == "e1000e" || model == "igb";
  return express ? plugs.pcie : plugs.pci;
}

unsigned plug_of(const v1::Hostdev& hostdev, const Plugs& plugs) {
  const auto& subsystem = hostdev.subsystem();
  const bool on_pci = subsystem.has_pci() || subsystem.has_scsi_host() ||
                      (subsystem.has_mdev() && subsystem.mdev().model() == v1::HOSTDEV_MDEV_MODEL_VFIO_PCI);
  return on_pci ? plugs.pcie : 0;
}

unsigned plug_of(const v1::MemoryDevice& memory, const Plugs& plugs) {
  const bool on_pci = memory.model() == v1::MEMORY_DEVICE_MODEL_VIRTIO_MEM ||
                      memory.model() == v1::MEMORY_DEVICE_MODEL_VIRTIO_PMEM;
  return on_pci ? plugs.pcie : 0;
}

unsigned plug_of(const v1::Sound& sound, const Plugs& plugs) {
  switch (sound.model()) {
    case v1::SOUND_MODEL_SB16:
    case v1::SOUND_MODEL_PCSPK:
    case v1::SOUND_MODEL_USB: return 0;
    default: return plugs.pci;
  }
}

unsigned plug_of(const v1::Disk& disk, const Plugs& plugs) {
  if (disk.bus() != v1::DISK_BUS_VIRTIO) return 0;
  return disk.model() == v1::DISK_MODEL_VIRTIO_TRANSITIONAL ? plugs.pci : plugs.pcie;
}

unsigned plug_of(const v1::Memballoon& balloon, const Plugs& plugs) {
  switch (balloon.model()) {
    case v1::MEMBALLOON_MODEL_VIRTIO:
    case v1::MEMBALLOON_MODEL_VIRTIO_NON_TRANSITIONAL: return plugs.pcie;
    case v1::MEMBALLOON_MODEL_VIRTIO_TRANSITIONAL: return plugs.pci;
    default: return 0;
  }
}

unsigned plug_of(const v1::Video& video, const Plugs& plugs) {
  switch (video.type()) {
    case v1::VIDEO_TYPE_NONE:
    case v1::VIDEO_TYPE_RAMFB: return 0;
    case v1::VIDEO_TYPE_VIRTIO:
    case v1::VIDEO_TYPE_BOCHS: return plugs.pcie;
    default: return plugs.pci;
  }
}

}  // namespace

PciPlace place_of(const v1::PciAddress& pci) { return {pci.bus(), pci.slot(), pci.function()}; }

PciTopology pci_buses(const v1::DomainSpec& spec, Chipset chipset, bool growing) {
  PciTopology buses(growing, chipset == Chipset::pseries);
  buses.set_bus(0, has_pcie(chipset) ? "pcie-root" : "pci-root");
  for (const auto& controller : spec.controllers()) {
    if (controller.type() == v1::CONTROLLER_TYPE_PCI && controller.index() > 0) {
      buses.set_bus(controller.index(), controller.model());
    }
  }
  buses.fill_gaps();
  return buses;
}

bool wants_pci_address(const Device& device) {
  if (!device.address.has()) return true;
  return device.address->has_pci() && !device.address->pci().has_slot();
}

std::vector<PciDevice> pci_devices(v1::DomainSpec& spec, Chipset chipset) {
  Collector found(chipset);
  const auto& plugs = found.plugs();
  const auto by_family = [&](const auto& device) { return plug_of(device, plugs); };

  found.add("controller", *spec.mutable_controllers(), [](const auto& controller) {
    return controller.type() == v1::CONTROLLER_TYPE_PCI ? plug_of_controller(controller.model()) : 0;
  });
  found.add("filesystem", *spec.mutable_filesystems(), [&](const auto& filesystem) {
    return filesystem.model() == v1::FILESYSTEM_MODEL_VIRTIO_TRANSITIONAL ? plugs.pci : plugs.pcie;
  });
  found.add("interface", *spec.mutable_interfaces(), by_family);
  found.add("sound", *spec.mutable_sounds(), by_family);
  found.add("controller", *spec.mutable_controllers(), by_family);
  found.add("disk", *spec.mutable_disks(), by_family);
  found.add("interface", *spec.mutable_interfaces(),
            [&](const auto& interface) { return interface.has_hostdev() ? plugs.pcie : 0; });
  found.add("hostdev", *spec.mutable_hostdevs(), by_family);
  if (spec.has_memballoon()) {
    if (const unsigned needs = plug_of(spec.memballoon(), plugs)) {
      found.add_single("/domain/devices/memballoon", DeviceAddress(*spec.mutable_memballoon()), needs);
    }
  }
  found.add("rng", *spec.mutable_rngs(),
            [&](const auto& rng) { return rng.model() == v1::RNG_MODEL_VIRTIO_TRANSITIONAL ? plugs.pci : plugs.pcie; });
  found.add("watchdog", *spec.mutable_watchdogs(),
            [&](const auto& watchdog) { return watchdog.model() == v1::WATCHDOG_MODEL_I6300ESB ? plugs.pci : 0; });
  found.add("video", *spec.mutable_videos(), by_family);
  found.add("shmem", *spec.mutable_shmems(), [&](const auto&) { return plugs.pci; });
  found.add("input", *spec.mutable_inputs(), [&](const auto& input) {
    if (input.bus() != v1::INPUT_BUS_VIRTIO) return 0U;
    return input.model() == v1::INPUT_MODEL_VIRTIO_TRANSITIONAL ? plugs.pci : plugs.pcie;
  });
  found.add("serial", *spec.mutable_serials(), [&](const auto& serial) {
    return serial.target_type() == v1::CHAR_TARGET_TYPE_PCI_SERIAL ? plugs.pci : 0;
  });
  if (spec.has_vsock()) {
    const bool old = spec.vsock().model() == v1::VSOCK_MODEL_VIRTIO_TRANSITIONAL;
    found.add_single("/domain/devices/vsock", DeviceAddress(*spec.mutable_vsock()), old ? plugs.pci : plugs.pcie);
  }
  found.add("memory", *spec.mutable_memory_devices(), by_family);
  // A part of the root itself: it cannot be plugged in.
  if (spec.iommu().model() == v1::IOMMU_MODEL_VIRTIO) {
    found.add_single("/domain/devices/iommu", DeviceAddress(*spec.mutable_iommu()),
                     has_pcie(chipset) ? plug::pcie : plug::pci);
  }
  return found.take();
}

}  // namespace lodge::conf::addresses
