#include <catch2/catch.hpp>
#include <functional>

#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

constexpr const char* kMac = "52:54:00:77:00:09";

v1::Interface card(const std::string& mac = kMac) {
  v1::Interface interface;
  interface.mutable_direct()->set_dev("eth0");
  interface.mutable_direct()->set_mode(v1::DIRECT_MODE_BRIDGE);
  interface.set_model("virtio");
  interface.set_mac(mac);
  return interface;
}

v1::DeviceScope scope(bool live, bool config) {
  v1::DeviceScope made;
  made.set_live(live);
  made.set_config(config);
  return made;
}

// A guest that runs without a card. On i440fx, whose slots all take devices while it runs.
struct Running : World {
  Running() {
    REQUIRE(boot());
    define("web1", "<serial type='pty'/>");
    start_guest("web1");
    events();
  }

  Result<host::DomainPtr> attach(const v1::Interface& interface = card(), v1::DeviceScope to = {}) {
    return run(host().attach_interface(call(), named("web1"), interface, to));
  }
  Result<host::DomainPtr> detach(const v1::Interface& described = card(), v1::DeviceScope to = {},
                                 std::chrono::milliseconds limit = std::chrono::minutes(1)) {
    return run(host().detach_interface(call(limit), named("web1"), described, to));
  }
  Result<host::DomainPtr> update(const std::function<void(v1::Interface&)>& edit,
                                 std::chrono::milliseconds limit = std::chrono::minutes(1)) {
    const host::Host::Edit checked = [edit](v1::Interface& one) -> Result<void> {
      edit(one);
      return {};
    };
    return run(host().update_interface(call(limit), named("web1"), "update-device", card(), checked, {}));
  }
  Result<host::DomainPtr> pull_cable(std::chrono::milliseconds limit = std::chrono::minutes(1)) {
    return update([](v1::Interface& one) { one.set_link(v1::LINK_STATE_DOWN); }, limit);
  }
  Result<host::DomainPtr> plug_cable() {
    return update([](v1::Interface& one) { one.set_link(v1::LINK_STATE_UP); });
  }
  // The host's end of the first card.
  netdev::Link device() { return *kernel.link(domain("web1").running_spec().interfaces(0).target_dev()); }
  // The claims for links that the store knows.
  int link_claims() {
    int count = 0;
    const auto contents = store().contents().value();
    for (const auto& claim : contents.claims) count += claim.kind() == netdev::ClaimKind::link;
    return count;
  }
};

std::string message_of(const auto& result) { return result ? std::string("no error") : result.error().message(); }

TEST_CASE("a card plugged into a running guest is made, held and told; its definition does not change") {
  Running world;
  const auto attached = world.attach();
  INFO(message_of(attached));
  REQUIRE(attached);
  REQUIRE((*attached)->running_spec().interfaces_size() == 1);
  const v1::Interface& interface = (*attached)->running_spec().interfaces(0);
  CHECK(interface.alias() == "net0");
  CHECK(interface.target_dev_generated());
  CHECK(interface.address().has_pci());
  CHECK(world.kernel.link(interface.target_dev())->mac.str() == kMac);
  CHECK((*attached)->persistent_spec().interfaces_size() == 0);
  CHECK(world.link_claims() == 1);
  CHECK(world.store().contents().value().claims.size() >= 2);
  CHECK(world.events() == std::vector<std::string>{"DEVICE_ADDED web1"});

  REQUIRE(world.detach());
  CHECK(world.domain("web1").running_spec().interfaces_size() == 0);
  CHECK(world.link_claims() == 0);
  CHECK(world.events() == std::vector<std::string>{"DEVICE_REMOVED web1"});
  REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
  CHECK(world.is_pristine());
}

TEST_CASE("a card for guest and definition is the same in both") {
  Running world;
  v1::Interface interface = card();
  interface.clear_mac();
  REQUIRE(world.attach(interface, scope(true, true)));
  const v1::Domain domain = world.domain("web1");
  REQUIRE(domain.persistent_spec().interfaces_size() == 1);
  CHECK(domain.persistent_spec().interfaces(0).mac() == domain.running_spec().interfaces(0).mac());
  CHECK(domain.persistent_spec().interfaces(0).target_dev().empty());
  CHECK(domain.generation() == 2);

  v1::Interface described;
  described.set_alias("net0");
  REQUIRE(world.detach(described, scope(true, true)));
  CHECK(world.domain("web1").persistent_spec().interfaces_size() == 0);
  CHECK(world.domain("web1").running_spec().interfaces_size() == 0);
}

