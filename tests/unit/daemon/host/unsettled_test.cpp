// A daemon that dies in the middle of changing a card in use: its next life knows which cards these are, and says all of them anew.
#include <catch2/catch.hpp>

#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

constexpr const char* kMac = "52:54:00:77:00:09";
constexpr const char* kOtherMac = "52:54:00:77:00:0a";

struct Death {};

// A guest with two cards that runs, and a daemon that dies at a place of the test's choice.
struct TwoCards : World {
  TwoCards() {
    failpoint = [this](std::string_view place) -> Result<void> {
      if (place == deadly) throw Death{};
      if (place == failing) return fail(Code::internal, "scripted failure");
      return {};
    };
    REQUIRE(boot());
    define("web1", macvtap_xml(fmt::format("<mac address='{}'/>", kMac)) +
                       macvtap_xml(fmt::format("<mac address='{}'/>", kOtherMac)));
    start_guest("web1");
  }

  // All that a macvtap can change: its cable, and what it may send.
  Result<host::DomainPtr> change(std::chrono::milliseconds limit = std::chrono::minutes(1)) {
    const host::Host::Edit edit = [](v1::Interface& one) -> Result<void> {
      one.set_link(v1::LINK_STATE_DOWN);
      one.mutable_bandwidth()->mutable_outbound()->set_average(100);
      return {};
    };
    v1::Interface card;
    card.set_mac(kMac);
    return run(host().update_interface(call(limit), named("web1"), "update-device", card, edit, {}));
  }
  void die_changing(std::string_view place) {
    deadly = place;
    CHECK_THROWS_AS(change(), Death);
    deadly = {};
    kill();
  }
  void live_again() {
    REQUIRE(boot());
    settle();
  }

  v1::Interface card(int index = 0) { return domain("web1").running_spec().interfaces(index); }
  netdev::Link device(int index = 0) { return *kernel.link(card(index).target_dev()); }
  bool is_limited(int index = 0) { return kernel.tuning(device(index).ifindex).limits.sent.has_value(); }
  bool is_plugged_in_guest() { return hypervisor.find("web1")->live_spec.interfaces(0).link() != v1::LINK_STATE_DOWN; }
  std::string written_down() { return store().contents().value().meta["unsettled-cards"]; }
  // Host, guest and specification say the same of the card: `changed` or not.
  void check_card_is(bool changed) {
    CHECK((card().link() == v1::LINK_STATE_DOWN) == changed);
    CHECK(card().has_bandwidth() == changed);
    CHECK(device().up == !changed);
    CHECK(is_limited() == changed);
    CHECK(is_plugged_in_guest() == !changed);
  }

  std::string_view deadly;
  std::string_view failing;
};

TEST_CASE("a daemon that dies at any step of a change leaves the card wholly changed, or wholly as it was") {
  for (const std::string step :
       {"update.gate-passed", "update.written", "update.host-changed", "update.guest-changed", "update.committed"}) {
    INFO(step);
    TwoCards world;
    world.die_changing(step);
    world.live_again();
    world.check_card_is(step == "update.committed");
    CHECK(world.written_down().empty());
    REQUIRE(world.run(world.host().destroy(world.call(), named("web1"), false)));
    CHECK(world.is_pristine());
  }
}

TEST_CASE("a card is written down as unsettled before anybody is told of its change, and settled with it") {
  TwoCards world;
  std::string run = world.store().contents().value().runs.at(0).run_id;
  world.die_changing("update.written");
  CHECK(world.kernel.link("macvtap1")->up);
  CHECK(world.is_plugged_in_guest());
  world.deadly = "recover.loaded";
  CHECK_THROWS_AS(world.boot(), Death);
  CHECK(world.written_down() == run + " net0\n");

  world.kill();
  world.deadly = {};
  world.live_again();
  CHECK(world.written_down().empty());
  REQUIRE(world.change());
  CHECK(world.written_down().empty());
  world.check_card_is(true);
}

TEST_CASE("a daemon that dies while it settles cards leaves that to the next one") {
  TwoCards world;
  world.die_changing("update.guest-changed");
  world.deadly = "recover.cards-settled";
  CHECK_THROWS_AS(world.live_again(), Death);
  world.kill();
  world.deadly = {};
  // What the life before has said of it is lost again.
  world.hypervisor.find("web1")->live_spec.mutable_interfaces(0)->set_link(v1::LINK_STATE_DOWN);
  world.live_again();
  world.check_card_is(false);
  CHECK(world.written_down().empty());
}

TEST_CASE("only the card that was being changed is told anew what it is to be") {
  TwoCards world;
  world.die_changing("update.host-changed");
  // Somebody has done this on purpose.
  const std::string other = world.hypervisor.find("web1")->live_spec.interfaces(1).target_dev();
  REQUIRE(world.kernel.change_link(world.kernel.link(other)->ifindex, {.up = false}));
  world.live_again();
  world.check_card_is(false);
  CHECK_FALSE(world.device(1).up);
}

TEST_CASE("a change that could not be taken back is known to the next life of the daemon") {
  TwoCards world;
  world.hypervisor.stop_answering("web1");
  REQUIRE_FALSE(world.change(std::chrono::milliseconds(20)));
  CHECK_FALSE(world.written_down().empty());
  world.kill();
  // It has done what it was asked for, after all.
  world.hypervisor.answer_again("web1");
  world.hypervisor.find("web1")->live_spec.mutable_interfaces(0)->set_link(v1::LINK_STATE_DOWN);
  world.live_again();
  world.check_card_is(false);
  CHECK(world.written_down().empty());
}

TEST_CASE("a change that was taken back whole leaves nothing to settle") {
  TwoCards world;
  world.kill();
  world.failing = "update.guest-changed";
  world.live_again();
  REQUIRE_FALSE(world.change());
  world.check_card_is(false);
  CHECK(world.written_down().empty());
}

TEST_CASE("a card of which nobody knows how it is stays unsettled if its next change fails before the guest is told") {
  TwoCards world;
  world.hypervisor.stop_answering("web1");
  REQUIRE_FALSE(world.change(std::chrono::milliseconds(20)));
  world.hypervisor.answer_again("web1");
  world.kernel.steps().reset();
  world.kernel.steps().fail_call(0);
  REQUIRE_FALSE(world.change());
  CHECK_FALSE(world.written_down().empty());
}

TEST_CASE("a card of a guest that has gone, and one that it has let go of, are settled by that") {
  TwoCards world;
  world.die_changing("update.host-changed");
  SECTION("the guest") {
    world.hypervisor.power_off("web1");
    world.live_again();
    CHECK(world.state("web1") == v1::DOMAIN_STATE_SHUTOFF);
    CHECK(world.is_pristine());
    world.start_guest("web1");
    REQUIRE(world.change());
    CHECK(world.written_down().empty());
  }
  SECTION("the card") {
    drivers::fake::FakeHypervisor::remove_card(*world.hypervisor.find("web1"), "net0");
    world.live_again();
    CHECK(world.domain("web1").running_spec().interfaces_size() == 1);
    CHECK(world.written_down().empty());
  }
}

}  // namespace
}  // namespace lodge::test
