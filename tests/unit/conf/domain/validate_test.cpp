#include <catch2/catch.hpp>

#include "conf/domain/default_capabilities.h"
#include "conf/domain/prepare.h"
#include "tests/unit/conf/domain/refused.h"

// Mistakes that have no document of their own in bad_input/.

using namespace lodge;
using namespace lodge::test;

namespace {

v1::Capabilities probed_host() {
  auto host = conf::default_capabilities();
  for (auto& guest : *host.mutable_guests()) guest.set_emulator_version("7.2.0");
  return host;
}

}  // namespace

TEST_CASE("an emulator that the host does not have is refused once the host was asked") {
  const auto xml = guest("<devices><emulator>/opt/qemu</emulator></devices>");
  CHECK(refused_at(xml, probed_host()) == "/domain/devices/emulator");
  CHECK(refused_at(xml, conf::default_capabilities()) == "accepted");
}

TEST_CASE("kvm where it cannot be had is one clear error") {
  auto host = probed_host();
  for (auto& each : *host.mutable_guests()) each.mutable_domains()->DeleteSubrange(1, 1);
  CHECK(refused_at(guest(""), host) == "/domain/@type");
}

TEST_CASE("more processors than the machine takes are refused") {
  CHECK(refused_at("<vcpu>256</vcpu>", "pc") == "/domain/vcpu");
}

TEST_CASE("numbers that the schema takes and no guest can have are refused where they stand") {
  const auto disk = [](std::string_view inside) {
    return refused_device(fmt::format("<disk type='file'><source file='/i'/><target dev='vda'/>{}</disk>", inside));
  };
  CHECK(disk("<geometry cyls='16' heads='2' secs='63'/>") == "accepted");
  CHECK(disk("<geometry cyls='16' heads='-2' secs='63'/>") == "/domain/devices/disk/geometry/@heads");
  CHECK(disk("<geometry cyls='4294967296' heads='2' secs='63'/>") == "/domain/devices/disk/geometry/@cyls");
  CHECK(disk("<blockio logical_block_size='-512'/>") == "/domain/devices/disk/blockio/@logical_block_size");
  const auto udp = [](std::string_view port, std::string_view local) {
    return refused_device(
        fmt::format("<interface type='udp'><source address='127.0.0.1' port='{}'>"
                    "<local address='127.0.0.1' port='{}'/></source></interface>",
                    port, local));
  };
  CHECK(udp("5500", "5501") == "accepted");
  CHECK(udp("-1", "5501") == "/domain/devices/interface/source/@port");
  CHECK(udp("5500", "-1") == "/domain/devices/interface/source/local/@port");
}

TEST_CASE("serial ports and consoles are each plugged into their own") {
  CHECK(refused_device("<serial type='pty'><target type='xen'/></serial>") == "/domain/devices/serial/target/@type");
  CHECK(refused_device("<console type='pty'><target type='usb-serial'/></console>") ==
        "/domain/devices/console/target/@type");
}

TEST_CASE("actions that only a crash can have are refused elsewhere") {
  CHECK(refused_at("<on_reboot>coredump-restart</on_reboot>") == "/domain/on_reboot");
  CHECK(refused_at("<on_crash>coredump-restart</on_crash>") == "accepted");
}

TEST_CASE("an initrd without a kernel is refused") {
  CHECK(refused_at(
            "<domain type='qemu'><name>a</name><memory>1048576</memory><os><type>hvm</type><initrd>/i</initrd></os>"
            "</domain>",
            conf::default_capabilities()) == "/domain/os/initrd");
}

