#include <catch2/catch.hpp>

#include "tests/unit/conf/domain/refused.h"

// What is refused of single devices.

using namespace lodge;
using namespace lodge::test;

namespace {

// Of a card, after the prefix that all have.
std::string card(std::string_view type, std::string_view inside) {
  const auto where = refused_device(fmt::format("<interface type='{}'>{}</interface>", type, inside));
  constexpr std::string_view kPrefix = "/domain/devices/interface/";
  return where.starts_with(kPrefix) ? where.substr(kPrefix.size()) : where;
}

std::string network_disk(std::string_view source) {
  return refused_device(fmt::format("<disk type='network'><source {}</source><target dev='vda'/></disk>", source));
}

std::string disk_on(std::string_view bus, std::string_view inside) {
  return refused_device(fmt::format("<disk><source file='/i'/><target dev='sda' bus='{}'/>{}</disk>", bus, inside));
}

std::string hostdev(std::string_view attributes, std::string_view source) {
  return refused_device(fmt::format("<hostdev mode='subsystem' {}>{}</hostdev>", attributes, source));
}

std::string filesystem(std::string_view before, std::string_view inside) {
  return refused_at(fmt::format("{}<devices><filesystem type='mount'>{}</filesystem></devices>", before, inside));
}

std::string shmem_of(std::string_view size) {
  return refused_device(
      fmt::format("<shmem name='s'><model type='ivshmem-plain'/><size unit='KiB'>{}</size></shmem>", size));
}

}  // namespace

TEST_CASE("every card says what it is connected to") {
  CHECK(card("hostdev", "") == "source");
  CHECK(card("vdpa", "") == "source");
  CHECK(card("vhostuser", "<model type='virtio'/>") == "source");
  CHECK(card("vhostuser", "<source type='unix' path='/s'/><model type='virtio'/>") == "source/@mode");
  CHECK(card("vhostuser", "<source type='unix' path='/s' mode='client'/>") == "model/@type");
  CHECK(card("internal", "") == "source");
  CHECK(card("client", "<source port='5555'/>") == "source/@address");
  CHECK(card("mcast", "<source port='5555'/>") == "source/@address");
  CHECK(card("udp", "<source address='127.0.0.1' port='5555'/>") == "source/local");
  CHECK(card("server", "<source port='5555'/>") == "accepted");
}

TEST_CASE("what a card is given, it can have") {
  CHECK(card("user", "<filterref filter='clean-traffic'/>") == "filterref");
  CHECK(card("bridge", "<source bridge='br0'/><filterref filter='clean-traffic'/>") == "accepted");
  CHECK(card("bridge", "<source bridge='br0'/><vlan trunk='yes'/>") == "vlan");
  CHECK(card("bridge", "<source bridge='br0'/><vlan/>") == "vlan");
  CHECK(card("bridge", "<source bridge='br0'/><vlan trunk='no'><tag id='5' nativeMode='tagged'/></vlan>") ==
        "vlan/@trunk");
  CHECK(card("user", "<virtualport type='openvswitch'/>") == "virtualport");
  CHECK(card("bridge", "<source bridge='br0'/><vlan><tag id='1'/><tag/></vlan>") == "vlan/tag[2]/@id");
  CHECK(card("bridge", "<source bridge='br0'/><bandwidth/>") == "accepted");
  CHECK(card("bridge", "<source bridge='br0'/><bandwidth><inbound/></bandwidth>") == "bandwidth/inbound/@average");
  CHECK(card("bridge", "<source bridge='br0'/><bandwidth><inbound average='1'/><outbound/></bandwidth>") ==
        "bandwidth/outbound/@average");
  CHECK(card("bridge", "<source bridge='br0'/><bandwidth><inbound peak='1'/></bandwidth>") ==
        "bandwidth/inbound/@average");
  CHECK(card("network", "<source network='n'/><bandwidth><inbound floor='1'/></bandwidth>") == "accepted");
  CHECK(card("network", "<source network='n'/><bandwidth><inbound floor='1' burst='1'/></bandwidth>") ==
        "bandwidth/inbound/@average");
  CHECK(card("bridge", "<source bridge='br0'/><bandwidth><inbound floor='1'/></bandwidth>") ==
        "bandwidth/inbound/@floor");
  CHECK(card("bridge", "<source bridge='br0'/><bandwidth><outbound average='0'/></bandwidth>") ==
        "bandwidth/outbound/@average");
  CHECK(card("bridge", "<source bridge='br0'/><bandwidth><inbound average='1' burst='4294967296'/></bandwidth>") ==
        "bandwidth/inbound/@burst");
  CHECK(card("network", "<source network='n'/><bandwidth><inbound floor='0'/></bandwidth>") ==
        "bandwidth/inbound/@floor");
}

