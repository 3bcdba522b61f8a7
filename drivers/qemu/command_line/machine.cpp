#include "drivers/qemu/command_line/machine.h"

#include <algorithm>

#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

bool is_q35(const v1::DomainSpec& spec) {
  const std::string_view machine = spec.os().machine();
  return machine == "q35" || machine.starts_with("pc-q35-");
}

bool is_i440fx(const v1::DomainSpec& spec) {
  const std::string_view machine = spec.os().machine();
  return machine == "pc" || (machine.starts_with("pc-") && !is_q35(spec));
}

bool is_built_in(const v1::Controller& controller, const v1::DomainSpec& spec) {
  if (controller.index() != 0) return false;
  switch (controller.type()) {
    case v1::CONTROLLER_TYPE_PCI: return controller.model() == "pci-root" || controller.model() == "pcie-root";
    case v1::CONTROLLER_TYPE_IDE:
    case v1::CONTROLLER_TYPE_FDC: return is_i440fx(spec);
    case v1::CONTROLLER_TYPE_SATA: return is_q35(spec);
    case v1::CONTROLLER_TYPE_ISA: return true;
    default: return false;
  }
}

std::string controller_alias(const v1::DomainSpec& spec, v1::ControllerType type, std::uint32_t index) {
  const auto found = std::ranges::find_if(spec.controllers(), [&](const auto& controller) {
    return controller.type() == type && controller.index() == index;
  });
  if (found != spec.controllers().end() && !found->alias().empty()) return found->alias();
  if (type == v1::CONTROLLER_TYPE_PCI) return fmt::format("{}.{}", index == 0 && is_q35(spec) ? "pcie" : "pci", index);
  return fmt::format("controller{}", index);
}

void place(Props& device, const v1::Address& address, const v1::DomainSpec& spec) {
  switch (address.type_case()) {
    case v1::Address::kPci: {
      const auto& pci = address.pci();
      device["bus"] = controller_alias(spec, v1::CONTROLLER_TYPE_PCI, pci.bus());
      if (pci.multifunction()) device["multifunction"] = true;
      device["addr"] = pci.function() ? fmt::format("{:#x}.{:#x}", pci.slot(), pci.function())
                                      : fmt::format("{:#x}", pci.slot());
      return;
    }
    case v1::Address::kUsb:
      device["bus"] = controller_alias(spec, v1::CONTROLLER_TYPE_USB, address.usb().bus()) + ".0";
      if (!address.usb().port().empty()) device["port"] = address.usb().port();
      return;
    case v1::Address::kVirtioSerial:
      device["bus"] = controller_alias(spec, v1::CONTROLLER_TYPE_VIRTIO_SERIAL, address.virtio_serial().controller()) +
                      ".0";
      if (address.virtio_serial().has_port()) device["nr"] = address.virtio_serial().port();
      return;
    case v1::Address::kCcid:
      device["bus"] = controller_alias(spec, v1::CONTROLLER_TYPE_CCID, address.ccid().controller()) + ".0";
      return;
    case v1::Address::kCcw: {
      const auto& ccw = address.ccw();
      device["devno"] = fmt::format("{:x}.{:x}.{:04x}", ccw.cssid(), ccw.ssid(), ccw.devno());
      return;
    }
    case v1::Address::kIsa:
      if (address.isa().has_iobase()) device["iobase"] = address.isa().iobase();
      if (address.isa().has_irq()) device["irq"] = address.isa().irq();
      return;
    case v1::Address::kSpaprVio: device["reg"] = address.spapr_vio().reg(); return;
    default: return;
  }
}

std::string virtio_device(std::string_view base, std::string_view variant, const v1::Address& address,
                          const v1::DomainSpec& spec) {
  if (address.has_ccw()) return fmt::format("{}-ccw", base);
  const bool bare = address.has_virtio_mmio() || (!address.has_pci() && spec.os().machine().starts_with("microvm"));
  if (bare) return fmt::format("{}-device", base);
  return variant.empty() ? fmt::format("{}-pci", base) : fmt::format("{}-pci-{}", base, variant);
}

void add_virtio_options(Props& device, const v1::VirtioOptions& options) {
  if (options.has_iommu()) device["iommu_platform"] = options.iommu();
  if (options.has_ats()) device["ats"] = options.ats();
  if (options.has_packed()) device["packed"] = options.packed();
  if (options.has_page_per_vq()) device["page-per-vq"] = options.page_per_vq();
}

