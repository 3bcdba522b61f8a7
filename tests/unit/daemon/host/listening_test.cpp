// Cards for which the hypervisor listens at a port of the host.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "base/fd.h"
#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

constexpr const char* kMac = "52:54:00:77:00:09";

// A port of the loopback at which nobody listens.
int free_port() {
  const Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

// Two guests that run without a card.
struct Running : World {
  Running() {
    failpoint = [this](std::string_view place) -> Result<void> {
      if (place == deadly) throw Death{};
      return {};
    };
    REQUIRE(boot());
    define("web1", fmt::format("<graphics type='vnc' port='{}'/>", vnc));
    define("web2");
    start_guest("web1");
    start_guest("web2");
  }

  v1::Interface card(int at) const {
    v1::Interface interface;
    interface.mutable_server()->set_address("127.0.0.1");
    interface.mutable_server()->set_port(at);
    interface.set_model("virtio");
    interface.set_mac(kMac);
    return interface;
  }
  Result<host::DomainPtr> attach(const std::string& guest) { return attach(guest, port); }
  Result<host::DomainPtr> attach(const std::string& guest, int at) {
    return run(host().attach_interface(call(), named(guest), card(at), {}));
  }
  Result<host::DomainPtr> detach(const std::string& guest) {
    return run(host().detach_interface(call(), named(guest), card(port), {}));
  }
  // The states of the claims for the port, as stored.
  std::vector<netdev::ClaimState> claimed() {
    std::vector<netdev::ClaimState> states;
    const auto contents = store().contents().value();
    for (const auto& claim : contents.claims) {
      const auto* const its = std::get_if<netdev::PortIdentity>(&claim.identity);
      if (its && its->number == port) states.push_back(claim.state);
    }
    return states;
  }

  struct Death {};
  const int port = free_port();
  const int vnc = free_port();
  std::string_view deadly;
};

using States = std::vector<netdev::ClaimState>;
const States kHeld{netdev::ClaimState::held};

TEST_CASE("the port of a card that is plugged in is its guest's until the card goes") {
  Running world;
  REQUIRE(world.attach("web1"));
  CHECK(world.claimed() == kHeld);
  const auto second = world.attach("web2");
  REQUIRE_FALSE(second);
  CHECK(second.error().code() == Code::busy);
  CHECK(second.error().message() ==
        fmt::format("attach-device web2: tunnel (tcp port {} at 127.0.0.1) is in use by web1", world.port));
  CHECK(world.domain("web2").running_spec().interfaces_size() == 0);

  REQUIRE(world.detach("web1"));
  CHECK(world.claimed().empty());
  CHECK(world.attach("web2"));
  CHECK(world.claimed() == kHeld);
}

TEST_CASE("the port of a card that a guest starts with is its own, and goes with it") {
  Running world;
  world.define("web3", fmt::format("<interface type='server'><mac address='{}'/><source address='127.0.0.1' "
                                   "port='{}'/></interface>",
                                   kMac, world.port));
  world.start_guest("web3");
  CHECK(world.claimed() == kHeld);
  CHECK(world.attach("web1").error().code() == Code::busy);
  REQUIRE(world.run(world.host().destroy(world.call(), named("web3"), false)));
  CHECK(world.claimed().empty());
}

TEST_CASE("a port of the guest's own display is not its card's") {
  Running world;
  const auto attached = world.attach("web1", world.vnc);
  REQUIRE_FALSE(attached);
  CHECK_THAT(attached.error().message(), Catch::EndsWith("is in use by web1"));
}

TEST_CASE("a card that is to be listened for where another program listens is refused, and nothing is left of it") {
  Running world;
  const Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
  const sockaddr_in address{.sin_family = AF_INET,
                            .sin_port = htons(static_cast<std::uint16_t>(world.port)),
                            .sin_addr = {htonl(INADDR_LOOPBACK)},
                            .sin_zero = {}};
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(socket.get(), 1) == 0);
  const auto attached = world.attach("web1");
  REQUIRE_FALSE(attached);
  CHECK(attached.error().code() == Code::busy);
  CHECK_THAT(attached.error().message(), Catch::EndsWith("is in use by another program"));
  CHECK(world.claimed().empty());
  CHECK(world.domain("web1").running_spec().interfaces_size() == 0);
}

TEST_CASE("a daemon that dies while a card is plugged in leaves it with its port, or neither") {
  for (const std::string step : {"attach.planned", "attach.plan-committed", "attach.port-made", "attach.plugged-in"}) {
    INFO(step);
    Running world;
    world.deadly = step;
    CHECK_THROWS_AS(world.attach("web1"), Running::Death);
    world.deadly = {};
    world.kill();
    REQUIRE(world.boot());
    world.settle();
    const bool there = step == "attach.plugged-in";
    CHECK((world.domain("web1").running_spec().interfaces_size() == 1) == there);
    CHECK(world.claimed() == (there ? kHeld : States{}));
    CHECK(world.attach("web2").has_value() != there);
  }
}

TEST_CASE("the port of a card that its guest let go of while no daemon looked is free when one does") {
  Running world;
  REQUIRE(world.attach("web1"));
  world.kill();
  drivers::fake::FakeHypervisor::remove_card(*world.hypervisor.find("web1"), "net0");
  REQUIRE(world.boot());
  world.settle();
  CHECK(world.claimed().empty());
}

}  // namespace
}  // namespace lodge::test
