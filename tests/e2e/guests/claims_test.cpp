// What a guest has of the host beside its links and its process, while it runs and afterwards.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/file.h"
#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

namespace {

// "/lodge-sandbox-1/web1.0123456789abcdef"
std::string group_of(const World& world, const std::string& guest) {
  const auto groups = read_file(fmt::format("/proc/{}/cgroup", pid_of(world, guest)));
  if (!groups) return {};
  const auto line = groups->find("0::");
  return line == std::string::npos ? std::string() : groups->substr(line + 3, groups->find('\n', line) - line - 3);
}

std::string mounted(const std::string& group) {
  for (const std::string root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
    if (fs::exists(root + "/cgroup.controllers")) return root + group;
  return {};
}

}  // namespace

TEST_CASE(
    "a guest's QEMU lives in a control group of its own, also after a restart of the daemon, and it goes with it") {
  World world;
  world.start();
  if (world.log().find("no control groups") != std::string::npos) {
    std::printf("SKIPPED: no cgroup v2 here\n");
    return;
  }
  define_and_start(world, {.boots = false});
  const std::string group = group_of(world, "web1");
  INFO(group);
  CHECK(group.find("/web1.") != std::string::npos);
  CHECK(fs::exists(mounted(group)));
  world.kill();
  world.start();
  CHECK(fs::exists(mounted(group)));
  world.must_lodge({"destroy", "web1"});
  CHECK_FALSE(fs::exists(mounted(group)));
}

TEST_CASE("a VNC port and a socket that one guest has are refused to another by name, also after a restart") {
  World world;
  world.start();
  const fs::path socket = world.root() / "serial.sock";
  const std::string devices = fmt::format(
      "<serial type='unix'><source mode='bind' path='{}'/></serial><graphics type='vnc' port='5977'/>",
      socket.string());
  define_and_start(world, {.name = "web1", .boots = false, .devices = devices});
  CHECK(fs::is_socket(socket));
  define(world, {.name = "web2", .boots = false, .devices = "<graphics type='vnc' port='5977'/>"});
  define(world, {.name = "web3", .boots = false, .devices = devices});
  for (int life = 0; life < 2; ++life) {
    const Finished port = world.lodge({"start", "web2"});
    INFO(port.err);
    CHECK(port.err.find("vnc (tcp port 5977 at 127.0.0.1) is in use by web1") != std::string::npos);
    const Finished place = world.lodge({"start", "web3"});
    INFO(place.err);
    CHECK(place.err.find(socket.string() + ": another server listens there") != std::string::npos);
    world.kill();
    world.start();
  }
  world.must_lodge({"destroy", "web1"});
  CHECK_FALSE(fs::exists(socket));
  world.must_lodge({"start", "web3"});
  world.must_lodge({"destroy", "web3"});
}

TEST_CASE("screens of one guest and of several get ports of their own") {
  World world;
  world.start();
  const std::string screens = "<graphics type='vnc' autoport='yes'/><graphics type='spice' autoport='yes'/>";
  for (const std::string name : {"web1", "web2"}) {
    define(world, {.name = name, .boots = false, .devices = screens});
    const Finished start = world.lodge({"start", name});
    INFO(start.err);
    if (start.err.find("this QEMU has no SPICE") != std::string::npos) {
      std::printf("SKIPPED: this QEMU has no SPICE\n");
      return;
    }
    CHECK(start.ok());
  }
  world.must_lodge({"destroy", "web1"});
  world.must_lodge({"destroy", "web2"});
}

TEST_CASE("a guest with clean traffic has a packet filter of its own, which goes with it") {
  World world;
  ip("link add br0 type bridge");
  ip("link set br0 up");
  world.start();
  must_run({"nft", "add", "table", "netdev", "lodge-theirs"});
  const std::string card =
      "<interface type='bridge'><source bridge='br0'/><mac address='52:54:00:00:00:01'/>"
      "<filterref filter='clean-traffic'><parameter name='IP' value='10.0.0.7'/></filterref></interface>";
  define_and_start(world, {.boots = false, .devices = card});
  const std::string rules = must_run({"nft", "list", "ruleset"});
  INFO(rules);
  CHECK(rules.find("ether saddr != 52:54:00:00:00:01 drop") != std::string::npos);
  CHECK(rules.find("arp saddr ip != ") != std::string::npos);
  world.must_lodge({"destroy", "web1"});
  CHECK(must_run({"nft", "list", "ruleset"}) == "table netdev lodge-theirs {\n}\n");
}

TEST_CASE("a filter that cannot be honoured keeps a guest from starting") {
  World world;
  ip("link add br0 type bridge");
  world.start();
  define(world, {.boots = false,
                 .devices = "<interface type='bridge'><source bridge='br0'/><filterref filter='clean-traffic'/>"
                            "</interface>"});
  const Finished start = world.lodge({"start", "web1"});
  INFO(start.err);
  CHECK(start.err.find("<parameter name='IP'") != std::string::npos);
  CHECK(links() == "br0 lo");
}

TEST_CASE("a PCI device that cannot be given to a guest is refused with what stands in the way") {
  World world;
  world.start();
  const auto with_device = [](const std::string& bus) {
    return "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' bus='" + bus +
           "' slot='0x00' function='0x0'/></source></hostdev>";
  };
  define(world, {.name = "web1", .boots = false, .devices = with_device("0xfe")});
  const Finished nowhere = world.lodge({"start", "web1"});
  INFO(nowhere.err);
  CHECK(nowhere.err.find("host device 1: this host has no PCI device 0000:fe:00.0") != std::string::npos);

  if (fs::exists("/dev/vfio/vfio") || !fs::exists("/sys/bus/pci/devices/0000:00:00.0")) return;
  define(world, {.name = "web2", .boots = false, .devices = with_device("0x00")});
  const Finished lacking = world.lodge({"start", "web2"});
  INFO(lacking.err);
  CHECK(lacking.err.find("host device 1: 0000:00:00.0: ") != std::string::npos);
  CHECK(lacking.err.find("no /dev/vfio/vfio") != std::string::npos);
  CHECK(qemus(world) == 0);
}
