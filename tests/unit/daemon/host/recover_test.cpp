#include <catch2/catch.hpp>

#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

using Names = std::vector<std::string>;

TEST_CASE("a daemon that comes back knows its guests, and can drive them") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.start_guest("web1");
  REQUIRE(world.run(world.host().create(world.call(), "", document(guest_xml("web2")), false)));
  REQUIRE(world.run(world.host().suspend(world.call(), named("web2"))));
  const v1::Domain before = world.domain("web1");
  world.kill();

  REQUIRE(world.boot());
  const v1::Domain after = world.domain("web1");
  CHECK(after.status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(after.status().run_id() == before.status().run_id());
  CHECK(after.status().id() == before.status().id());
  CHECK(after.status().pid() == before.status().pid());
  CHECK(after.status().started_at().seconds() == before.status().started_at().seconds());
  CHECK_FALSE(after.status().stale());
  CHECK(after.running_spec().SerializeAsString() == before.running_spec().SerializeAsString());
  CHECK(world.state("web2") == v1::DOMAIN_STATE_PAUSED);
  CHECK_FALSE(world.domain("web2").persistent());

  REQUIRE(world.run(world.host().suspend(world.call(), named("web1"))));
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  REQUIRE(world.run(world.host().destroy(world.call(), named("web2"), false)));
  CHECK(world.is_pristine());
}

TEST_CASE("a daemon that stops in order leaves its guests alone") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.start_guest("web1");
  const auto link = world.kernel.link(world.domain("web1").running_spec().interfaces(0).target_dev());
  world.stop();
  CHECK(world.hypervisor.size() == 1);
  CHECK(world.kernel.link(link->ifindex) == link);
  REQUIRE(world.boot());
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE("a guest that went away while no daemon lived is off, and what it had is released") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.start_guest("web1");
  REQUIRE(world.run(world.host().create(world.call(), "", document(guest_xml("web2", macvtap_xml())), false)));
  world.kill();
  world.hypervisor.die("web1");
  world.hypervisor.die("web2");

  REQUIRE(world.boot());
  world.settle();
  CHECK(world.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_SHUTOFF_DAEMON);
  CHECK(world.host().find(host::Caller::own(), named("web2")).error().code() == Code::not_found);
  CHECK(world.is_pristine());
}

TEST_CASE("a guest that powered off while no daemon lived is stopped") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.start_guest("web1");
  world.kill();
  world.hypervisor.power_off("web1");
  REQUIRE(world.boot());
  world.settle();
  CHECK(world.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_SHUTOFF_SHUTDOWN);
  CHECK(world.is_pristine());
}

TEST_CASE("a guest that does not answer delays neither the daemon nor the others, and is found when it does") {
  World world;
  world.settings.settle_limit = std::chrono::milliseconds(10);
  world.settings.recover_limit = std::chrono::milliseconds(20);
  world.settings.retry_interval = std::chrono::milliseconds(1);
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.define("web2");
  world.start_guest("web1");
  world.start_guest("web2");
  world.kill();
  world.hypervisor.stop_answering("web1");

  REQUIRE(world.boot());
  CHECK(world.domain("web1").status().stale());
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
  CHECK_FALSE(world.domain("web2").status().stale());
  const auto suspended = world.run(world.host().suspend(world.call(std::chrono::milliseconds(5)), named("web1")));
  REQUIRE_FALSE(suspended);
  CHECK(suspended.error().code() == Code::deadline_exceeded);
  CHECK_THAT(suspended.error().message(),
             Catch::StartsWith("suspend web1: the hypervisor has not answered since the daemon started"));

  world.hypervisor.answer_again("web1");
  world.until([&] { return !world.domain("web1").status().stale(); });
  REQUIRE(world.run(world.host().suspend(world.call(), named("web1"))));
  CHECK(world.events() == Names{"RECOVERED web2", "RECOVERED web1", "SUSPENDED web1"});
}

TEST_CASE("links of ours that no claim knows are removed, foreign ones are not") {
  World world;
  REQUIRE(world.boot());
  const std::string mark = netdev::link_mark(world.store().instance(), "0123456789abcdef");
  world.kill();
  const auto parent = world.kernel.link("eth0")->ifindex;
  world.kernel.add_link({.ifindex = 1'000'000'005,
                         .name = "macvtap5",
                         .kind = "macvtap",
                         .parent_ifindex = parent,
                         .alias = mark,
                         .group = netdev::kLinkGroup});
  world.kernel.add_link({.ifindex = 1'000'000'006,
                         .name = "macvtap6",
                         .kind = "macvtap",
                         .parent_ifindex = parent,
                         .alias = "lodge:another0000:0123456789abcdef",
                         .group = netdev::kLinkGroup});
  REQUIRE(world.boot());
  CHECK_FALSE(world.kernel.link(1'000'000'005));
  CHECK(world.kernel.link(1'000'000'006));
  CHECK(world.kernel.link("macvtap0"));
}

TEST_CASE("a daemon that dies between any two steps of a stop finds an end to it") {
  for (const std::string place : {"stop.gate-passed", "stop.guest-ended", "stop.released", "stop.committed"}) {
    World world;
    world.failpoint = [&](std::string_view name) -> Result<void> {
      if (name == place) throw netdev::Crash();
      return {};
    };
    REQUIRE(world.boot());
    world.define("web1", macvtap_xml());
    world.start_guest("web1");
    CHECK_THROWS_AS(world.run(world.host().destroy(world.call(), named("web1"), false)), netdev::Crash);
    world.kill();
    world.failpoint = nullptr;
    REQUIRE(world.boot());
    world.settle();
    INFO(place);
    const bool runs_on = place == "stop.gate-passed";
    CHECK(world.state("web1") == (runs_on ? v1::DOMAIN_STATE_RUNNING : v1::DOMAIN_STATE_SHUTOFF));
    CHECK(world.is_pristine() == !runs_on);
    CHECK(world.kernel.link("macvtap0"));
  }
}

TEST_CASE("a guest that is being rebooted comes back though the daemon dies at any step of it") {
  for (const std::string place : {"shutdown.pressed", "shutdown.powered-off", "reboot.gate-passed", "reboot.reset"}) {
    INFO(place);
    World world;
    world.failpoint = [&](std::string_view name) -> Result<void> {
      if (name == place) throw netdev::Crash();
      return {};
    };
    REQUIRE(world.boot());
    world.define("web1");
    world.start_guest("web1");
    const auto reboot = [&] {
      const auto pressed = world.run(world.host().reboot(world.call(), named("web1")));
      REQUIRE(pressed);
      world.hypervisor.power_off("web1");
      world.settle();
    };
    CHECK_THROWS_AS(reboot(), netdev::Crash);
    world.kill();
    if (place == "shutdown.pressed") world.hypervisor.power_off("web1");
    world.failpoint = nullptr;
    REQUIRE(world.boot());
    world.settle();
    CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);

    // Once it is done, nobody remembers it.
    world.kill();
    world.hypervisor.power_off("web1");
    REQUIRE(world.boot());
    world.settle();
    CHECK(world.state("web1") == v1::DOMAIN_STATE_SHUTOFF);
  }
}

TEST_CASE("numbers of running guests are not given again after a restart of the daemon") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  world.define("web2");
  world.start_guest("web1");
  world.kill();
  REQUIRE(world.boot());
  world.start_guest("web2");
  CHECK(world.domain("web1").status().id() == 1);
  CHECK(world.domain("web2").status().id() == 2);
}

}  // namespace
}  // namespace lodge::test
