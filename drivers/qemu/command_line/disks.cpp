#include <charconv>

#include "drivers/qemu/command_line/block_nodes.h"
#include "drivers/qemu/command_line/machine.h"
#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

bool is_cdrom(const v1::Disk& disk) { return disk.device() == v1::DISK_DEVICE_CDROM; }

std::string_view variant_of(const v1::Disk& disk) {
  if (disk.model() == v1::DISK_MODEL_VIRTIO_TRANSITIONAL) return "transitional";
  if (disk.model() == v1::DISK_MODEL_VIRTIO_NON_TRANSITIONAL) return "non-transitional";
  return {};
}

// What QEMU calls a disk on this bus; empty if there is no such combination.
std::string device_of(const v1::Disk& disk, const v1::DomainSpec& spec) {
  const bool disk_device = disk.device() == v1::DISK_DEVICE_DISK;
  switch (disk.bus()) {
    case v1::DISK_BUS_VIRTIO:
      return disk_device ? virtio_device("virtio-blk", variant_of(disk), disk.address(), spec) : std::string();
    case v1::DISK_BUS_IDE:
    case v1::DISK_BUS_SATA: return is_cdrom(disk) ? "ide-cd" : disk_device ? "ide-hd" : std::string();
    case v1::DISK_BUS_SCSI:
      if (disk.device() == v1::DISK_DEVICE_LUN) return "scsi-block";
      return is_cdrom(disk) ? "scsi-cd" : disk_device ? "scsi-hd" : std::string();
    case v1::DISK_BUS_USB: return disk_device || is_cdrom(disk) ? "usb-storage" : std::string();
    case v1::DISK_BUS_FDC: return disk.device() == v1::DISK_DEVICE_FLOPPY ? "floppy" : std::string();
    default: return {};
  }
}

// bus=…, unit=…: by controller and drive, as each kind of bus wants it.
void place_drive(Props& device, const v1::Disk& disk, const v1::DomainSpec& spec) {
  const auto& at = disk.address().drive();
  switch (disk.bus()) {
    case v1::DISK_BUS_IDE:
      device["bus"] = fmt::format("{}.{}", controller_alias(spec, v1::CONTROLLER_TYPE_IDE, at.controller()), at.bus());
      device["unit"] = at.unit();
      return;
    case v1::DISK_BUS_SATA:
      device["bus"] = fmt::format("{}.{}", controller_alias(spec, v1::CONTROLLER_TYPE_SATA, at.controller()),
                                  at.unit());
      return;
    case v1::DISK_BUS_SCSI: {
      device["bus"] = controller_alias(spec, v1::CONTROLLER_TYPE_SCSI, at.controller()) + ".0";
      device["channel"] = at.bus();
      const bool narrow = spec_scsi_model(spec, at.controller()) == "lsilogic";
      // A narrow controller has no LUNs to address: what a definition calls its unit is the SCSI id.
      device["scsi-id"] = narrow ? at.unit() : at.target();
      device["lun"] = narrow ? 0 : at.unit();
      return;
    }
    case v1::DISK_BUS_FDC: device["unit"] = at.unit(); return;
    default: return;
  }
}

std::string_view error_action(v1::DiskErrorPolicy policy) {
  switch (policy) {
    case v1::DISK_ERROR_POLICY_STOP: return "stop";
    case v1::DISK_ERROR_POLICY_REPORT: return "report";
    case v1::DISK_ERROR_POLICY_IGNORE: return "ignore";
    case v1::DISK_ERROR_POLICY_ENOSPACE: return "enospc";
    default: return {};
  }
}

void add_geometry(Props& device, const v1::DiskGeometry& geometry) {
  if (!geometry.cyls() || !geometry.heads() || !geometry.secs()) return;
  device["cyls"] = geometry.cyls();
  device["heads"] = geometry.heads();
  device["secs"] = geometry.secs();
  if (geometry.trans() == v1::DISK_TRANSLATION_NONE) device["bios-chs-trans"] = "none";
  if (geometry.trans() == v1::DISK_TRANSLATION_AUTO) device["bios-chs-trans"] = "auto";
  if (geometry.trans() == v1::DISK_TRANSLATION_LBA) device["bios-chs-trans"] = "lba";
}