TEST_CASE("a guest that is off is changed in its definition, and not otherwise") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  REQUIRE(world.run(world.host().attach_interface(world.call(), named("web1"), card(), {})));
  CHECK(world.domain("web1").persistent_spec().interfaces_size() == 1);
  CHECK(world.kernel.is_pristine());
  const auto live = world.run(
      world.host().attach_interface(world.call(), named("web1"), card("52:54:00:77:00:0a"), scope(true, false)));
  CHECK(message_of(live) == "attach-device web1: it is not running");
}

TEST_CASE("a second card with the same address is refused") {
  Running world;
  REQUIRE(world.attach());
  const auto twice = world.attach();
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code() == Code::already_exists);
  CHECK(world.link_claims() == 1);
}

TEST_CASE("a card that is not there names those that are") {
  Running world;
  REQUIRE(world.attach());
  v1::Interface described;
  described.set_target_dev("vnet7");
  const auto detached = world.detach(described);
  REQUIRE_FALSE(detached);
  CHECK(detached.error().code() == Code::not_found);
  CHECK_THAT(detached.error().message(), Catch::Contains("no network card vnet7 (it has 52:54:00:77:00:09 (net0, "));
}

TEST_CASE("an attach that fails at any step leaves nothing of the card") {
  for (const std::string step : {"attach.planned", "attach.plan-committed", "attach.port-made", "attach.plugged-in"}) {
    INFO(step);
    World prepared;
    prepared.failpoint = [step](std::string_view place) -> Result<void> {
      if (place == step) return fail(Code::internal, "scripted failure");
      return {};
    };
    REQUIRE(prepared.boot());
    prepared.define("web1", "<serial type='pty'/>");
    prepared.start_guest("web1");
    CHECK_FALSE(prepared.run(prepared.host().attach_interface(prepared.call(), named("web1"), card(), {})));
    CHECK(prepared.domain("web1").running_spec().interfaces_size() == 0);
    CHECK(prepared.hypervisor.find("web1")->live_spec.interfaces_size() == 0);
    CHECK(prepared.kernel.is_pristine());
    REQUIRE(prepared.run(prepared.host().destroy(prepared.call(), named("web1"), false)));
    CHECK(prepared.is_pristine());
  }
}

TEST_CASE("a daemon that dies at any step of an attach leaves the card whole, or nothing of it") {
  struct Death {};
  for (const std::string step :
       {"attach.planned", "attach.plan-committed", "attach.port-made", "attach.plugged-in", "attach.committed"}) {
    INFO(step);
    World world;
    bool armed = true;
    world.failpoint = [&](std::string_view place) -> Result<void> {
      if (armed && place == step) throw Death{};
      return {};
    };
    REQUIRE(world.boot());
    world.define("web1", "<serial type='pty'/>");
    world.start_guest("web1");
    CHECK_THROWS_AS(world.run(world.host().attach_interface(world.call(), named("web1"), card(), {})), Death);
    armed = false;
    world.kill();
    REQUIRE(world.boot());
    world.settle();
    const bool in_guest = world.hypervisor.find("web1")->live_spec.interfaces_size() == 1;
    CHECK(in_guest == (step == "attach.plugged-in" || step == "attach.committed"));
    CHECK((world.domain("web1").running_spec().interfaces_size() == 1) == in_guest);
    CHECK(world.kernel.is_pristine() == !in_guest);
    REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
    CHECK(world.is_pristine());
  }
}

TEST_CASE("a guest that holds on to its card keeps it; when it lets go at last, the rest follows by itself") {
  Running world;
  REQUIRE(world.attach());
  world.hypervisor.hold_on("web1");
  const auto late = world.detach(card(), {}, std::chrono::milliseconds(20));
  REQUIRE_FALSE(late);
  CHECK(late.error().code() == Code::deadline_exceeded);
  CHECK(world.domain("web1").running_spec().interfaces_size() == 1);
  CHECK(world.link_claims() == 1);

  world.hypervisor.let_go("web1", "net0");
  world.settle();
  CHECK(world.domain("web1").running_spec().interfaces_size() == 0);
  CHECK(world.link_claims() == 0);
}

