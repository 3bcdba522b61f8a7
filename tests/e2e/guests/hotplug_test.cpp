// Network cards that come, change and go while a real guest runs.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "tests/e2e/support/guest.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr const char* kMac = "52:54:00:77:00:09";

// A guest that has booted without a card, and its console.
struct Booted {
  World world;
  std::optional<ConsoleLog> console;

  explicit Booted(const std::string& links = "") {
    add_netns("outside");
    add_uplink("up0", "outside");
    ip("-n outside address add 10.77.0.1/24 dev up0-peer");
    if (!links.empty()) ip(links);
    world.start();
    define_and_start(world, {});
    console.emplace(world, "web1");
    console->expect("lodge-guest ready");
  }

  // Waits until the guest's card with our address is there, and gives it an address.
  void bring_up(const std::string& address) {
    console->type(
        fmt::format("while ! grep -l {} /sys/class/net/*/address; do usleep 50000; done; "
                    "n=$(grep -l {} /sys/class/net/*/address | cut -d/ -f5); ip link set $n up; ip addr add {} dev $n; "
                    "echo card-$((40 + 2))-up",
                    kMac, kMac, address));
    console->expect("card-42-up");
  }
};

std::string cards(const World& world, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"domiflist", "web1", "-o", "name"};
  words.insert(words.end(), more.begin(), more.end());
  return world.must_lodge(words);
}

}  // namespace

TEST_CASE("a macvtap is plugged into a running guest, carries its frames, and goes when it is unplugged") {
  NEED_GUEST();
  Booted guest;
  World& world = guest.world;
  world.must_lodge(
      {"attach-interface", "web1", "direct", "up0", "--source-mode", "bridge", "--model", "virtio", "--mac", kMac});
  const std::string device = interface_of(world, "web1");
  CHECK(device.starts_with("macvtap"));
  guest.bring_up("10.77.0.2/24");
  must_run({"ping", "-c", "2", "-i", "0.2", "-W", "5", "10.77.0.2"}, {.netns = "outside"});

  // The definition does not know it.
  CHECK(world.must_lodge({"dumpxml", "web1", "--inactive"}).find("<interface") == std::string::npos);

  world.must_lodge({"domif-setlink", "web1", device, "down"});
  CHECK(world.must_lodge({"domif-getlink", "web1", device}) == device + " down\n");
  CHECK(ip("link show dev " + device).find("state DOWN") != std::string::npos);
  guest.console->type(
      fmt::format("cat $(grep -l {} /sys/class/net/*/address | sed s/address/carrier/) | sed s/^/carrier-/", kMac));
  guest.console->expect("carrier-0");
  world.must_lodge({"domif-setlink", "web1", kMac, "up"});
  must_run({"ping", "-c", "1", "-W", "10", "10.77.0.2"}, {.netns = "outside"});

  world.must_lodge({"detach-interface", "web1", "direct", "--mac", kMac});
  CHECK(links() == "lo up0");
  CHECK(cards(world).empty());
  // And again: the same place in the guest is free.
  world.must_lodge(
      {"attach-interface", "web1", "direct", "up0", "--source-mode", "bridge", "--model", "virtio", "--mac", kMac});
  world.must_lodge({"destroy", "web1"});
  CHECK(links() == "lo up0");
}

TEST_CASE("a tap in a bridge is plugged into guest and definition, and both forget it together") {
  NEED_GUEST();
  Booted guest("link add br0 type bridge");
  World& world = guest.world;
  ip("link set br0 up");
  ip("address add 10.78.0.1/24 dev br0");
  world.must_lodge({"attach-interface", "web1", "bridge", "br0", "--model", "virtio", "--mac", kMac, "--persistent"});
  CHECK(interface_of(world, "web1").starts_with("vnet"));
  guest.bring_up("10.78.0.2/24");
  must_run({"ping", "-c", "2", "-i", "0.2", "-W", "5", "10.78.0.2"});
  const std::string stored = world.must_lodge({"dumpxml", "web1", "--inactive"});
  CHECK(stored.find(kMac) != std::string::npos);
  CHECK(stored.find("vnet") == std::string::npos);

  world.must_lodge({"detach-interface", "web1", "bridge", "--mac", kMac, "--persistent"});
  CHECK(links() == "br0 lo up0");
  CHECK(world.must_lodge({"dumpxml", "web1", "--inactive"}).find(kMac) == std::string::npos);
}

TEST_CASE("a plugged card survives the daemon, and can be unplugged by its next life") {
  NEED_GUEST();
  Booted guest;
  World& world = guest.world;
  world.must_lodge(
      {"attach-interface", "web1", "direct", "up0", "--source-mode", "bridge", "--model", "virtio", "--mac", kMac});
  const std::string device = interface_of(world, "web1");
  world.kill();
  world.start();
  CHECK(interface_of(world, "web1") == device);
  world.must_lodge({"detach-interface", "web1", "direct", "--mac", kMac});
  CHECK(links() == "lo up0");
}