void add_properties(Props& device, const v1::Disk& disk) {
  if (disk.shareable()) device["share-rw"] = true;
  if (disk.has_logical_block_size()) device["logical_block_size"] = disk.logical_block_size();
  if (disk.has_physical_block_size()) device["physical_block_size"] = disk.physical_block_size();
  if (!disk.serial().empty() && disk.bus() != v1::DISK_BUS_FDC) device["serial"] = disk.serial();
  if (!disk.wwn().empty()) {
    std::uint64_t wwn = 0;
    std::from_chars(disk.wwn().data(), disk.wwn().data() + disk.wwn().size(), wwn, 16);
    device["wwn"] = wwn;
  }
  if (disk.has_rotation_rate()) device["rotation_rate"] = disk.rotation_rate();
  if (!disk.vendor().empty()) device["vendor"] = disk.vendor();
  if (!disk.product().empty()) device["product"] = disk.product();
  if (disk.bus() == v1::DISK_BUS_USB && disk.has_removable()) device["removable"] = disk.removable();
  if (disk.has_geometry()) add_geometry(device, disk.geometry());
}

void add_virtio(Props& device, const v1::DiskDriver& driver) {
  if (driver.has_iothread()) device["iothread"] = fmt::format("iothread{}", driver.iothread());
  if (driver.has_ioeventfd()) device["ioeventfd"] = driver.ioeventfd();
  if (driver.has_event_idx()) device["event_idx"] = driver.event_idx();
  if (driver.has_queues()) device["num-queues"] = driver.queues();
  if (driver.has_queue_size()) device["queue-size"] = driver.queue_size();
  add_virtio_options(device, driver.virtio());
}

// The guest's own cache of writes: whether a write may be acknowledged before it is durable.
void add_write_cache(Props& device, v1::DiskCache cache) {
  if (cache == v1::DISK_CACHE_NONE || cache == v1::DISK_CACHE_WRITEBACK || cache == v1::DISK_CACHE_UNSAFE) {
    device["write-cache"] = "on";
  }
  if (cache == v1::DISK_CACHE_WRITETHROUGH || cache == v1::DISK_CACHE_DIRECTSYNC) device["write-cache"] = "off";
}

void add_disk(Arguments& arguments, const Launch& launch, const v1::Disk& disk, const BootOrder& order, int index) {
  Props device{{"driver", device_of(disk, launch.spec)}};
  const std::string node = add_block_nodes(arguments, disk);
  place(device, disk.address(), launch.spec);
  if (disk.address().has_drive()) place_drive(device, disk, launch.spec);
  if (!node.empty()) device["drive"] = node;
  device["id"] = disk.alias();
  if (const auto boot = order.disks.find(index); boot != order.disks.end()) device["bootindex"] = boot->second;
  if (disk.bus() == v1::DISK_BUS_VIRTIO) add_virtio(device, disk.driver());
  if (!node.empty() && disk.bus() != v1::DISK_BUS_FDC) add_write_cache(device, disk.driver().cache());
  add_properties(device, disk);
  if (const auto action = error_action(disk.driver().error_policy()); !action.empty()) {
    device["werror"] = action;
    // Only a write can run out of space.
    device["rerror"] = action == "enospc" ? std::string_view("report") : action;
  }
  if (const auto action = error_action(disk.driver().rerror_policy()); !action.empty()) device["rerror"] = action;
  arguments.add("-device", device);
}

}  // namespace

std::string_view spec_scsi_model(const v1::DomainSpec& spec, std::uint32_t index) {
  for (const auto& controller : spec.controllers()) {
    if (controller.type() == v1::CONTROLLER_TYPE_SCSI && controller.index() == index) return controller.model();
  }
  return {};
}

void add_disks(Arguments& arguments, const Launch& launch) {
  const BootOrder order = boot_order(launch.spec);
  add_throttle_groups(arguments, launch.spec);
  for (int i = 0; i < launch.spec.disks_size(); ++i) add_disk(arguments, launch, launch.spec.disks(i), order, i);
}

void check_disks(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator) {
  for (int i = 0; i < spec.disks_size(); ++i) {
    const auto& disk = spec.disks(i);
    const std::string path = device_path("disk", i, spec.disks());
    const std::string device = device_of(disk, spec);
    if (device.empty()) {
      refusals.add(path + "/target/@bus", "QEMU has no such device on this bus");
    } else {
      refusals.need_device(path, device, emulator);
    }
    check_block_nodes(refusals, disk, path);
    if (disk.transient()) refusals.add(path + "/transient", "transient disks are not supported yet");
    if (disk.sgio() == v1::DISK_SGIO_UNFILTERED)
      refusals.add(path + "/@sgio", "unfiltered SCSI commands are not supported");
    if (disk.rawio()) refusals.add(path + "/@rawio", "raw access is not supported");
    if (disk.tray() == v1::DISK_TRAY_OPEN)
      refusals.add(path + "/target/@tray", "a drive cannot start with its tray open");
  }
}

}  // namespace lodge::drivers::qemu