TEST_CASE("a card that the guest let go of while no daemon looked is gone when one does") {
  Running world;
  REQUIRE(world.attach());
  world.kill();
  drivers::fake::FakeHypervisor::remove_card(*world.hypervisor.find("web1"), "net0");
  REQUIRE(world.boot());
  world.settle();
  CHECK(world.domain("web1").running_spec().interfaces_size() == 0);
  CHECK(world.link_claims() == 0);
}

TEST_CASE("a pulled cable shows in the guest, on the host and in the document") {
  Running world;
  REQUIRE(world.attach());
  REQUIRE(world.pull_cable());
  const v1::Domain domain = world.domain("web1");
  CHECK(domain.running_spec().interfaces(0).link() == v1::LINK_STATE_DOWN);
  CHECK(world.hypervisor.find("web1")->live_spec.interfaces(0).link() == v1::LINK_STATE_DOWN);
  CHECK_FALSE(world.kernel.link(domain.running_spec().interfaces(0).target_dev())->up);
}

TEST_CASE("a change that the guest does not follow is taken back, and its undoing reaches the guest all the same") {
  Running world;
  REQUIRE(world.attach());
  world.hypervisor.stop_answering("web1");
  REQUIRE_FALSE(world.pull_cable(std::chrono::milliseconds(20)));
  CHECK(world.device().up);
  CHECK(world.domain("web1").running_spec().interfaces(0).link() != v1::LINK_STATE_DOWN);

  // It does what it was asked for, after all.
  world.hypervisor.answer_again("web1");
  world.hypervisor.find("web1")->live_spec.mutable_interfaces(0)->set_link(v1::LINK_STATE_DOWN);
  REQUIRE(world.plug_cable());
  CHECK(world.hypervisor.find("web1")->live_spec.interfaces(0).link() == v1::LINK_STATE_UP);
  CHECK(world.device().up);
}

