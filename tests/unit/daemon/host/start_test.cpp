#include <catch2/catch.hpp>

#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

std::vector<netdev::Claim> claims_of_kind(World& world, netdev::ClaimKind kind) {
  std::vector<netdev::Claim> claims = world.store().contents().value().claims;
  std::erase_if(claims, [&](const netdev::Claim& claim) { return claim.kind() != kind; });
  return claims;
}

TEST_CASE("a started guest runs on a macvtap of its own, under a made-up name marked as such") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.events();
  const auto started = world.run(world.host().start(world.call(), named("web1"), false));
  REQUIRE(started);
  const v1::Domain& domain = **started;
  CHECK(domain.status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(domain.status().reason() == v1::DOMAIN_STATE_REASON_RUNNING_BOOTED);
  CHECK(domain.status().id() == 1);
  CHECK(domain.status().driver() == "fake");
  CHECK(domain.status().busy_with().empty());
  CHECK(domain.running_spec().id() == 1);
  REQUIRE(domain.running_spec().interfaces_size() == 1);
  const v1::Interface& interface = domain.running_spec().interfaces(0);
  CHECK(interface.target_dev_generated());
  const auto link = world.kernel.link(interface.target_dev());
  REQUIRE(link);
  CHECK(link->kind == "macvtap");
  CHECK(domain.persistent_spec().interfaces(0).target_dev().empty());
  CHECK(world.events() == std::vector<std::string>{"STARTED web1"});
}

TEST_CASE("one start is two durable writes, one stop is one") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml() + macvtap_xml());
  // The first number of a counter reserves a block of them.
  for (const char* const counter : {"macvtap", "ifindex"}) REQUIRE(world.store().next(counter));
  const auto before = world.store().transactions();
  world.start_guest("web1");
  const auto running = world.store().transactions();
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  CHECK(running - before == 2);
  CHECK(world.store().transactions() - running == 1);
}

TEST_CASE("while a guest runs, its claims are held and its run is written down") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.start_guest("web1");
  const store::Contents contents = world.store().contents().value();
  REQUIRE(contents.runs.size() == 1);
  CHECK(contents.runs[0].phase == store::RunPhase::running);
  CHECK(contents.runs[0].live_spec->interfaces(0).target_dev_generated());
  REQUIRE(contents.claims.size() == 4);
  for (const auto& claim : contents.claims) CHECK(claim.state == netdev::ClaimState::held);
}

TEST_CASE("a guest has a control group of its own while it runs, where the host has any") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  world.start_guest("web1");
  const auto groups = [&] { return claims_of_kind(world, netdev::ClaimKind::cgroup); };
  REQUIRE(groups().size() == 1);
  const auto identity = std::get<netdev::CgroupIdentity>(groups()[0].identity);
  CHECK(world.cgroups.find(identity.path)->value() == identity);
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  CHECK(world.is_pristine());

  world.cgroups.unmount();
  world.start_guest("web1");
  CHECK(groups().empty());
}

TEST_CASE("a port that a running guest has is refused to another, also by the daemon's next life") {
  World world;
  REQUIRE(world.boot());
  const std::string vnc = "<graphics type='vnc' port='5901'/>";
  world.define("web1", vnc);
  world.define("web2", vnc);
  world.start_guest("web1");
  const auto refused = [&] { return world.run(world.host().start(world.call(), named("web2"), false)); };
  for (const char* life : {"the first", "the next"}) {
    INFO(life);
    const auto second = refused();
    REQUIRE_FALSE(second);
    CHECK(second.error().code() == Code::busy);
    CHECK(second.error().message() == "start web2: vnc (tcp port 5901) is in use by web1");
    world.kill();
    REQUIRE(world.boot());
  }
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  CHECK(refused());
}

TEST_CASE("a guest started paused waits to be resumed") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  REQUIRE(world.run(world.host().start(world.call(), named("web1"), true)));
  CHECK(world.state("web1") == v1::DOMAIN_STATE_PAUSED);
  REQUIRE(world.run(world.host().resume(world.call(), named("web1"))));
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE("a transient guest is gone when it stops") {
  World world;
  REQUIRE(world.boot());
  REQUIRE(world.run(world.host().create(world.call(), "", document(guest_xml("web1", macvtap_xml())), false)));
  CHECK_FALSE(world.domain("web1").persistent());
  CHECK(world.domain("web1").owner() == "uid:0");
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  CHECK(world.host().list(host::Caller::own(), "").empty());
  CHECK(world.is_pristine());
}

TEST_CASE("a running guest is not started again") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  world.start_guest("web1");
  const auto again = world.run(world.host().start(world.call(), named("web1"), false));
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Code::failed_precondition);
  CHECK(again.error().message() == "start web1: it is already running");
  CHECK(world.domain("web1").status().last_error().empty());
}