TEST_CASE("a virtual port has the parameters of its type, within their ranges") {
  const auto port = [](std::string_view type, std::string_view parameters) {
    return card("direct", fmt::format("<source dev='eth0'/><virtualport type='{}'><parameters {}/></virtualport>", type,
                                      parameters));
  };
  CHECK(port("802.1Qbg", "managerid='11' typeid='1193047' typeidversion='2'") == "accepted");
  CHECK(port("802.1Qbg", "managerid='11' typeid='1193047'") == "virtualport/parameters/@typeidversion");
  CHECK(port("802.1Qbg", "managerid='256' typeid='1' typeidversion='2'") == "virtualport/parameters/@managerid");
  CHECK(port("802.1Qbh", "profileid='0123456789012345678901234567890123456789'") ==
        "virtualport/parameters/@profileid");
  CHECK(port("802.1Qbh", "profileid='p' managerid='1'") == "virtualport/parameters/@managerid");
  CHECK(card("direct", "<source dev='eth0'/><virtualport><parameters profileid='p'/></virtualport>") ==
        "virtualport/@type");
  CHECK(card("network", "<source network='n'/><virtualport><parameters profileid='p'/></virtualport>") == "accepted");
}

TEST_CASE("addresses of a card are addresses, of their family, with a prefix that it has") {
  CHECK(card("user", "<ip family='ipv4' address='10.0.0.2' prefix='24'/>") == "accepted");
  CHECK(card("user", "<ip address='fe80::2' prefix='64'/>") == "accepted");
  CHECK(card("user", "<ip address='nowhere'/>") == "ip/@address");
  CHECK(card("user", "<ip family='ipv6' address='10.0.0.2'/>") == "ip/@address");
  CHECK(card("user", "<ip family='ipv4' address='10.0.0.2' prefix='33'/>") == "ip/@prefix");
  CHECK(card("user", "<ip address='10.0.0.2'/><ip address='fd00::3' prefix='0'/>") == "ip[2]/@prefix");
  CHECK(card("ethernet", "<source><ip address='nowhere'/></source>") == "source/ip/@address");
}

TEST_CASE("a disk on a server names the image, and the server or its socket") {
  CHECK(network_disk("protocol='nbd'><host name='a'/>") == "accepted");
  CHECK(network_disk("protocol='rbd'><host name='a'/>") == "/domain/devices/disk/source/@name");
  CHECK(network_disk("protocol='nbd'><host port='10809'/>") == "/domain/devices/disk/source/host/@name");
  CHECK(network_disk("protocol='nbd'><host transport='unix'/>") == "/domain/devices/disk/source/host/@socket");
  CHECK(network_disk("protocol='nbd'><host name='a' socket='/s'/>") == "/domain/devices/disk/source/host/@socket");
}

TEST_CASE("a disk has what its bus and its kind have") {
  CHECK(disk_on("scsi", "<wwn>5000c50015ea71aa</wwn>") == "accepted");
  CHECK(disk_on("virtio", "<wwn>5000c50015ea71aa</wwn>") == "/domain/devices/disk/wwn");
  CHECK(disk_on("sata", "<product>x</product>") == "/domain/devices/disk/product");
  CHECK(refused_device("<disk rawio='yes'><source file='/i'/><target dev='vda'/></disk>") ==
        "/domain/devices/disk/@rawio");
  CHECK(refused_device("<disk><source file='/i'/><target dev='vda' tray='open'/></disk>") ==
        "/domain/devices/disk/target/@tray");
  CHECK(refused_device("<disk><source file='/i'/><target dev='vda' removable='on'/></disk>") ==
        "/domain/devices/disk/target/@removable");
}

TEST_CASE("what is said to be on q35's buses is on q35's buses") {
  const auto told = conf::prepare_xml(guest("<devices><disk><source file='/i'/><target dev='hda' bus='ide'/></disk>"
                                            "</devices>"),
                                      conf::default_capabilities());
  REQUIRE_FALSE(told);
  CHECK(told.error().findings()[0].message == "q35 machines have no 'ide'; it can be virtio, scsi, sata or usb");
}