TEST_CASE("interfaces: names, queues, rings and floors") {
  CHECK(refused_device("<interface type='user'><target dev='a/b'/></interface>") ==
        "/domain/devices/interface/target/@dev");
  CHECK(refused_device("<interface type='user'><model type='e1000e'/><driver queues='4'/></interface>") ==
        "/domain/devices/interface/driver/@queues");
  CHECK(refused_device("<interface type='user'><model type='virtio'/><driver rx_queue_size='300'/></interface>") ==
        "/domain/devices/interface/driver/@rx_queue_size");
  CHECK(refused_device("<interface type='user'><bandwidth><outbound average='1' floor='1'/></bandwidth></interface>") ==
        "/domain/devices/interface/bandwidth/outbound/@floor");
  CHECK(refused_device("<interface type='user'><target dev='lan0'/></interface>"
                       "<interface type='user'><target dev='lan0'/></interface>") ==
        "/domain/devices/interface[2]/target/@dev");
}

TEST_CASE("disks: what does not go together") {
  CHECK(refused_device("<disk device='lun'><source file='/a'/><target dev='sda'/></disk>") ==
        "/domain/devices/disk/@type");
  CHECK(refused_device("<disk><driver type='qcow2'/><source file='/a'/><target dev='vda'/><shareable/></disk>") ==
        "/domain/devices/disk/shareable");
  CHECK(refused_device("<disk><driver iothread='1'/><source file='/a'/><target dev='vda'/></disk>") ==
        "/domain/devices/disk/driver/@iothread");
  CHECK(refused_device("<disk><source file='/a'/><target dev='vda'/><iotune><total_iops_sec>1</total_iops_sec>"
                       "<read_iops_sec>1</read_iops_sec></iotune></disk>") ==
        "/domain/devices/disk/iotune/total_iops_sec");
}

TEST_CASE("controllers: one of each index, known models, the machine's own root") {
  CHECK(refused_device("<controller type='scsi' index='0'/><controller type='scsi' index='0'/>") ==
        "/domain/devices/controller[2]/@index");
  CHECK(refused_device("<controller type='scsi' model='virtio-scsy'/>") == "/domain/devices/controller/@model");
  CHECK(refused_device("<controller type='pci' model='pci-root'/>") == "/domain/devices/controller/@model");
  CHECK(refused_device("<controller type='usb' model='none'/><input type='tablet' bus='usb'/>") == "/domain/devices");
}

TEST_CASE("addresses: there, and nobody else's") {
  CHECK(refused_device("<controller type='pci' index='1' model='pcie-root-port'/><interface type='user'>"
                       "<model type='virtio'/><address type='pci' bus='1' slot='3'/></interface>") ==
        "/domain/devices/interface/address");
  CHECK(refused_device("<input type='tablet' bus='usb'><address type='usb' bus='0' port='1.2'/></input>") ==
        "/domain/devices/input/address");
  CHECK(refused_device("<input type='tablet' bus='usb'><address type='usb' bus='0' port='1'/></input>"
                       "<input type='mouse' bus='usb'><address type='usb' bus='0' port='1'/></input>") ==
        "/domain/devices/input[2]/address");
  CHECK(refused_device("<disk><source file='/a'/><target dev='sda' bus='sata'/></disk><disk><source file='/b'/>"
                       "<target dev='sdb' bus='sata'/><address type='drive' unit='0'/></disk>") ==
        "/domain/devices/disk[2]/address");
}

TEST_CASE("consoles, channels and spice") {
  CHECK(refused_device("<console type='pty'/><console type='pty'/>") == "/domain/devices/console[2]/target/@type");
  CHECK(refused_device("<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>") ==
        "/domain/devices/channel/@type");
  CHECK(refused_device("<serial type='file'/>") == "/domain/devices/serial/source/@path");
}

TEST_CASE("displays: one of each kind, on ports that exist") {
  CHECK(refused_device("<graphics type='vnc'/><graphics type='vnc'/>") == "/domain/devices/graphics[2]/@type");
  CHECK(refused_device("<graphics type='vnc' port='80' autoport='no'/>") == "/domain/devices/graphics/@port");
  CHECK(refused_device("<video><model type='qxl'/></video><video><model type='vga'/></video>") ==
        "/domain/devices/video[2]/model/@type");
}
