#include <map>
#include <tuple>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/domain/machine.h"

namespace lodge::conf::checks {

namespace {

template <class List, class Check>
void each(std::string_view element, const List& list, Check check) {
  for (int i = 0; i < list.size(); ++i) {
    check(list[i], device_path(element, static_cast<std::size_t>(i), static_cast<std::size_t>(list.size())));
  }
}

void check_usb(const v1::HostdevUsb& usb, const std::string& path, Findings& findings) {
  const bool by_place = usb.has_source() && usb.source().has_bus() && usb.source().has_device();
  if (!usb.has_vendor() && !by_place) {
    findings.add(path + "/source", "says which device: <vendor id='0x…'/> and <product id='0x…'/>, or an address");
  }
  if (usb.has_vendor() && usb.vendor() == 0) findings.add(path + "/source/vendor/@id", "no vendor has the number 0");
  if (usb.has_vendor() != usb.has_product()) {
    findings.add(path + "/source", "vendor and product are given together");
  }
}

void check_mdev(const v1::Hostdev& hostdev, const std::string& path, Findings& findings) {
  const auto& mdev = hostdev.subsystem().mdev();
  if (mdev.uuid().empty()) findings.add(path + "/source/address/@uuid", "names the mediated device");
  if (mdev.model() == v1::HOSTDEV_MDEV_MODEL_UNSPECIFIED) {
    findings.add(path + "/@model", "says how the guest sees it: vfio-pci, vfio-ccw or vfio-ap");
  }
  const auto kind = hostdev.address().type_case();
  const bool fits = kind == v1::Address::TYPE_NOT_SET ||
                    (mdev.model() == v1::HOSTDEV_MDEV_MODEL_VFIO_PCI && kind == v1::Address::kPci) ||
                    (mdev.model() == v1::HOSTDEV_MDEV_MODEL_VFIO_CCW && kind == v1::Address::kCcw);
  if (!fits && mdev.model() != v1::HOSTDEV_MDEV_MODEL_VFIO_PCI) {
    findings.add(path + "/address/@type", "an address of another kind than '{}' has", spelling(mdev.model()));
  }
}

void check_hostdevs(const v1::DomainSpec& spec, Findings& findings) {
  using Place = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;
  std::map<Place, std::string> taken;
  for (const auto& disk : spec.disks()) {
    if (disk.bus() != v1::DISK_BUS_SCSI || !disk.address().has_drive()) continue;
    const auto& drive = disk.address().drive();
    taken.try_emplace({drive.controller(), drive.bus(), drive.target(), drive.unit()}, disk.target_dev());
  }
  each("hostdev", spec.hostdevs(), [&](const v1::Hostdev& hostdev, const std::string& path) {
    if (!hostdev.has_subsystem()) return;
    const auto& subsystem = hostdev.subsystem();
    if (subsystem.type_case() == v1::HostdevSubsystem::TYPE_NOT_SET) {
      return findings.add(path + "/@type", "says which kind of device: pci, usb, scsi, scsi_host or mdev");
    }
    if (subsystem.has_usb()) check_usb(subsystem.usb(), path, findings);
    if (subsystem.has_pci() && !subsystem.pci().has_source()) {
      findings.add(path + "/source", "says which function: <address domain='0' bus='6' slot='0' function='0'/>");
    }
    if (subsystem.has_mdev()) check_mdev(hostdev, path, findings);
    if (!subsystem.has_scsi()) return;
    if (subsystem.scsi().sgio() == v1::HOSTDEV_SGIO_UNFILTERED) {
      findings.add(path + "/@sgio", "kernels no longer have an 'unfiltered' mode; leave it out");
    }
    if (!hostdev.address().has_drive()) {
      return findings.add(path + "/address/@type", "a SCSI device has an address of type 'drive', or leave it out");
    }
    const auto& drive = hostdev.address().drive();
    const auto [first, fresh] = taken.try_emplace({drive.controller(), drive.bus(), drive.target(), drive.unit()},
                                                  path.substr(path.rfind('/') + 1));
    if (!fresh) {
      findings.add(path + "/address", "{} is at this place already: controller {}, bus {}, target {}, unit {}",
                   first->second, drive.controller(), drive.bus(), drive.target(), drive.unit());
    }
  });
}

void check_shmems(const v1::DomainSpec& spec, Findings& findings) {
  each("shmem", spec.shmems(), [&](const v1::Shmem& shmem, const std::string& path) {
    if (shmem.name().empty() || shmem.name().find('/') != std::string::npos) {
      findings.add(path + "/@name", "'{}' is no name for shared memory: it needs one, without '/'", shmem.name());
    }
    if (shmem.model() != v1::SHMEM_MODEL_IVSHMEM_PLAIN && shmem.model() != v1::SHMEM_MODEL_IVSHMEM_DOORBELL) {
      findings.add(path + "/model/@type", "emulators have only ivshmem-plain and ivshmem-doorbell");
    }
    if (shmem.has_msi() && !shmem.has_server()) {
      findings.add(path + "/msi", "interrupts need a server: <server path='…'/>");
    }
  });
}

void check_memory_devices(const v1::DomainSpec& spec, Findings& findings) {
  if (spec.memory_devices().empty()) return;
  if (!spec.has_max_memory() || spec.max_memory().slots() == 0) {
    findings.add("/domain/maxMemory", "memory devices need slots to be in: <maxMemory slots='16' unit='KiB'>…");
  }
  each("memory", spec.memory_devices(), [&](const v1::MemoryDevice& memory, const std::string& path) {
    if (memory.model() == v1::MEMORY_DEVICE_MODEL_UNSPECIFIED)
      findings.add(path + "/@model", "says which kind: dimm, nvdimm, virtio-mem, …");
    const bool needs_node = memory.model() != v1::MEMORY_DEVICE_MODEL_VIRTIO_PMEM &&
                            memory.model() != v1::MEMORY_DEVICE_MODEL_SGX_EPC;
    if (needs_node && !memory.target().has_node() && !spec.cpu().numa_cells().empty()) {
      findings.add(path + "/target/node", "says which NUMA node of the guest it belongs to");
    }
    if (memory.target().has_node() &&
        memory.target().node() >= static_cast<std::uint32_t>(spec.cpu().numa_cells_size())) {
      findings.add(path + "/target/node", "the guest has no NUMA node {}", memory.target().node());
    }
  });
}

void check_iommu(const v1::DomainSpec& spec, Findings& findings) {
  if (!spec.has_iommu()) return;
  const auto chipset = chipset_of(spec.os());
  const std::string path = "/domain/devices/iommu/@model";
  switch (spec.iommu().model()) {
    case v1::IOMMU_MODEL_INTEL:
      if (chipset != Chipset::q35) findings.add(path, "'intel' is for q35 machines only");
      break;
    case v1::IOMMU_MODEL_SMMUV3:
      if (chipset != Chipset::virt || !is_arm(spec.os().arch()))
        findings.add(path, "'smmuv3' is for ARM's machine 'virt' only");
      break;
    default: break;
  }
}

}  // namespace

void check_host_devices(const v1::DomainSpec& spec, Findings& findings) {
  check_hostdevs(spec, findings);
  check_shmems(spec, findings);
  check_memory_devices(spec, findings);
  check_iommu(spec, findings);
  if (spec.smartcards_size() > 1) findings.add("/domain/devices/smartcard[2]", "a guest has at most one");
  if (spec.tpms_size() > 2) findings.add("/domain/devices/tpm[3]", "a guest has at most one, and a proxy beside it");
}

}  // namespace lodge::conf::checks
