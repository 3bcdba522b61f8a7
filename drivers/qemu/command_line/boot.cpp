#include <algorithm>

#include "conf/numbered.h"
#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

bool is_kind(const v1::Disk& disk, v1::BootDevice kind) {
  switch (kind) {
    case v1::BOOT_DEVICE_HD: return disk.device() == v1::DISK_DEVICE_DISK || disk.device() == v1::DISK_DEVICE_LUN;
    case v1::BOOT_DEVICE_CDROM: return disk.device() == v1::DISK_DEVICE_CDROM;
    case v1::BOOT_DEVICE_FD: return disk.device() == v1::DISK_DEVICE_FLOPPY;
    default: return false;
  }
}

std::string flash_node(int n, std::string_view layer) { return fmt::format("lodge-pflash{}-{}", n, layer); }

void add_flash(Arguments& arguments, int n, const std::string& file, bool read_only) {
  arguments.add("-blockdev", Props{{"driver", "file"},
                                   {"filename", file},
                                   {"node-name", flash_node(n, "storage")},
                                   {"auto-read-only", true},
                                   {"discard", "unmap"}});
  arguments.add("-blockdev", Props{{"node-name", flash_node(n, "format")},
                                   {"read-only", read_only},
                                   {"driver", "raw"},
                                   {"file", flash_node(n, "storage")}});
}

}  // namespace

BootOrder boot_order(const v1::DomainSpec& spec) {
  BootOrder order;
  for (int i = 0; i < spec.disks_size(); ++i) {
    if (spec.disks(i).boot().has_order()) order.disks[i] = spec.disks(i).boot().order();
  }
  for (int i = 0; i < spec.interfaces_size(); ++i) {
    if (spec.interfaces(i).boot().has_order()) order.interfaces[i] = spec.interfaces(i).boot().order();
  }
  if (!order.disks.empty() || !order.interfaces.empty()) return order;

  std::uint32_t next = 1;
  for (const auto kind : spec.os().boot()) {
    if (kind == v1::BOOT_DEVICE_NETWORK && !spec.interfaces().empty()) order.interfaces.emplace(0, next++);
    const auto found = std::ranges::find_if(
        spec.disks(), [&](const auto& disk) { return is_kind(disk, static_cast<v1::BootDevice>(kind)); });
    if (found == spec.disks().end()) continue;
    if (order.disks.emplace(static_cast<int>(found - spec.disks().begin()), next).second) ++next;
  }
  return order;
}

void add_firmware(Arguments& arguments, const Launch& launch) {
  const auto& os = launch.spec.os();
  if (os.loader().path().empty()) return;
  if (os.loader().type() != v1::LOADER_TYPE_PFLASH) {
    arguments.add("-bios", os.loader().path());
    return;
  }
  if (os.loader().secure()) {
    arguments.add("-global", Keyval().add("driver", "cfi.pflash01").add("property", "secure").add("value", "on"));
  }
  add_flash(arguments, 0, os.loader().path(), os.loader().readonly() || !os.loader().has_readonly());
  if (!os.nvram().path().empty()) add_flash(arguments, 1, os.nvram().path(), false);
}

void add_boot(Arguments& arguments, const Launch& launch) {
  const auto& os = launch.spec.os();
  Keyval boot;
  if (os.has_bootmenu()) boot.add_on_off("menu", os.bootmenu());
  if (os.has_bootmenu_timeout()) boot.add("splash-time", os.bootmenu_timeout());
  if (os.has_bios_reboot_timeout()) boot.add("reboot-timeout", std::to_string(os.bios_reboot_timeout()));
  // A guest boots from what its definition says or not at all.
  boot.add("strict", "on");
  arguments.add("-boot", boot);

  if (!os.kernel().empty()) arguments.add("-kernel", os.kernel());
  if (!os.initrd().empty()) arguments.add("-initrd", os.initrd());
  if (!os.cmdline().empty()) arguments.add("-append", os.cmdline());
  if (!os.dtb().empty()) arguments.add("-dtb", os.dtb());
  for (const auto& table : os.acpi_tables()) {
    arguments.add("-acpitable", Keyval().add("sig", "SLIC").add("file", table.path()));
  }
  if (os.bios_useserial()) arguments.add("-device", Props{{"driver", "sga"}});
  if (launch.spec.features().vmcoreinfo()) arguments.add("-device", Props{{"driver", "vmcoreinfo"}});
}

void check_boot(Refusals& refusals, const v1::DomainSpec& spec) {
  const auto& os = spec.os();
  if (os.firmware() == v1::OS_FIRMWARE_EFI && os.loader().path().empty()) {
    refusals.add(
        "/domain/os/@firmware",
        "firmware is not chosen automatically yet: name it with <loader type='pflash' readonly='yes'> and <nvram "
        "template='…'>");
  }
  if (!os.nvram().path().empty() && os.loader().type() != v1::LOADER_TYPE_PFLASH) {
    refusals.add("/domain/os/nvram", "only a <loader type='pflash'> has variables to store");
  }
  if (os.smbios() == v1::SMBIOS_MODE_HOST || os.smbios() == v1::SMBIOS_MODE_SYSINFO) {
    refusals.add("/domain/os/smbios/@mode", "only 'emulate' is supported");
  }
  for (int i = 0; i < os.acpi_tables_size(); ++i) {
    if (os.acpi_tables(i).type() != "slic") {
      refusals.add(conf::numbered("/domain/os/acpi/table", i, os.acpi_tables()) + "/@type",
                   "only 'slic' is supported, not '{}'", os.acpi_tables(i).type());
    }
  }
}

}  // namespace lodge::drivers::qemu
