// A name that looks generated is nobody's choice, whichever door it comes in by.
#include <catch2/catch.hpp>

#include "conf/xml/codec.h"
#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

// Every type that ends in a macvtap or a tap.
const std::vector<std::string> kSources = {"<interface type='direct'><source dev='eth0' mode='bridge'/>",
                                           "<interface type='bridge'><source bridge='br0'/>",
                                           "<interface type='ethernet'>"};

// Generated names that neither counter comes to here, so that none of them comes back by chance.
const std::vector<std::string> kNames = {"vnet77", "macvtap77", "macvlan77", "vif7.0"};

struct WithBridge : World {
  WithBridge() {
    kernel.add_link("br0", "bridge");
    REQUIRE(boot());
  }
};

std::string card(const std::string& source, const std::string& name) {
  return source + "<mac address='52:54:00:77:00:01'/><target dev='" + name + "'/><model type='virtio'/></interface>";
}

v1::Interface read_card(const std::string& xml) {
  auto read = conf::xml::parse<v1::Interface>(xml, {.view = conf::View::live});
  if (!read) FAIL(read.error().message());
  return read->message;
}

// What the running card is called.
std::string name_of_card(World& world) {
  const v1::Domain domain = world.domain("web1");
  REQUIRE(domain.running_spec().interfaces_size() == 1);
  CHECK(domain.running_spec().interfaces(0).target_dev_generated());
  return domain.running_spec().interfaces(0).target_dev();
}

void check_generated_anew(World& world, const std::string& name) {
  CHECK(name_of_card(world) != name);
  CHECK_FALSE(world.kernel.link(name));
  CHECK(world.kernel.link(name_of_card(world)));
}

TEST_CASE("a definition's generated name is dropped, as XML and as a message, and stored by nobody") {
  for (const std::string& source : kSources) {
    for (const std::string& name : kNames) {
      INFO(source << " " << name);
      WithBridge world;
      world.define("web1", card(source, name));
      CHECK(world.domain("web1").persistent_spec().interfaces(0).target_dev().empty());
      world.start_guest("web1");
      check_generated_anew(world, name);

      // As a client would that keeps messages: the running one is defined anew.
      v1::DomainDocument message;
      *message.mutable_spec() = world.domain("web1").running_spec();
      message.mutable_spec()->mutable_interfaces(0)->set_target_dev(name);
      message.mutable_spec()->mutable_interfaces(0)->set_target_dev_generated(false);
      REQUIRE(world.run(world.host().define(world.call(), "", message, false)));
      CHECK(world.domain("web1").persistent_spec().interfaces(0).target_dev().empty());
    }
  }
}

TEST_CASE("a transient guest's generated name is dropped") {
  for (const std::string& source : kSources) {
    for (const std::string& name : kNames) {
      INFO(source << " " << name);
      WithBridge world;
      REQUIRE(world.run(world.host().create(world.call(), "", document(guest_xml("web1", card(source, name))), false)));
      check_generated_anew(world, name);
    }
  }
}

TEST_CASE("a generated name of a card that is plugged in is dropped, for the guest and for its definition") {
  for (const std::string& source : kSources) {
    for (const std::string& name : kNames) {
      INFO(source << " " << name);
      WithBridge world;
      world.define("web1", "<serial type='pty'/>");
      world.start_guest("web1");
      v1::DeviceScope both;
      both.set_live(true);
      both.set_config(true);
      const auto attached = world.run(
          world.host().attach_interface(world.call(), named("web1"), read_card(card(source, name)), both));
      INFO((attached ? "" : attached.error().message()));
      REQUIRE(attached);
      check_generated_anew(world, name);
      CHECK(world.domain("web1").persistent_spec().interfaces(0).target_dev().empty());
    }
  }
}

TEST_CASE("a name of the user's own is kept where it is free, and refused where it is not") {
  for (const std::string& source : kSources) {
    INFO(source);
    WithBridge world;
    world.define("web1", card(source, "uplink-web1"));
    world.start_guest("web1");
    CHECK(world.kernel.link("uplink-web1"));
    CHECK(world.domain("web1").running_spec().interfaces(0).target_dev() == "uplink-web1");
    CHECK_FALSE(world.domain("web1").running_spec().interfaces(0).target_dev_generated());

    world.define("web2", card(source, "uplink-web1"));
    const auto second = world.run(world.host().start(world.call(), named("web2"), false));
    REQUIRE_FALSE(second);
    CHECK_THAT(second.error().message(), Catch::Contains("the name uplink-web1 is taken"));
  }
}

}  // namespace
}  // namespace lodge::test
