#include <catch2/catch.hpp>

#include "tests/unit/conf/domain/refused.h"

// What parts of devices are refused because others cannot go with them.

using namespace lodge;
using namespace lodge::test;

namespace {

// Of a device, after the prefix that all have.
std::string place(std::string_view device) {
  const auto where = refused_device(device);
  constexpr std::string_view kPrefix = "/domain/devices/";
  return where.starts_with(kPrefix) ? where.substr(kPrefix.size()) : where;
}

std::string card(std::string_view type, std::string_view inside) {
  return place(fmt::format("<interface type='{}'>{}</interface>", type, inside));
}

std::string serial(std::string_view source) { return place(fmt::format("<serial type='unix'>{}</serial>", source)); }

std::string scsi(std::string_view model, std::string_view driver) {
  return place(fmt::format("<controller type='scsi' model='{}'><driver {}/></controller>", model, driver));
}

std::string port(std::string_view inside) {
  return place(fmt::format("<controller type='pci' index='1' model='pcie-root-port'>{}</controller>", inside));
}

std::string mdev(std::string_view attributes, std::string_view beside) {
  return place(
      fmt::format("<hostdev mode='subsystem' type='mdev' model='vfio-pci' {}><source><address "
                  "uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>{}",
                  attributes, beside));
}

std::string video(std::string_view model) { return place(fmt::format("<video><model {}/></video>", model)); }

std::string output(std::string_view attributes, std::string_view inside = "") {
  return place(fmt::format("<audio id='1' type='alsa'><output {}>{}</output></audio>", attributes, inside));
}

}  // namespace

TEST_CASE("who waits to be called does not call again") {
  CHECK(serial("<source mode='connect' path='/s'><reconnect enabled='yes' timeout='1'/></source>") == "accepted");
  CHECK(serial("<source mode='bind' path='/s'><reconnect enabled='no'/></source>") == "accepted");
  CHECK(serial("<source mode='bind' path='/s'><reconnect enabled='yes' timeout='1'/></source>") ==
        "serial/source/reconnect/@enabled");
  CHECK(serial("<source mode='connect' path='/s'><reconnect enabled='yes'/></source>") ==
        "serial/source/reconnect/@timeout");
  CHECK(serial("<source mode='connect' path='/s'><reconnect enabled='yes' timeout='0'/></source>") ==
        "serial/source/reconnect/@timeout");
  CHECK(card("vhostuser",
             "<source type='unix' path='/s' mode='server'><reconnect enabled='yes' timeout='1'/></source>"
             "<model type='virtio'/>") == "interface/source/reconnect/@enabled");
}

TEST_CASE("a card's model speaks what the other end speaks") {
  const std::string_view socket = "<source type='unix' path='/s' mode='client'/>";
  CHECK(card("vhostuser", std::string(socket) + "<model type='virtio'/>") == "accepted");
  CHECK(card("vhostuser", std::string(socket) + "<model type='e1000'/>") == "interface/model/@type");
  CHECK(card("vdpa", "<source dev='/dev/vhost-vdpa-0'/><model type='e1000'/>") == "interface/model/@type");
  CHECK(card("user", "<model type='virtio'/><driver iommu='on'/>") == "accepted");
  CHECK(card("user", "<model type='e1000'/><driver iommu='on'/>") == "interface/driver/@iommu");
  CHECK(card("user", "<model type='e1000'/><driver packed='on'/>") == "interface/driver/@packed");
}

TEST_CASE("of two cards that are one, the one that stays is virtio") {
  CHECK(card("user", "<model type='virtio'/><teaming type='persistent'/>") == "accepted");
  CHECK(card("user", "<model type='e1000'/><teaming type='persistent'/>") == "interface/teaming/@type");
  CHECK(card("hostdev", "<source><address type='pci' bus='6'/></source><teaming type='transient'/>") ==
        "interface/teaming/@persistent");
}

TEST_CASE("a card says of addresses, VLANs and sizes what can be carried out") {
  CHECK(card("user", "<ip address='10.0.2.2' prefix='24'/><ip address='fd00::2' prefix='64'/>") == "accepted");
  CHECK(card("user", "<ip address='10.0.2.2'/><ip address='10.0.3.2'/>") == "interface/ip[2]");
  CHECK(card("bridge", "<source bridge='br0'/><ip address='10.0.2.2'/>") == "interface/ip");
  CHECK(card("bridge", "<source bridge='br0'/><route address='10.0.0.0' prefix='8' gateway='10.0.2.1'/>") ==
        "interface/route");
  CHECK(card("user", "<vlan><tag id='5'/></vlan>") == "interface/vlan");
  CHECK(card("user", "<mtu size='9000'/>") == "interface/mtu");
  CHECK(card("bridge", "<source bridge='br0'/><mtu size='9000'/>") == "accepted");
}

TEST_CASE("only virtio-scsi is told of queues and threads") {
  CHECK(scsi("virtio-scsi", "queues='4' cmd_per_lun='8' packed='on'") == "accepted");
  CHECK(scsi("lsilogic", "queues='4'") == "controller/driver/@queues");
  CHECK(scsi("lsilogic", "iommu='on'") == "controller/driver/@iommu");
  CHECK(scsi("virtio-scsi", "iothread='7'") == "controller/driver/@iothread");
}

TEST_CASE("what plays a PCI controller is of its model, and the root alone has a hole") {
  CHECK(port("<model name='ioh3420'/>") == "accepted");
  CHECK(port("<model name='bogus'/>") == "controller/model/@name");
  CHECK(port("<model name='pxb'/>") == "controller/model/@name");
  CHECK(port("<pcihole64 unit='KiB'>1048576</pcihole64>") == "controller/pcihole64");
  CHECK(place("<controller type='pci' index='0' model='pcie-root'><pcihole64 unit='KiB'>1048576</pcihole64>"
              "</controller>") == "accepted");
}

