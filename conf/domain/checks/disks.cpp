#include <limits>
#include <map>
#include <set>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/domain/disk_name.h"
#include "conf/domain/machine.h"
#include "conf/numbered.h"

namespace lodge::conf::checks {

namespace {

// The path of a disk, ready for its parts.
struct DiskCheck {
  const v1::DomainSpec& spec;
  const v1::Disk& disk;
  std::string path;
  Findings& findings;
};

void check_server(const DiskCheck& check) {
  const auto& network = check.disk.network();
  const auto source = check.path + "/source";
  if (network.name().empty() && network.protocol() != v1::NETWORK_DISK_PROTOCOL_NBD &&
      network.protocol() != v1::NETWORK_DISK_PROTOCOL_UNSPECIFIED) {
    check.findings.add(source + "/@name", "names the image on the server, as '{}' does", spelling(network.protocol()));
  }
  for (int i = 0; i < network.hosts_size(); ++i) {
    const auto& host = network.hosts(i);
    const auto path = numbered(source + "/host", i, network.hosts());
    if (host.transport() == v1::NETWORK_DISK_TRANSPORT_UNIX) {
      if (host.socket().empty()) check.findings.add(path + "/@socket", "is the socket's path: socket='/run/nbd.sock'");
      continue;
    }
    if (!host.socket().empty())
      check.findings.add(path + "/@socket", "only with transport='unix'; without it the server has a name");
    else if (host.name().empty())
      check.findings.add(path + "/@name", "names the server: <host name='storage.example.com'/>");
  }
}

void check_source(const DiskCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  const bool takes_media = disk.device() == v1::DISK_DEVICE_CDROM || disk.device() == v1::DISK_DEVICE_FLOPPY;
  const auto missing = [&](std::string_view attribute, std::string_view example) {
    findings.add(path + "/source", "a disk of this type says where it is: <source {}='{}'/>", attribute, example);
  };
  switch (disk.type_case()) {
    case v1::Disk::kFile:
      if (disk.file().path().empty() && !takes_media) missing("file", "/images/web1.qcow2");
      break;
    case v1::Disk::kBlock:
      if (disk.block().dev().empty() && !takes_media) missing("dev", "/dev/vg/web1");
      break;
    case v1::Disk::kDir:
      if (disk.dir().dir().empty() && !takes_media) missing("dir", "/exports/web1");
      break;
    case v1::Disk::kNetwork:
      if (disk.network().protocol() == v1::NETWORK_DISK_PROTOCOL_UNSPECIFIED) missing("protocol", "nbd");
      check_server(check);
      if (disk.has_auth() && disk.network().has_auth())
        findings.add(path + "/source/auth", "credentials are given twice: here and in the disk's own <auth>");
      break;
    case v1::Disk::kVolume:
      if (disk.volume().pool().empty() || disk.volume().volume().empty()) {
        findings.add(path + "/source", "a disk of this type names both: <source pool='default' volume='web1.qcow2'/>");
      }
      break;
    case v1::Disk::kNvme:
      if (!disk.nvme().has_address()) {
        findings.add(path + "/source/address", "names the drive: <address type='pci' domain='…' bus='…' …/>");
      }
      if (disk.nvme().drive_namespace() == 0)
        findings.add(path + "/source/@namespace", "a drive's namespaces count from 1");
      break;
    case v1::Disk::kVhostuser:
      if (disk.vhostuser().path().empty()) missing("path", "/run/disk.sock");
      check_shared_memory(spec, path + "/@type", "vhostuser", findings);
      break;
    case v1::Disk::TYPE_NOT_SET: missing("file", "/images/web1.qcow2"); break;
  }
}

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
  if (!disk_number(disk.target_dev())) {
    findings.add(path + "/target/@dev", "'{}' is no disk's name: vda, sdb, hdc, fda", disk.target_dev());
  }
  const auto bus_path = path + "/target/@bus";
  if (disk.bus() == v1::DISK_BUS_UNSPECIFIED) {
    findings.add(bus_path, "the target's name does not tell the bus; it can be {}", buses_of(disk.device(), spec.os()));
  } else if (!fits(disk.device(), disk.bus())) {
    findings.add(bus_path, "a {} cannot be on bus '{}'; it can be on {}", spelling(disk.device()), spelling(disk.bus()),
                 buses_of(disk.device(), spec.os()));
  } else if (disk.bus() == v1::DISK_BUS_IDE && chipset_of(spec.os()) == Chipset::q35) {
    findings.add(bus_path, "q35 machines have no 'ide'; it can be {}", buses_of(disk.device(), spec.os()));
  }
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

bool is_hex(const std::string& text) { return text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos; }

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
  if (!disk.wwn().empty() && (disk.wwn().size() != 16 || !is_hex(disk.wwn()))) {
    findings.add(path + "/wwn", "'{}' is not 16 hexadecimal digits", disk.wwn());
  }
  if (!disk.wwn().empty() && disk.bus() != v1::DISK_BUS_SCSI && disk.bus() != v1::DISK_BUS_IDE)
    findings.add(path + "/wwn", "only disks on scsi or ide have one, not on '{}'", spelling(disk.bus()));
  if ((!disk.vendor().empty() || !disk.product().empty()) && disk.bus() != v1::DISK_BUS_SCSI) {
    findings.add(path + (disk.vendor().empty() ? "/product" : "/vendor"), "only disks on scsi have one, not on '{}'",
                 spelling(disk.bus()));
  }
  if (disk.vendor().size() > 8) findings.add(path + "/vendor", "'{}' has more than 8 characters", disk.vendor());
  if (disk.product().size() > 16) findings.add(path + "/product", "'{}' has more than 16 characters", disk.product());
  if (disk.sgio() == v1::DISK_SGIO_UNFILTERED) {
    findings.add(path + "/@sgio", "kernels no longer have an 'unfiltered' mode; leave it out");
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
}

}  // namespace

void check_disks(const v1::DomainSpec& spec, Findings& findings) {
  std::map<std::string, int> targets;
  const auto count = static_cast<std::size_t>(spec.disks_size());
  for (int i = 0; i < spec.disks_size(); ++i) {
    const DiskCheck check{spec, spec.disks(i), device_path("disk", static_cast<std::size_t>(i), count), findings};
    check_source(check);
    check_target(check);
    check_driver(check);
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