TEST_CASE("a guest whose uplink does not exist is told which there are") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", "<interface type='direct'><source dev='eth7' mode='bridge'/></interface>");
  const auto started = world.run(world.host().start(world.call(), named("web1"), false));
  REQUIRE_FALSE(started);
  CHECK_THAT(started.error().message(),
             Catch::StartsWith("start web1: interface 1: ") && Catch::Contains("eth7") && Catch::Contains("eth0"));
  CHECK(world.domain("web1").status().last_error() == started.error().message());
  CHECK(world.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_SHUTOFF_FAILED);
  CHECK(world.is_pristine());
}

TEST_CASE("a start that fails at any call to the kernel leaves nothing") {
  World counted;
  REQUIRE(counted.boot());
  counted.define("web1", macvtap_xml() + macvtap_xml());
  counted.kernel.steps().reset();
  counted.start_guest("web1");
  const int calls = counted.kernel.steps().count();
  REQUIRE(calls > 4);

  for (int n = 0; n < calls; ++n) {
    World world;
    REQUIRE(world.boot());
    world.define("web1", macvtap_xml() + macvtap_xml());
    world.kernel.steps().reset();
    world.kernel.steps().fail_call(n);
    const auto started = world.run(world.host().start(world.call(), named("web1"), false));
    world.kernel.steps().reset();
    INFO("call " << n);
    CHECK_FALSE(started);
    CHECK(world.is_pristine());
    CHECK(world.state("web1") == v1::DOMAIN_STATE_SHUTOFF);
    world.start_guest("web1");
  }
}

TEST_CASE("a start that fails at any call to the hypervisor leaves nothing") {
  for (int n = 0; n < 3; ++n) {
    World world;
    REQUIRE(world.boot());
    world.define("web1", macvtap_xml());
    world.hypervisor.fail_call(n);
    const auto started = world.run(world.host().start(world.call(), named("web1"), false));
    REQUIRE_FALSE(started);
    CHECK(started.error().message() == "start web1: scripted failure");
    CHECK(world.is_pristine());
    CHECK(world.domain("web1").status().last_error() == "start web1: scripted failure");
    CHECK(world.events() == std::vector<std::string>{"DEFINED web1", "STOPPED web1"});
  }
}

bool in_start(std::string_view place) { return place.starts_with("start."); }

// While the driver is at work the daemon can die, but whether the start fails is for the driver to say.
bool can_fail(std::string_view place) { return in_start(place) && !place.starts_with("start.driver-step-"); }

// Those of the places a start passes that are chosen, in order.
std::vector<std::string> places_of_a_start(bool (*chosen)(std::string_view)) {
  std::vector<std::string> places;
  World world;
  world.failpoint = [&](std::string_view name) -> Result<void> {
    if (chosen(name)) places.emplace_back(name);
    return {};
  };
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml() + macvtap_xml());
  world.start_guest("web1");
  return places;
}

TEST_CASE("a start that fails between any two steps leaves nothing, and can be tried again") {
  const auto places = places_of_a_start(can_fail);
  REQUIRE(places.size() == 10);
  for (std::size_t n = 0; n < places.size(); ++n) {
    World world;
    std::size_t passed = 0;
    world.failpoint = [&](std::string_view name) -> Result<void> {
      if (can_fail(name) && passed++ == n) return fail(Code::internal, "made to fail");
      return {};
    };
    REQUIRE(world.boot());
    world.define("web1", macvtap_xml() + macvtap_xml());
    const auto started = world.run(world.host().start(world.call(), named("web1"), false));
    INFO(places[n]);
    CHECK_FALSE(started);
    CHECK(world.is_pristine());
    world.start_guest("web1");
  }
}

TEST_CASE("a daemon that dies between any two steps of a start leaves nothing that its next life does not clean") {
  const auto places = places_of_a_start(in_start);
  for (std::size_t n = 0; n < places.size(); ++n) {
    World world;
    std::size_t passed = 0;
    world.failpoint = [&](std::string_view name) -> Result<void> {
      if (in_start(name) && passed++ == n) throw netdev::Crash();
      return {};
    };
    REQUIRE(world.boot());
    world.define("web1", macvtap_xml() + macvtap_xml());
    INFO(places[n]);
    CHECK_THROWS_AS(world.run(world.host().start(world.call(), named("web1"), false)), netdev::Crash);
    world.kill();
    REQUIRE(world.boot());
    world.settle();
    // After the second write the guest runs, and is found again. Before, the fake's machine has no process that a claim could end.
    if (places[n] == "start.run-committed") {
      CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
      CHECK(world.hypervisor.size() == 1);
    } else {
      const store::Contents contents = world.store().contents().value();
      CHECK(contents.runs.empty());
      CHECK(contents.claims.empty());
      CHECK(world.kernel.is_pristine());
      CHECK(world.state("web1") == v1::DOMAIN_STATE_SHUTOFF);
    }
  }
}