namespace {

bool is_x86(const v1::DomainSpec& spec) { return spec.os().arch() == "x86_64" || spec.os().arch() == "i686"; }
bool is_pc(const v1::DomainSpec& spec) { return is_q35(spec) || is_i440fx(spec); }

const v1::Timer* timer(const v1::DomainSpec& spec, v1::TimerName name) {
  const auto found = std::ranges::find(spec.clock().timers(), name, &v1::Timer::name);
  return found == spec.clock().timers().end() ? nullptr : &*found;
}

void add_smp(Arguments& arguments, const v1::DomainSpec& spec) {
  const std::uint32_t count = spec.vcpu().count();
  const std::uint32_t now = spec.vcpu().has_current() ? spec.vcpu().current() : count;
  Keyval smp(std::to_string(now));
  if (now != count) smp.add("maxcpus", count);
  const auto& topology = spec.cpu().topology();
  const bool given = spec.has_cpu() && spec.cpu().has_topology();
  smp.add("sockets", given ? topology.sockets() : count);
  if (given && topology.dies() > 1) smp.add("dies", topology.dies());
  smp.add("cores", given ? topology.cores() : 1).add("threads", given ? topology.threads() : 1);
  arguments.add("-smp", smp);
}

}  // namespace

void add_machine(Arguments& arguments, const Launch& launch) {
  const auto& spec = launch.spec;
  const auto& features = spec.features();
  Keyval machine(spec.os().machine());
  machine.add("usb", "off").add_on_off("dump-guest-core", spec.dump_core());
  if (is_pc(spec) && features.has_vmport()) machine.add_on_off("vmport", features.vmport());
  if (is_x86(spec) && features.has_smm())
    machine.add_on_off("smm", !features.smm().has_state() || features.smm().state());
  if (is_x86(spec) && !features.acpi()) machine.add("acpi", "off");
  if (features.ioapic() == v1::IOAPIC_DRIVER_KVM) machine.add("kernel_irqchip", "on");
  if (features.ioapic() == v1::IOAPIC_DRIVER_QEMU) machine.add("kernel_irqchip", "split");
  if (!features.gic().version().empty()) machine.add("gic-version", features.gic().version());
  if (const auto* hpet = timer(spec, v1::TIMER_NAME_HPET); hpet && hpet->has_present() && is_pc(spec)) {
    machine.add_on_off("hpet", hpet->present());
  }
  if (spec.memory_backing().nosharepages()) machine.add("mem-merge", "off");
  if (spec.os().loader().type() == v1::LOADER_TYPE_PFLASH) {
    machine.add("pflash0", "lodge-pflash0-format");
    if (!spec.os().nvram().path().empty()) machine.add("pflash1", "lodge-pflash1-format");
  }
  if (const auto backend = memory_backend_id(launch); !backend.empty()) machine.add("memory-backend", backend);
  arguments.add("-machine", machine);
  arguments.add("-accel", launch.kvm() ? "kvm" : "tcg");
  if (features.smm().tseg()) {
    arguments.add("-global", Keyval().add("mch.extended-tseg-mbytes", features.smm().tseg() >> 20));
  }
  add_smp(arguments, spec);
  arguments.add("-uuid", spec.uuid());

  const std::string_view power_management = is_q35(spec) ? "ICH9-LPC" : "PIIX4_PM";
  if (is_pc(spec) && spec.has_suspend_to_mem()) {
    arguments.add("-global", fmt::format("{}.disable_s3={:d}", power_management, !spec.suspend_to_mem()));
  }
  if (is_pc(spec) && spec.has_suspend_to_disk()) {
    arguments.add("-global", fmt::format("{}.disable_s4={:d}", power_management, !spec.suspend_to_disk()));
  }
}

void check_machine(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator) {
  if (spec.os().type() != "hvm") refusals.add("/domain/os/type", "QEMU runs hvm guests, not '{}'", spec.os().type());
  const auto arches = emulator.arches();
  if (!spec.os().arch().empty() && std::ranges::find(arches, spec.os().arch()) == arches.end()) {
    refusals.add("/domain/os/type/@arch", "{} emulates {}, not {}", emulator.identity.path, emulator.arch,
                 spec.os().arch());
  } else if (!emulator.machine(spec.os().machine())) {
    refusals.add("/domain/os/type/@machine", "{} has no machine '{}'", emulator.identity.path, spec.os().machine());
  }
  if (spec.has_cputune()) refusals.add("/domain/cputune", "limits and pinning of processor time are not supported yet");
  if (!spec.vcpu().cpuset().empty())
    refusals.add("/domain/vcpu/@cpuset", "pinning to host processors is not supported yet");
  if (spec.features().hap()) refusals.add("/domain/features/hap", "only Xen has this feature");
  if (spec.features().viridian()) refusals.add("/domain/features/viridian", "only Xen has this feature; use <hyperv>");
  if (spec.features().privnet()) refusals.add("/domain/features/privnet", "only containers have this feature");
}

void add_rom(Props& device, const v1::DeviceRom& rom) {
  if (rom.has_enabled() && !rom.enabled()) {
    device["romfile"] = "";
    return;
  }
  if (rom.has_bar()) device["rombar"] = rom.bar() ? 1 : 0;
  if (!rom.file().empty()) device["romfile"] = rom.file();
}

}  // namespace lodge::drivers::qemu