TEST_CASE("a change that fails at any step on the host leaves the card as it was") {
  Running world;
  REQUIRE(world.attach());
  REQUIRE(world.update([](v1::Interface& one) { one.mutable_bandwidth()->mutable_outbound()->set_average(100); }));
  const auto tuning = world.kernel.tuning(world.device().ifindex);
  const auto change = [](v1::Interface& one) {
    one.mutable_bandwidth()->mutable_outbound()->set_average(200);
    one.set_link(v1::LINK_STATE_DOWN);
  };
  for (int n = 0;; ++n) {
    INFO(n);
    world.kernel.steps().reset();
    world.kernel.steps().fail_call(n);
    if (world.update(change)) break;
    CHECK(world.device().up);
    CHECK(world.kernel.tuning(world.device().ifindex) == tuning);
    CHECK(world.domain("web1").running_spec().interfaces(0).bandwidth().outbound().average() == 100);
    REQUIRE(n < 10);
  }
  CHECK_FALSE(world.device().up);
  CHECK(world.kernel.tuning(world.device().ifindex).limits.sent->average == 200'000);
}

TEST_CASE("an attach that fails when the guest has the card, and keeps it, leaves the card whole until it lets go") {
  Running world;
  world.settings.internal_limit = std::chrono::milliseconds(200);
  world.failpoint = [](std::string_view place) -> Result<void> {
    if (place == "attach.plugged-in") return fail(Code::internal, "scripted failure");
    return {};
  };
  world.kill();
  REQUIRE(world.boot());
  world.hypervisor.hold_on("web1");
  const auto attached = world.attach();
  REQUIRE_FALSE(attached);
  CHECK_THAT(attached.error().message(), Catch::Contains("net0 stays until the guest lets go of it"));
  REQUIRE(world.domain("web1").running_spec().interfaces_size() == 1);
  CHECK(world.device().up);
  CHECK(world.link_claims() == 1);

  world.hypervisor.let_go("web1", "net0");
  world.settle();
  CHECK(world.domain("web1").running_spec().interfaces_size() == 0);
  CHECK(world.link_claims() == 0);
  CHECK(world.kernel.is_pristine());
}

TEST_CASE("a device that nobody manages is one guest's") {
  Running world;
  world.kernel.add_link(netdev::Link{.name = "mine0", .kind = "tun", .mtu = 1500, .up = true});
  v1::Interface interface = card();
  interface.mutable_ethernet();
  interface.set_target_dev("mine0");
  interface.set_target_managed(false);
  REQUIRE(world.attach(interface));
  world.define(
      "web2",
      "<interface type='ethernet'><mac address='52:54:00:77:00:0a'/><target dev='mine0' managed='no'/></interface>");
  const auto second = world.run(world.host().start(world.call(), named("web2"), false));
  REQUIRE_FALSE(second);
  CHECK(second.error().message() == "start web2: device mine0 is in use by web1");
}

TEST_CASE("what cannot change in place is refused by name, and nothing changes") {
  Running world;
  REQUIRE(world.attach());
  const host::Host::Edit edit = [](v1::Interface& one) -> Result<void> {
    one.set_model("e1000e");
    one.set_link(v1::LINK_STATE_DOWN);
    return {};
  };
  const auto updated = world.run(
      world.host().update_interface(world.call(), named("web1"), "update-device", card(), edit, {}));
  REQUIRE_FALSE(updated);
  CHECK(updated.error().code() == Code::unsupported);
  CHECK_THAT(updated.error().message(), Catch::Contains("model of a card in use cannot be changed in place"));
  CHECK(world.domain("web1").running_spec().interfaces(0).link() != v1::LINK_STATE_DOWN);
}

TEST_CASE("limits of a card in use are set at its port") {
  Running world;
  REQUIRE(world.attach());
  const host::Host::Edit edit = [](v1::Interface& one) -> Result<void> {
    one.mutable_bandwidth()->mutable_outbound()->set_average(100);
    return {};
  };
  REQUIRE(world.run(world.host().update_interface(world.call(), named("web1"), "domiftune", card(), edit, {})));
  const std::string device = world.domain("web1").running_spec().interfaces(0).target_dev();
  CHECK(world.kernel.tuning(world.kernel.link(device)->ifindex).limits.sent->average == 100'000);
}

TEST_CASE("the macvtap of a trusted guest follows its filters, that of another does not") {
  Running world;
  v1::Interface trusted = card();
  trusted.set_trust_guest_rx_filters(true);
  REQUIRE(world.attach(trusted));
  REQUIRE(world.attach(card("52:54:00:77:00:0a")));
  const netdev::Mac other = netdev::Mac::parse("52:54:00:77:00:ff").value();
  world.hypervisor.set_filter("web1", "net0", {.mac = other, .all_multicast = true});
  world.hypervisor.set_filter("web1", "net1", {.mac = other, .promiscuous = true});
  world.settle();
  const v1::Domain domain = world.domain("web1");
  const auto first = world.kernel.link(domain.running_spec().interfaces(0).target_dev());
  const auto second = world.kernel.link(domain.running_spec().interfaces(1).target_dev());
  CHECK(first->mac == other);
  CHECK(world.kernel.tuning(first->ifindex).all_multicast);
  CHECK(second->mac.str() == "52:54:00:77:00:0a");
  CHECK_FALSE(world.kernel.tuning(second->ifindex).promiscuous);
}

TEST_CASE("a guest that is trusted no more has its macvtap take what its definition says") {
  Running world;
  v1::Interface trusted = card();
  trusted.set_trust_guest_rx_filters(true);
  REQUIRE(world.attach(trusted));
  const netdev::Mac other = netdev::Mac::parse("52:54:00:77:00:ff").value();
  world.hypervisor.set_filter("web1", "net0", {.mac = other, .promiscuous = true, .all_multicast = true});
  world.settle();
  REQUIRE(world.device().mac == other);
  REQUIRE(world.update([](v1::Interface& one) { one.set_trust_guest_rx_filters(false); }));
  CHECK(world.device().mac.str() == kMac);
  CHECK_FALSE(world.kernel.tuning(world.device().ifindex).promiscuous);
  CHECK_FALSE(world.kernel.tuning(world.device().ifindex).all_multicast);
}

}  // namespace
}  // namespace lodge::test
