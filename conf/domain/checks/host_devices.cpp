#include <bit>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "conf/domain/checks/checks.h"
#include "conf/domain/machine.h"

namespace lodge::conf::checks {

namespace {

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

void check_mdev(const v1::DomainSpec& spec, const v1::Hostdev& hostdev, const std::string& path, Findings& findings) {
  const auto& mdev = hostdev.subsystem().mdev();
  if (mdev.display() && spec.graphics().empty())
    findings.add(path + "/@display", "what it draws needs somewhere to be seen: <graphics type='vnc'/>");
  if (mdev.ramfb() && !mdev.display())
    findings.add(path + "/@ramfb", "is shown until the guest's driver draws: display='on'");
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

void check_scsi(const v1::HostdevScsi& scsi, const std::string& path, Findings& findings) {
  if (scsi.has_iscsi()) {
    if (scsi.iscsi().name().empty())
      findings.add(path + "/source/@name", "names the target and the LUN: name='iqn.2013-07.com.example:disks/1'");
    if (scsi.iscsi().has_auth()) check_auth(scsi.iscsi().auth(), path + "/source/auth", findings);
    if (scsi.iscsi().hosts().empty())
      findings.add(path + "/source/host", "names the server: <host name='example.com'/>");
    return;
  }
  const auto& adapter = scsi.adapter();
  if (!adapter.adapter().has_fc_host() && adapter.adapter().scsi_host().name().empty() &&
      !adapter.adapter().scsi_host().has_parent()) {
    findings.add(path + "/source/adapter", "says which adapter: <adapter name='scsi_host0'/>");
  }
  if (!adapter.has_bus() || !adapter.has_target() || !adapter.has_unit())
    findings.add(path + "/source/address", "says which device: <address bus='0' target='0' unit='0'/>");
}

void check_scsi_host(const v1::HostdevScsiHost& host, const std::string& path, Findings& findings) {
  if (host.protocol() == v1::HOSTDEV_SCSI_HOST_PROTOCOL_UNSPECIFIED)
    findings.add(path + "/source/@protocol", "is vhost, the only one there is");
  constexpr std::string_view kNaa = "naa.";
  const auto& wwpn = host.wwpn();
  if (!wwpn.starts_with(kNaa) || wwpn.size() != kNaa.size() + 16 ||
      wwpn.find_first_not_of("0123456789abcdefABCDEF", kNaa.size()) != std::string::npos) {
    findings.add(path + "/source/@wwpn", "'{}' is not naa. and 16 hexadecimal digits: naa.5123456789abcde0", wwpn);
  }
}

// What of the host it is, to know it again; empty if that is not said.
std::string identity(const v1::HostdevSubsystem& subsystem) {
  if (subsystem.has_mdev()) return subsystem.mdev().uuid();
  if (!subsystem.pci().has_source()) return {};
  const auto& address = subsystem.pci().source();
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", address.domain(), address.bus(), address.slot(), address.function());
}

void check_hostdevs(const v1::DomainSpec& spec, Findings& findings) {
  using Place = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;
  std::map<Place, std::string> taken;
  std::set<std::string> given;
  for (const auto& disk : spec.disks()) {
    if (disk.bus() != v1::DISK_BUS_SCSI || !disk.address().has_drive()) continue;
    const auto& drive = disk.address().drive();
    taken.try_emplace({drive.controller(), drive.bus(), drive.target(), drive.unit()}, disk.target_dev());
  }
  each("hostdev", spec.hostdevs(), [&](const v1::Hostdev& hostdev, const std::string& path) {
    if (!hostdev.has_subsystem())
      return findings.add(path + "/@mode", "'capabilities' is for containers; a guest gets whole devices: 'subsystem'");
    const auto& subsystem = hostdev.subsystem();
    if (subsystem.type_case() == v1::HostdevSubsystem::TYPE_NOT_SET) {
      return findings.add(path + "/@type", "says which kind of device: pci, usb, scsi, scsi_host or mdev");
    }
    const auto name = identity(subsystem);
    if (!name.empty() && !given.insert(name).second)
      findings.add(path + "/source/address", "{} is given to the guest already", name);
    if (subsystem.has_usb()) check_usb(subsystem.usb(), path, findings);
    if (subsystem.has_pci() && !subsystem.pci().has_source()) {
      findings.add(path + "/source", "says which function: <address domain='0' bus='6' slot='0' function='0'/>");
    }
    if (subsystem.has_pci()) {
      check_function(subsystem.pci().source(), path + "/source/address", findings);
      if (subsystem.pci().has_teaming()) check_teaming(subsystem.pci().teaming(), false, path + "/teaming", findings);
    }
    if (subsystem.has_mdev()) check_mdev(spec, hostdev, path, findings);
    if (subsystem.has_scsi_host()) check_scsi_host(subsystem.scsi_host(), path, findings);
    if (!subsystem.has_scsi()) return;
    check_scsi(subsystem.scsi(), path, findings);
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

void check_shmem_size(const v1::Shmem& shmem, const std::string& path, Findings& findings) {
  constexpr std::uint64_t kLeast = 1 << 20;
  if (shmem.has_size() && (shmem.size() < kLeast || !std::has_single_bit(shmem.size())))
    findings.add(path + "/size", "{} bytes are not a power of two from 1 MiB", shmem.size());
}

void check_shmems(const v1::DomainSpec& spec, Findings& findings) {
  each("shmem", spec.shmems(), [&](const v1::Shmem& shmem, const std::string& path) {
    if (shmem.name().empty() || shmem.name() == "." || shmem.name() == ".." ||
        shmem.name().find('/') != std::string::npos) {
      findings.add(path + "/@name", "'{}' is no name for shared memory: it needs one, without '/'", shmem.name());
    }
    if (shmem.model() != v1::SHMEM_MODEL_IVSHMEM_PLAIN && shmem.model() != v1::SHMEM_MODEL_IVSHMEM_DOORBELL) {
      findings.add(path + "/model/@type", "emulators have only ivshmem-plain and ivshmem-doorbell");
    }
    check_shmem_size(shmem, path, findings);
    if (shmem.has_msi() && !shmem.has_server()) {
      findings.add(path + "/msi", "interrupts need a server: <server path='…'/>");
    }
  });
}

void check_certificates(const v1::SmartcardCertificates& card, const std::string& path, Findings& findings) {
  if (card.certificates_size() != 3)
    findings.add(path, "a card is made of three certificates, here are {}: <certificate>…</certificate>",
                 card.certificates_size());
  if (!card.database().empty() && !card.database().starts_with('/'))
    findings.add(path + "/database", "'{}' is not an absolute path: /etc/pki/nssdb", card.database());
}

void check_tpms(const v1::DomainSpec& spec, Findings& findings) {
  bool has_one = false;
  bool has_proxy = false;
  each("tpm", spec.tpms(), [&](const v1::Tpm& tpm, const std::string& path) {
    const bool proxy = tpm.model() == v1::TPM_MODEL_SPAPR_TPM_PROXY;
    if (std::exchange(proxy ? has_proxy : has_one, true))
      findings.add(path, "a guest has at most one{}", proxy ? " proxy" : ", and a spapr-tpm-proxy beside it");
    if (!tpm.has_emulator() || tpm.version() != v1::TPM_VERSION_1_2) return;
    if (tpm.model() == v1::TPM_MODEL_TPM_CRB)
      findings.add(path + "/@model", "'tpm-crb' is an interface of version 2.0; of 1.2 there is tpm-tis");
    if (tpm.emulator().has_active_pcr_banks())
      findings.add(path + "/backend/active_pcr_banks", "version 1.2 has no banks to choose from; 2.0 has");
  });
}

void check_leases(const v1::DomainSpec& spec, Findings& findings) {
  each("lease", spec.leases(), [&](const v1::Lease& lease, const std::string& path) {
    if (lease.key().empty()) findings.add(path + "/key", "names the lock: <key>web1</key>");
    if (lease.path().empty())
      findings.add(path + "/target/@path", "is the file that keeps it: <target path='/leases/web1'/>");
  });
}

// @source libvirt 9.0, virDomainDefIOMMUValidate
void check_intel(const v1::DomainSpec& spec, Findings& findings) {
  const auto& iommu = spec.iommu();
  const std::string path = "/domain/devices/iommu/driver";
  if (iommu.intremap() && spec.features().ioapic() != v1::IOAPIC_DRIVER_QEMU)
    findings.add(path + "/@intremap",
                 "the emulator plays the I/O APIC then: <features><ioapic driver='qemu'/></features>");
  if (iommu.eim() && !iommu.intremap())
    findings.add(path + "/@eim", "it reaches more processors by remapping interrupts: intremap='on'");
}

// The identifiers of xAPIC, one of which means all.
constexpr std::uint32_t kMaxXapic = 255;

void check_iommu(const v1::DomainSpec& spec, Findings& findings) {
  if (spec.vcpu().count() > kMaxXapic && chipset_of(spec.os()) == Chipset::q35 && !spec.iommu().eim()) {
    findings.add("/domain/vcpu",
                 "more than {} processors need <iommu model='intel'><driver intremap='on' eim='on'/></iommu>",
                 kMaxXapic);
  }
  if (!spec.has_iommu()) return;
  const auto chipset = chipset_of(spec.os());
  const std::string path = "/domain/devices/iommu/@model";
  switch (spec.iommu().model()) {
    case v1::IOMMU_MODEL_INTEL:
      if (chipset != Chipset::q35) findings.add(path, "'intel' is for q35 machines only");
      check_intel(spec, findings);
      break;
    case v1::IOMMU_MODEL_SMMUV3:
      if (chipset != Chipset::virt || !is_arm(spec.os().arch()))
        findings.add(path, "'smmuv3' is for ARM's machine 'virt' only");
      break;
    case v1::IOMMU_MODEL_VIRTIO:
      if (chipset != Chipset::q35 && (chipset != Chipset::virt || !is_arm(spec.os().arch()))) {
        findings.add(path, "'virtio' is for q35 and for ARM's machine 'virt' only");
      } else if (!spec.features().acpi()) {
        findings.add(path, "'virtio' is found by ACPI: <features><acpi/></features>");
      }
      break;
    default: break;
  }
}

}  // namespace

void check_function(const v1::PciAddress& address, const std::string& path, Findings& findings) {
  const auto check = [&](std::string_view name, std::uint32_t value, std::uint32_t most) {
    if (value > most) findings.add(fmt::format("{}/@{}", path, name), "{:#x} is more than {:#x}", value, most);
  };
  check("domain", address.domain(), 0xffff);
  check("bus", address.bus(), 0xff);
  check("slot", address.slot(), 0x1f);
  check("function", address.function(), 7);
}

void check_host_devices(const v1::DomainSpec& spec, Findings& findings) {
  check_hostdevs(spec, findings);
  check_shmems(spec, findings);
  check_iommu(spec, findings);
  if (spec.smartcards_size() > 1) findings.add("/domain/devices/smartcard[2]", "a guest has at most one");
  each("smartcard", spec.smartcards(), [&](const v1::Smartcard& smartcard, const std::string& path) {
    if (smartcard.has_host_certificates()) check_certificates(smartcard.host_certificates(), path, findings);
  });
  check_tpms(spec, findings);
  check_leases(spec, findings);
}

}  // namespace lodge::conf::checks