TEST_CASE("a start whose caller goes away is taken back") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.hypervisor.hang_call(1);
  const auto start = world.start(world.host().start(world.call(), named("web1"), false));
  world.until([&] { return world.hypervisor.calls() == 2; });
  start->cancel.emit(asio::cancellation_type::terminal);
  world.until([&] { return start->outcome.has_value(); });
  CHECK(start->outcome->error().code() == Code::cancelled);
  CHECK(world.is_pristine());
  CHECK(world.host().operations(host::Caller::own(), true)[0].state() == v1::OPERATION_STATE_CANCELLED);
}

TEST_CASE("a start that takes too long is taken back at its deadline") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.hypervisor.hang_call(1);
  const auto started = world.run(world.host().start(world.call(std::chrono::milliseconds(20)), named("web1"), false));
  REQUIRE_FALSE(started);
  CHECK(started.error().code() == Code::deadline_exceeded);
  CHECK(world.is_pristine());
}

TEST_CASE("a start that nobody waits for can be watched and cancelled by its operation") {
  World world;
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.hypervisor.hang_call(1);
  const auto operation = world.run(world.host().start_detached(world.call(), named("web1"), false));
  REQUIRE(operation);
  world.until([&] { return world.hypervisor.calls() == 2; });
  CHECK(world.host().operation(host::Caller::own(), operation->id())->step() == "connecting to the machine");
  CHECK_THAT(world.domain("web1").status().busy_with(), Catch::StartsWith("start ("));

  const auto late = world.run(world.host().wait_operation(world.call(std::chrono::milliseconds(5)), operation->id()));
  CHECK(late.error().message() == "start web1 goes on: connecting to the machine");
  REQUIRE(world.run(world.host().cancel_operation(world.call(), operation->id())));
  const auto ended = world.run(world.host().wait_operation(world.call(), operation->id()));
  REQUIRE(ended);
  CHECK(ended->state() == v1::OPERATION_STATE_CANCELLED);
  CHECK(world.is_pristine());
}

TEST_CASE("a guest that powers off while its start is written down is stopped right after") {
  World world;
  world.failpoint = [&](std::string_view name) -> Result<void> {
    if (name == "start.guest-started") world.hypervisor.power_off("web1");
    return {};
  };
  REQUIRE(world.boot());
  world.define("web1", macvtap_xml());
  world.start_guest("web1");
  world.settle();
  CHECK(world.state("web1") == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(world.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_SHUTOFF_SHUTDOWN);
  CHECK(world.is_pristine());
  CHECK(world.events() == std::vector<std::string>{"DEFINED web1", "STARTED web1", "SHUTDOWN web1", "STOPPED web1"});
}

TEST_CASE("a document that names another guest's macvtap never touches it, wherever the start fails") {
  const auto places = places_of_a_start(can_fail);
  for (std::size_t n = 0; n <= places.size(); ++n) {
    World world;
    std::size_t passed = 0;
    bool armed = false;
    world.failpoint = [&](std::string_view name) -> Result<void> {
      if (armed && can_fail(name) && passed++ == n) return fail(Code::internal, "made to fail");
      return {};
    };
    REQUIRE(world.boot());
    world.define("a", macvtap_xml());
    world.start_guest("a");
    const std::string device = world.domain("a").running_spec().interfaces(0).target_dev();
    const auto before = world.kernel.link(device);
    const auto foreign = world.kernel.link("macvtap0");
    REQUIRE(before);

    armed = true;
    for (const std::string& name : {device, std::string("macvtap0")}) {
      passed = 0;
      const std::string xml = guest_xml("b", macvtap_xml("<target dev='" + name + "'/>") + macvtap_xml());
      REQUIRE(world.run(world.host().define(world.call(), "", document(xml), false)));
      const auto started = world.run(world.host().start(world.call(), named("b"), false));
      CHECK(started.has_value() == (n == places.size()));
      CHECK(world.kernel.link(device) == before);
      CHECK(world.kernel.link("macvtap0") == foreign);
      if (started) REQUIRE(world.run(world.host().destroy(world.call(), named("b"), false)));
      CHECK(world.kernel.link(device) == before);
      CHECK(world.kernel.link("macvtap0") == foreign);
    }
    CHECK(world.state("a") == v1::DOMAIN_STATE_RUNNING);
  }
}

}  // namespace
}  // namespace lodge::test
