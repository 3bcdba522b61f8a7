#include <algorithm>
#include <array>
#include <utility>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/domain/machine.h"

namespace lodge::conf::checks {

namespace {

// What only some architectures have.
void check_features(const v1::DomainSpec& spec, Findings& findings) {
  const std::string& arch = spec.os().arch();
  const auto& features = spec.features();
  const auto refuse = [&](bool wanted, std::string_view element, std::string_view where) {
    if (wanted) findings.add(fmt::format("/domain/features/{}", element), "{} has this, {} does not", where, arch);
  };
  const bool x86 = is_x86(arch);
  refuse(features.has_gic() && (!is_arm(arch) || chipset_of(spec.os()) != Chipset::virt), "gic",
         "ARM's machine 'virt'");
  const auto& gic = features.gic().version();
  if (features.has_gic() && !gic.empty() && gic != "2" && gic != "3" && gic != "host") {
    findings.add("/domain/features/gic/@version", "'{}' is not one of 2, 3, host", gic);
  }
  refuse(features.ioapic() != v1::IOAPIC_DRIVER_UNSPECIFIED && !x86, "ioapic", "x86");
  refuse(features.has_pvspinlock() && !x86, "pvspinlock", "x86");
  refuse(features.has_vmport() && !x86, "vmport", "x86");
  refuse(features.apic().has_eoi() && !x86, "apic/@eoi", "x86");
  refuse(features.has_hyperv() && !x86 && arch != "aarch64", "hyperv", "x86 or aarch64");
  refuse(features.has_smm() && !x86, "smm", "x86");
  const bool uefi = spec.os().firmware() == v1::OS_FIRMWARE_EFI || spec.os().loader().type() == v1::LOADER_TYPE_PFLASH;
  if (features.acpi() && arch == "aarch64" && !uefi) {
    findings.add("/domain/features/acpi", "on aarch64 ACPI comes with UEFI: <os firmware='efi'>, or leave it out");
  }
  if (spec.cpu().has_cache() && !x86) {
    findings.add("/domain/cpu/cache", "only x86 guests can be told about caches, not {}", arch);
  }
  for (const auto& [name, wanted] : {std::pair("suspend-to-mem", spec.has_suspend_to_mem()),
                                     std::pair("suspend-to-disk", spec.has_suspend_to_disk())}) {
    if (wanted && !x86) findings.add(fmt::format("/domain/pm/{}", name), "only x86 guests sleep by ACPI, not {}", arch);
  }
}

// The boards on which each kind of serial port exists.
bool exists(const v1::Serial& serial, const v1::Os& os) {
  const auto chipset = chipset_of(os);
  switch (serial.target_type()) {
    case v1::CHAR_TARGET_TYPE_ISA_SERIAL:
    case v1::CHAR_TARGET_TYPE_ISA_DEBUG: return is_x86(os.arch());
    case v1::CHAR_TARGET_TYPE_SPAPR_VIO_SERIAL: return chipset == Chipset::pseries;
    case v1::CHAR_TARGET_TYPE_SCLP_SERIAL: return chipset == Chipset::ccw;
    case v1::CHAR_TARGET_TYPE_SYSTEM_SERIAL:
      if (chipset != Chipset::virt) return false;
      return serial.target_model().empty() || serial.target_model() == (is_arm(os.arch()) ? "pl011" : "16550a");
    case v1::CHAR_TARGET_TYPE_USB_SERIAL:
    case v1::CHAR_TARGET_TYPE_PCI_SERIAL:
    case v1::CHAR_TARGET_TYPE_UNSPECIFIED: return true;
    default: return false;  // what only a console is
  }
}

std::string_view ports_of(const v1::Os& os) {
  if (is_x86(os.arch())) return "isa-serial, usb-serial, pci-serial or isa-debug";
  switch (chipset_of(os)) {
    case Chipset::pseries: return "spapr-vio-serial, usb-serial or pci-serial";
    case Chipset::ccw: return "sclp-serial";
    case Chipset::virt: return "system-serial, usb-serial or pci-serial";
    default: return "usb-serial or pci-serial";
  }
}

void check_ports(const v1::DomainSpec& spec, Findings& findings) {
  for (int i = 0; i < spec.serials_size(); ++i) {
    const auto& serial = spec.serials(i);
    if (exists(serial, spec.os())) continue;
    const auto path = device_path("serial", i, spec.serials());
    findings.add(path + "/target/@type", "'{}' with model '{}' is not for machine '{}' of {}; it can be {}",
                 spelling(serial.target_type()), serial.target_model(), spec.os().machine(), spec.os().arch(),
                 ports_of(spec.os()));
  }
  const auto chipset = chipset_of(spec.os());
  if (!spec.parallels().empty() && (chipset == Chipset::pseries || chipset == Chipset::ccw)) {
    findings.add("/domain/devices/parallel", "machine '{}' of {} has no parallel ports", spec.os().machine(),
                 spec.os().arch());
  }
}

bool is_known(v1::VideoType type, const v1::Os& os) {
  constexpr std::array kOfX86 = {v1::VIDEO_TYPE_QXL, v1::VIDEO_TYPE_VMVGA};
  if (is_x86(os.arch())) return true;
  if (std::ranges::find(kOfX86, type) != kOfX86.end()) return false;
  if (chipset_of(os) != Chipset::ccw) return true;
  return type == v1::VIDEO_TYPE_VIRTIO || type == v1::VIDEO_TYPE_NONE;
}

void check_cards(const v1::DomainSpec& spec, Findings& findings) {
  for (int i = 0; i < spec.videos_size(); ++i) {
    const auto type = spec.videos(i).type();
    if (is_known(type, spec.os())) continue;
    const auto path = device_path("video", i, spec.videos());
    findings.add(path + "/model/@type", "there are no '{}' cards for {}; it can be virtio", spelling(type),
                 spec.os().arch());
  }
  for (int i = 0; i < spec.inputs_size(); ++i) {
    if (spec.inputs(i).bus() != v1::INPUT_BUS_PS2 || is_x86(spec.os().arch())) continue;
    const auto path = device_path("input", i, spec.inputs());
    findings.add(path + "/@bus", "{} has no 'ps2'; it can be usb or virtio", spec.os().arch());
  }
}

}  // namespace

void check_architecture(const v1::DomainSpec& spec, Findings& findings) {
  check_features(spec, findings);
  check_ports(spec, findings);
  check_cards(spec, findings);
}

}  // namespace lodge::conf::checks