TEST_CASE("a daemon that dies at any step of an attach leaves the card whole, or nothing of it") {
  NEED_GUEST();
  for (const std::string step : {"attach.planned", "attach.plan-committed", "attach.port-made", "attach.plugged-in"}) {
    INFO(step);
    World world;
    add_uplink("up0");
    world.start({.environment = {"LODGE_FAILPOINT=" + step + ":crash"}});
    define_and_start(world, {});
    ConsoleLog(world, "web1").expect("lodge-guest ready");
    CHECK_FALSE(world
                    .lodge({"attach-interface", "web1", "direct", "up0", "--source-mode", "bridge", "--model", "virtio",
                            "--mac", kMac})
                    .ok());
    world.wait_for_end();
    world.start();
    // An operation of the daemon's own settles it; ours waits for its turn behind it.
    world.must_lodge({"suspend", "web1"});
    const bool whole = !cards(world).empty();
    CHECK(whole == (step == "attach.plugged-in"));
    CHECK((links() == "lo up0 up0-peer") == !whole);
    world.must_lodge({"destroy", "web1"});
    CHECK(links() == "lo up0 up0-peer");
    ip("link del up0");
  }
}

TEST_CASE("a guest that does not listen keeps its card, and the caller is told why") {
  World world;
  add_uplink("up0");
  world.start();
  define_and_start(world, {.boots = false});
  world.must_lodge(
      {"attach-interface", "web1", "direct", "up0", "--source-mode", "bridge", "--model", "virtio", "--mac", kMac});
  world.must_lodge({"suspend", "web1"});
  const Finished detached = world.lodge({"--timeout", "2", "detach-interface", "web1", "direct", "--mac", kMac});
  INFO(detached.err);
  CHECK_FALSE(detached.ok());
  CHECK(detached.err.find("was asked to let go of net0 and has not yet") != std::string::npos);
  CHECK(cards(world) != "");
  world.must_lodge({"destroy", "web1"});
  CHECK(links() == "lo up0 up0-peer");
}

TEST_CASE("a cable that a stopped guest did not let be pulled stays in, and plugging it says so to guest and host") {
  World world;
  add_uplink("up0");
  world.start();
  define_and_start(world, {.boots = false, .devices = macvtap_on("up0")});
  const std::string device = interface_of(world, "web1");
  const auto is_up = [&] {
    return must_run({"ip", "link", "show", "dev", device, "up"}).find(device) != std::string::npos;
  };
  REQUIRE(::kill(pid_of(world, "web1"), SIGSTOP) == 0);
  CHECK_FALSE(world.lodge({"--timeout", "1", "domif-setlink", "web1", device, "down"}).ok());
  CHECK(is_up());
  REQUIRE(::kill(pid_of(world, "web1"), SIGCONT) == 0);
  world.must_lodge({"--timeout", "20", "domif-setlink", "web1", device, "up"});
  CHECK(is_up());
  world.must_lodge({"domif-setlink", "web1", device, "down"});
  CHECK_FALSE(is_up());
}

TEST_CASE("the port of a card that waits for another emulator is its guest's from the moment it is plugged in") {
  NEED_GUEST();
  Booted guest;
  World& world = guest.world;
  define_and_start(world, {.name = "web2", .boots = false});
  const std::string card = fmt::format(
      "<interface type='server'><mac address='{}'/><source address='127.0.0.1' port='5958'/><model type='virtio'/>"
      "</interface>",
      kMac);
  world.must_lodge({"attach-device", "web1", "-"}, {.input = card});
  CHECK(world.must_lodge({"claims", "--guest", "web1", "--kind", "port"}).find("tunnel (tcp port 5958 at 127.0.0.1)") !=
        std::string::npos);
  const auto refused = [&](const std::string& why) {
    const Finished second = world.lodge({"attach-device", "web2", "-"}, {.input = card});
    INFO(second.err);
    CHECK(second.err.find("tunnel (tcp port 5958 at 127.0.0.1) is in use by " + why) != std::string::npos);
  };
  refused("web1");
  world.kill();
  world.start();
  refused("web1");

  world.must_lodge({"detach-device", "web1", "-"}, {.input = card});
  CHECK(world.must_lodge({"claims", "--guest", "web1", "--kind", "port"}).find("5958") == std::string::npos);
  {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address{
        .sin_family = AF_INET, .sin_port = htons(5958), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket.get(), 1) == 0);
    refused("another program");
  }
  world.must_lodge({"attach-device", "web2", "-"}, {.input = card});
  world.must_lodge({"destroy", "web2"});
}
