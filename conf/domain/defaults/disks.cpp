#include "conf/domain/defaults/defaults.h"
#include "conf/domain/disk_name.h"

namespace lodge::conf::defaults {

namespace {

std::uint32_t default_port(v1::NetworkDiskProtocol protocol) {
  switch (protocol) {
    case v1::NETWORK_DISK_PROTOCOL_NBD: return 10809;
    case v1::NETWORK_DISK_PROTOCOL_SHEEPDOG: return 7000;
    case v1::NETWORK_DISK_PROTOCOL_GLUSTER: return 24007;
    case v1::NETWORK_DISK_PROTOCOL_ISCSI: return 3260;
    case v1::NETWORK_DISK_PROTOCOL_HTTP: return 80;
    case v1::NETWORK_DISK_PROTOCOL_HTTPS: return 443;
    case v1::NETWORK_DISK_PROTOCOL_FTP: return 21;
    case v1::NETWORK_DISK_PROTOCOL_FTPS: return 990;
    case v1::NETWORK_DISK_PROTOCOL_TFTP: return 69;
    case v1::NETWORK_DISK_PROTOCOL_SSH: return 22;
    case v1::NETWORK_DISK_PROTOCOL_VXHS: return 9999;
    default: return 0;  // rbd finds its monitors itself
  }
}

void complete_network_source(v1::DiskNetwork& source) {
  // An iSCSI target without a LUN means the first.
  if (source.protocol() == v1::NETWORK_DISK_PROTOCOL_ISCSI && !source.name().empty() &&
      source.name().find('/') == std::string::npos) {
    source.set_name(source.name() + "/0");
  }
  const auto port = default_port(source.protocol());
  for (auto& host : *source.mutable_hosts()) {
    const bool by_socket = host.transport() == v1::NETWORK_DISK_TRANSPORT_UNIX || !host.socket().empty();
    if (port && !by_socket && !host.has_port()) host.set_port(port);
  }
}

}  // namespace

void complete_disks(v1::DomainSpec& spec) {
  for (auto& disk : *spec.mutable_disks()) {
    if (disk.device() == v1::DISK_DEVICE_UNSPECIFIED) disk.set_device(v1::DISK_DEVICE_DISK);
    if (disk.bus() == v1::DISK_BUS_UNSPECIFIED) disk.set_bus(default_disk_bus(disk));
    auto& driver = *disk.mutable_driver();
    if (driver.name().empty()) driver.set_name("qemu");
    if (driver.type().empty() && !disk.has_volume()) driver.set_type("raw");
    if (disk.device() == v1::DISK_DEVICE_CDROM) disk.set_readonly(true);
    if (disk.tray() == v1::DISK_TRAY_CLOSED) disk.clear_tray();
    if (disk.has_network()) complete_network_source(*disk.mutable_network());
  }
}

}  // namespace lodge::conf::defaults