TEST_CASE("a folder has a tag, and virtiofs memory that it can share") {
  const std::string_view shared = "<memoryBacking><access mode='shared'/></memoryBacking>";
  const std::string_view virtiofs = "<driver type='virtiofs'/><source dir='/d'/><target dir='t'/>";
  CHECK(filesystem("", "<source dir='/d'/><target dir='t'/>") == "accepted");
  CHECK(filesystem("", "<source dir='/d'/>") == "/domain/devices/filesystem/target/@dir");
  CHECK(filesystem("", virtiofs) == "/domain/devices/filesystem/driver/@type");
  CHECK(filesystem(shared, virtiofs) == "accepted");
  CHECK(filesystem("<cpu><numa><cell cpus='0' memory='1048576' memAccess='shared'/></numa></cpu>", virtiofs) ==
        "accepted");
  CHECK(filesystem(shared, std::string(virtiofs) + "<readonly/>") == "/domain/devices/filesystem/readonly");
}

TEST_CASE("names that users gave are given once; the first console shares that of the first serial port") {
  const auto disks = [](std::string_view a, std::string_view b) {
    return refused_device(
        fmt::format("<disk><source file='/a'/><target dev='vda'/><alias name='{}'/></disk>"
                    "<interface type='user'><alias name='{}'/></interface>",
                    a, b));
  };
  CHECK(disks("ua-a", "ua-b") == "accepted");
  CHECK(disks("ua-a", "ua-a") == "/domain/devices/interface/alias/@name");
  CHECK(disks("virtio0", "virtio0") == "accepted");
  CHECK(refused_device("<serial type='pty'><alias name='ua-s'/></serial>"
                       "<console type='pty'><target type='serial'/><alias name='ua-s'/></console>") == "accepted");
}

TEST_CASE("devices of the host are named") {
  CHECK(hostdev("type='scsi'", "<source><adapter name='scsi_host0'/><address bus='0' target='0' unit='0'/></source>") ==
        "accepted");
  CHECK(hostdev("type='scsi'", "<source><adapter name='scsi_host0'/></source>") ==
        "/domain/devices/hostdev/source/address");
  CHECK(hostdev("type='scsi'", "<source><address bus='0' target='0' unit='0'/></source>") ==
        "/domain/devices/hostdev/source/adapter");
  CHECK(hostdev("type='scsi_host'", "<source protocol='vhost' wwpn='naa.5123456789abcde'/>") ==
        "/domain/devices/hostdev/source/@wwpn");
  CHECK(refused_device("<hostdev mode='capabilities' type='misc'><source><char>/dev/x</char></source></hostdev>") ==
        "/domain/devices/hostdev/@mode");
  CHECK(refused_device("<input type='evdev'/>") == "/domain/devices/input/source/@dev");
}

TEST_CASE("numbers and sizes that mean something else are refused") {
  CHECK(shmem_of("1024") == "accepted");
  CHECK(shmem_of("512") == "/domain/devices/shmem/size");
  CHECK(shmem_of("3072") == "/domain/devices/shmem/size");
  CHECK(refused_device("<vsock><cid address='2'/></vsock>") == "/domain/devices/vsock/cid/@address");
  CHECK(refused_device("<vsock><cid address='3'/></vsock>") == "accepted");
  CHECK(refused_device("<graphics type='vnc' passwd='123456789'/>") == "/domain/devices/graphics/@passwd");
  CHECK(refused_device("<graphics type='vnc' passwd='12345678'/>") == "accepted");
}

TEST_CASE("of some devices there is one") {
  CHECK(refused_device("<watchdog model='i6300esb'/><watchdog model='ib700'/>") == "/domain/devices/watchdog[2]");
  CHECK(refused_device("<tpm><backend type='emulator'/></tpm><tpm><backend type='emulator'/></tpm>") ==
        "/domain/devices/tpm[2]");
}

TEST_CASE("a lock has a name and a file, and a made-up card three certificates") {
  CHECK(refused_device("<lease><lockspace>s</lockspace><key>k</key><target path='/l'/></lease>") == "accepted");
  CHECK(refused_device("<lease><lockspace>s</lockspace><key>k</key></lease>") == "/domain/devices/lease/target/@path");
  CHECK(refused_device("<lease><lockspace>s</lockspace><target path='/l'/></lease>") == "/domain/devices/lease/key");
  CHECK(refused_device("<smartcard mode='host-certificates'><certificate>a</certificate></smartcard>") ==
        "/domain/devices/smartcard");
}