TEST_CASE("a function of the host has a function's numbers, and what a card draws is seen") {
  CHECK(place("<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='6' slot='0x40' function='0'/>"
              "</source></hostdev>") == "hostdev/source/address/@slot");
  CHECK(place("<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='6' slot='0' function='9'/>"
              "</source></hostdev>") == "hostdev/source/address/@function");
  CHECK(mdev("display='on' ramfb='on'", "<graphics type='vnc'/>") == "accepted");
  CHECK(mdev("display='on'", "") == "hostdev/@display");
  CHECK(mdev("ramfb='on'", "<graphics type='vnc'/>") == "hostdev/@ramfb");
}

TEST_CASE("a video card has memory of its kind, and one card is the first") {
  CHECK(video("type='qxl' ram='65536' vram='65536' vgamem='16384'") == "accepted");
  CHECK(video("type='virtio' vgamem='16384'") == "video/model/@vgamem");
  CHECK(video("type='vga' ram='65536'") == "video/model/@ram");
  CHECK(video("type='qxl' vgamem='512'") == "video/model/@vgamem");
  for (const auto* type : {"xen", "vbox", "parallels", "gop"})
    CHECK(video(fmt::format("type='{}'", type)) == "video/model/@type");
  CHECK(place("<video><model type='virtio' primary='yes'/></video><video><model type='virtio'/></video>") ==
        "accepted");
  CHECK(
      place("<video><model type='virtio' primary='yes'/></video><video><model type='virtio' primary='yes'/></video>") ==
      "video[2]/model/@primary");
}

TEST_CASE("a display says one thing about where it listens, when it ends and who draws") {
  CHECK(place("<graphics type='vnc' listen='10.0.0.1'><listen type='address' address='10.0.0.1'/></graphics>") ==
        "accepted");
  CHECK(place("<graphics type='vnc' listen='10.0.0.1'><listen type='address' address='10.0.0.2'/></graphics>") ==
        "graphics/@listen");
  CHECK(place("<graphics type='vnc' passwd='x' passwdValidTo='2030-04-09T15:51:00'/>") == "accepted");
  CHECK(place("<graphics type='vnc' passwd='x' passwdValidTo='tomorrow'/>") == "graphics/@passwdValidTo");
  CHECK(place("<graphics type='spice'><listen type='none'/><gl enable='yes'/></graphics>") == "accepted");
  CHECK(place("<graphics type='spice'><listen type='none'/><gl enable='yes'/></graphics>"
              "<graphics type='egl-headless'/>") == "graphics[1]/gl/@enable");
}

TEST_CASE("sound is heard somewhere, and mixed where it is fixed") {
  CHECK(place("<graphics type='vnc'><audio id='1'/></graphics><audio id='1' type='none'/>") == "accepted");
  CHECK(place("<graphics type='vnc'><audio id='7'/></graphics><audio id='1' type='none'/>") == "graphics/audio/@id");
  CHECK(output("mixingEngine='yes' fixedSettings='yes'", "<settings frequency='44100'/>") == "accepted");
  CHECK(output("mixingEngine='no' fixedSettings='yes'") == "audio/output/@fixedSettings");
  CHECK(output("fixedSettings='no'", "<settings frequency='44100'/>") == "audio/output/settings");
}

TEST_CASE("a folder is one of the host, with modes where they are kept apart") {
  const auto mode = [](std::string_view attributes, std::string_view source) {
    return place(fmt::format("<filesystem type='mount' {}>{}<target dir='t'/></filesystem>", attributes, source));
  };
  CHECK(mode("accessmode='mapped' fmode='644' dmode='755'", "<source dir='/d'/>") == "accepted");
  CHECK(mode("accessmode='passthrough' fmode='644'", "<source dir='/d'/>") == "filesystem/@fmode");
  CHECK(mode("", "") == "filesystem/source");
}

TEST_CASE("devices of other hypervisors and architectures are refused") {
  CHECK(place("<memballoon model='xen'/>") == "memballoon/@model");
  CHECK(place("<nvram/>") == "nvram");
  CHECK(place("<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>") == "accepted");
  CHECK(place("<tpm model='tpm-crb'><backend type='emulator' version='1.2'/></tpm>") == "tpm/@model");
}

TEST_CASE("a device of the host is given once, and names are what the host takes") {
  const std::string_view function =
      "<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='6' slot='0' "
      "function='0'/></source></hostdev>";
  CHECK(place(function) == "accepted");
  CHECK(place(std::string(function) + std::string(function)) == "hostdev[2]/source/address");
  CHECK(place("<shmem name='..'><model type='ivshmem-plain'/><size unit='MiB'>4</size></shmem>") == "shmem/@name");
  const auto port = [](std::string_view channel) {
    return place(
        fmt::format("<graphics type='spice'><listen type='none'/></graphics><serial type='spiceport'>"
                    "<source channel='{}'/></serial>",
                    channel));
  };
  CHECK(port("org.example.0") == "accepted");
  CHECK(port("a b") == "serial/source/@channel");
}

TEST_CASE("displays and backends are this hypervisor's") {
  CHECK(place("<graphics type='rdp'/>") == "graphics/@type");
  CHECK(place("<graphics type='desktop'/>") == "graphics/@type");
  CHECK(card("user", "<backend type='passt'/><portForward proto='tcp'><range start='22'/></portForward>") ==
        "accepted");
  CHECK(card("user", "<portForward proto='tcp'><range start='22'/></portForward>") == "interface/portForward");
  CHECK(card("bridge", "<source bridge='br0'/><backend type='passt'/>") == "interface/backend/@type");
}
