#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/domain/disk_name.h"
#include "conf/domain/machine.h"
#include "conf/wwn.h"

namespace lodge::conf::checks {

namespace {

constexpr std::uint64_t kMaxThrottle = 1'000'000'000'000'000;  // QEMU's, of bytes or operations a second

// The path of a disk, ready for its parts.
struct DiskCheck {
  const v1::DomainSpec& spec;
  const v1::Disk& disk;
  std::string path;
  Findings& findings;
};

// What each kind of drive can be plugged into.
bool fits(v1::DiskDevice device, v1::DiskBus bus) {
  switch (device) {
    case v1::DISK_DEVICE_CDROM:
      return bus == v1::DISK_BUS_IDE || bus == v1::DISK_BUS_SATA || bus == v1::DISK_BUS_SCSI ||
             bus == v1::DISK_BUS_USB || bus == v1::DISK_BUS_XEN;
    case v1::DISK_DEVICE_FLOPPY: return bus == v1::DISK_BUS_FDC;
    case v1::DISK_DEVICE_LUN: return bus == v1::DISK_BUS_SCSI || bus == v1::DISK_BUS_VIRTIO;
    default: return bus != v1::DISK_BUS_FDC;
  }
}

// On the guest's board: q35 has no IDE.
std::string_view buses_of(v1::DiskDevice device, const v1::Os& os) {
  const bool has_ide = chipset_of(os) != Chipset::q35;
  switch (device) {
    case v1::DISK_DEVICE_CDROM: return has_ide ? "sata, scsi, usb or ide" : "sata, scsi or usb";
    case v1::DISK_DEVICE_FLOPPY: return "fdc";
    case v1::DISK_DEVICE_LUN: return "scsi or virtio";
    default: return has_ide ? "virtio, scsi, sata, usb or ide" : "virtio, scsi, sata or usb";
  }
}

void check_target(const DiskCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  if (disk.target_dev().empty())
    return findings.add(path + "/target/@dev", "a disk has a name in the guest: <target dev='vda'/>");
  const bool is_floppy = disk.device() == v1::DISK_DEVICE_FLOPPY;
  const bool is_cdrom = disk.device() == v1::DISK_DEVICE_CDROM;
  if (!disk_number(disk.target_dev())) {
    findings.add(path + "/target/@dev", "'{}' is no disk's name: vda, sdb, hdc, fda", disk.target_dev());
  } else if (!is_cdrom && is_floppy != disk.target_dev().starts_with("fd")) {
    findings.add(path + "/target/@dev", "'{}' is no {}'s name: {}", disk.target_dev(), spelling(disk.device()),
                 is_floppy ? "fda or fdb" : "vda, sdb, hdc");
  }
  const auto bus_path = path + "/target/@bus";
  if (disk.bus() == v1::DISK_BUS_UNSPECIFIED) {
    findings.add(bus_path, "the target's name does not tell the bus; it can be {}", buses_of(disk.device(), spec.os()));
  } else if (!fits(disk.device(), disk.bus())) {
    findings.add(bus_path, "a {} cannot be on bus '{}'; it can be on {}", spelling(disk.device()), spelling(disk.bus()),
                 buses_of(disk.device(), spec.os()));
  } else if (disk.bus() == v1::DISK_BUS_IDE && chipset_of(spec.os()) == Chipset::q35) {
    findings.add(bus_path, "q35 machines have no 'ide'; it can be {}", buses_of(disk.device(), spec.os()));
  } else if (disk.readonly() && disk.device() == v1::DISK_DEVICE_DISK &&
             (disk.bus() == v1::DISK_BUS_IDE || disk.bus() == v1::DISK_BUS_SATA)) {
    findings.add(path + "/readonly", "hard disks on '{}' can always be written; on virtio, scsi and usb they need not",
                 spelling(disk.bus()));
  }
}

// What only disks on virtio can be told.
void check_virtio(const DiskCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  if (disk.bus() == v1::DISK_BUS_VIRTIO) return;
  const auto& driver = disk.driver();
  const auto refuse = [&](bool is_there, std::string_view attribute) {
    if (is_there)
      check.findings.add(fmt::format("{}/driver/@{}", check.path, attribute),
                         "only disks on bus 'virtio' have it, not on '{}'", spelling(check.disk.bus()));
  };
  refuse(driver.has_ioeventfd(), "ioeventfd");
  refuse(driver.has_event_idx(), "event_idx");
  refuse(driver.has_queues(), "queues");
  refuse(driver.has_queue_size(), "queue_size");
  check_no_virtio(driver.virtio(), path + "/driver", findings);
  if (disk.model() != v1::DISK_MODEL_UNSPECIFIED)
    findings.add(path + "/@model", "only disks on bus 'virtio' have one, not on '{}'", spelling(disk.bus()));
}

void check_driver(const DiskCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  const auto& driver = disk.driver();
  if (driver.has_iothread()) {
    const auto thread = driver.iothread();
    if (!has_iothread(spec, thread)) {
      findings.add(path + "/driver/@iothread", "there is no I/O thread {}; the guest has {}: <iothreads>", thread,
                   spec.iothreads());
    }
    if (disk.bus() != v1::DISK_BUS_VIRTIO) {
      findings.add(path + "/driver/@iothread",
                   "only disks on bus 'virtio' have an I/O thread; on 'scsi' the controller has");
    }
  }
  if (driver.copy_on_read() && disk.readonly()) {
    findings.add(path + "/driver/@copy_on_read", "a disk that is read-only cannot keep copies");
  }
  if (driver.rerror_policy() == v1::DISK_ERROR_POLICY_ENOSPACE) {
    findings.add(path + "/driver/@rerror_policy", "reading does not run out of space: stop, report or ignore");
  }
  if (driver.io() == v1::DISK_IO_NATIVE && driver.cache() != v1::DISK_CACHE_NONE &&
      driver.cache() != v1::DISK_CACHE_DIRECTSYNC && driver.cache() != v1::DISK_CACHE_UNSPECIFIED) {
    findings.add(path + "/driver/@io", "'native' needs cache='none' or 'directsync', not '{}'",
                 spelling(driver.cache()));
  }
  if (disk.shareable() &&
      (driver.type() == "qcow2" || driver.type() == "qcow" || driver.type() == "qed" || driver.type() == "vmdk")) {
    findings.add(path + "/shareable", "two guests writing to one '{}' image destroy it; only raw images can be shared",
                 driver.type());
  }
}

// Characters that a SCSI device can say of itself.
bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

void check_rotation_rate(const DiskCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  const auto rate = disk.rotation_rate();
  if (disk.bus() != v1::DISK_BUS_SCSI && disk.bus() != v1::DISK_BUS_SATA && disk.bus() != v1::DISK_BUS_IDE)
    findings.add(path + "/target/@rotation_rate", "only disks on scsi, sata or ide have one");
  if (rate != 1 && (rate < 1025 || rate > 65534)) {
    findings.add(path + "/target/@rotation_rate", "{} is neither 1, for a solid-state disk, nor between 1025 and 65534",
                 rate);
  }
}

void check_properties(const DiskCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  if (disk.transient() && !disk.has_file())
    findings.add(path + "/transient", "only disks of type 'file' can be transient");
  if (!disk.serial().empty() && disk.bus() == v1::DISK_BUS_SD) {
    findings.add(path + "/serial", "disks on bus 'sd' have no serial number");
  }
  if (!disk.wwn().empty() && !is_wwn(disk.wwn())) {
    findings.add(path + "/wwn", "'{}' is not 16 hexadecimal digits", disk.wwn());
  }
  if (!disk.wwn().empty() && disk.bus() != v1::DISK_BUS_SCSI && disk.bus() != v1::DISK_BUS_IDE)
    findings.add(path + "/wwn", "only disks on scsi or ide have one, not on '{}'", spelling(disk.bus()));
  if ((!disk.vendor().empty() || !disk.product().empty()) && disk.bus() != v1::DISK_BUS_SCSI) {
    findings.add(path + (disk.vendor().empty() ? "/product" : "/vendor"), "only disks on scsi have one, not on '{}'",
                 spelling(disk.bus()));
  }
  for (const auto& [name, text] : {std::pair("vendor", &disk.vendor()), std::pair("product", &disk.product())}) {
    if (!is_printable(*text))
      findings.add(fmt::format("{}/{}", path, name), "is made of printable ASCII characters, 'DISK-01'");
  }
  if (disk.vendor().size() > 8) findings.add(path + "/vendor", "'{}' has more than 8 characters", disk.vendor());
  if (disk.product().size() > 16) findings.add(path + "/product", "'{}' has more than 16 characters", disk.product());
  if (disk.sgio() == v1::DISK_SGIO_UNFILTERED) {
    findings.add(path + "/@sgio", "kernels no longer have an 'unfiltered' mode; leave it out");
  } else if (disk.sgio() != v1::DISK_SGIO_UNSPECIFIED && disk.device() != v1::DISK_DEVICE_LUN) {
    findings.add(path + "/@sgio", "only with device='lun'");
  }
  const bool takes_media = disk.device() == v1::DISK_DEVICE_CDROM || disk.device() == v1::DISK_DEVICE_FLOPPY;
  if (disk.tray() != v1::DISK_TRAY_UNSPECIFIED && !takes_media)
    findings.add(path + "/target/@tray", "only a cdrom or floppy has one");
  if (disk.has_removable() && disk.bus() != v1::DISK_BUS_USB)
    findings.add(path + "/target/@removable", "only disks on usb are removable, not on '{}'", spelling(disk.bus()));
  if (disk.has_rawio() && disk.device() != v1::DISK_DEVICE_LUN)
    findings.add(path + "/@rawio", "only with device='lun'");
  if (disk.device() == v1::DISK_DEVICE_LUN && !disk.has_block() && !disk.has_network() && !disk.has_volume()) {
    findings.add(path + "/@type", "a lun is a whole device: type 'block', 'network' or 'volume'");
  }
  if (disk.has_rotation_rate()) check_rotation_rate(check);
}

void check_layout(const DiskCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  const auto& geometry = disk.geometry();
  for (const auto& [place, number] :
       {std::pair("geometry/@cyls", geometry.cyls()), std::pair("geometry/@heads", geometry.heads()),
        std::pair("geometry/@secs", geometry.secs()),
        std::pair("blockio/@logical_block_size", disk.logical_block_size()),
        std::pair("blockio/@physical_block_size", disk.physical_block_size())}) {
    if (number < 0 || number > std::numeric_limits<std::uint32_t>::max())
      findings.add(fmt::format("{}/{}", path, place), "{} is not between 0 and 2^32 - 1", number);
  }
}

void check_iotune(const DiskCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  const auto& tune = disk.iotune();
  const auto exclusive = [&](std::string_view what, std::uint64_t total, std::uint64_t read, std::uint64_t write) {
    if (total && (read || write)) {
      findings.add(fmt::format("{}/iotune/total_{}", path, what), "a total excludes read_{0} and write_{0}", what);
    }
  };
  exclusive("bytes_sec", tune.total_bytes_sec(), tune.read_bytes_sec(), tune.write_bytes_sec());
  exclusive("iops_sec", tune.total_iops_sec(), tune.read_iops_sec(), tune.write_iops_sec());
  exclusive("bytes_sec_max", tune.total_bytes_sec_max(), tune.read_bytes_sec_max(), tune.write_bytes_sec_max());
  exclusive("iops_sec_max", tune.total_iops_sec_max(), tune.read_iops_sec_max(), tune.write_iops_sec_max());
  std::uint64_t largest = 0;
  for (const auto& [name, value] :
       {std::pair("total_bytes_sec", tune.total_bytes_sec()), std::pair("read_bytes_sec", tune.read_bytes_sec()),
        std::pair("write_bytes_sec", tune.write_bytes_sec()), std::pair("total_iops_sec", tune.total_iops_sec()),
        std::pair("read_iops_sec", tune.read_iops_sec()), std::pair("write_iops_sec", tune.write_iops_sec()),
        std::pair("total_bytes_sec_max", tune.total_bytes_sec_max()),
        std::pair("read_bytes_sec_max", tune.read_bytes_sec_max()),
        std::pair("write_bytes_sec_max", tune.write_bytes_sec_max()),
        std::pair("total_iops_sec_max", tune.total_iops_sec_max()),
        std::pair("read_iops_sec_max", tune.read_iops_sec_max()),
        std::pair("write_iops_sec_max", tune.write_iops_sec_max()), std::pair("size_iops_sec", tune.size_iops_sec())}) {
    largest = std::max(largest, value);
    if (value > kMaxThrottle)
      findings.add(fmt::format("{}/iotune/{}", path, name), "{} is more than the emulator counts, {}", value,
                   kMaxThrottle);
  }
  if (!tune.group_name().empty() && largest == 0)
    findings.add(path + "/iotune/group_name", "a group shares limits, and there are none: <total_iops_sec>1000<…");
}

}  // namespace

void check_disks(const v1::DomainSpec& spec, Findings& findings) {
  std::map<std::string, int> targets;
  for (int i = 0; i < spec.disks_size(); ++i) {
    const DiskCheck check{spec, spec.disks(i), device_path("disk", i, spec.disks()), findings};
    check_target(check);
    check_driver(check);
    check_virtio(check);
    check_properties(check);
    check_layout(check);
    check_iotune(check);
    const auto& target = check.disk.target_dev();
    if (!target.empty() && !targets.try_emplace(target, i).second) {
      findings.add(check.path + "/target/@dev", "'{}' is another disk's name already", target);
    }
  }
}

}  // namespace lodge::conf::checks
