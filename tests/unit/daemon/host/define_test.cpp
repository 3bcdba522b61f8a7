#include <catch2/catch.hpp>

#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

TEST_CASE("a defined guest is known, stored, and told of") {
  World world;
  REQUIRE(world.boot());
  const auto defined = world.run(world.host().define(world.call(), "", document(guest_xml("web1")), false));
  REQUIRE(defined);
  CHECK(defined->created);
  CHECK(defined->domain->persistent());
  CHECK(defined->domain->owner() == "uid:0");
  CHECK(defined->domain->generation() == 1);
  CHECK(world.events() == std::vector<std::string>{"DEFINED web1"});

  world.kill();
  REQUIRE(world.boot());
  CHECK(world.domain("web1").persistent_spec().name() == "web1");
  CHECK(world.state("web1") == v1::DOMAIN_STATE_SHUTOFF);
}

TEST_CASE("a second definition of the same guest replaces the first") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  const auto defined = world.run(
      world.host().define(world.call(), "", document(guest_xml("web1", "", "<title>new</title>")), false));
  REQUIRE(defined);
  CHECK_FALSE(defined->created);
  CHECK(world.domain("web1").generation() == 2);
  CHECK(world.domain("web1").persistent_spec().title() == "new");
}

TEST_CASE("a dry run shows what would be stored and changes nothing") {
  World world;
  REQUIRE(world.boot());
  const auto defined = world.run(world.host().define(world.call(), "", document(guest_xml("web1")), true));
  REQUIRE(defined);
  CHECK(defined->created);
  CHECK(defined->domain->persistent_spec().name() == "web1");
  CHECK(world.host().list(host::Caller::own(), "").empty());
  CHECK(world.store().contents()->domains.empty());
  CHECK(world.events().empty());
  world.define("web1");
}

TEST_CASE("a redefinition tells what it changed") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  const auto defined = world.run(
      world.host().define(world.call(), "", document(guest_xml("web1", "", "<title>new</title>")), true));
  REQUIRE(defined);
  REQUIRE(defined->before);
  CHECK(defined->before->persistent_spec().title().empty());
  CHECK(defined->domain->persistent_spec().title() == "new");
}

TEST_CASE("comparing takes a document without a uuid for the guest it is compared with") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  std::string anonymous = guest_xml("web1", "", "<title>new</title>");
  anonymous.erase(anonymous.find("<uuid>"), 42 + 7);
  v1::DomainRef web1;
  web1.set_name("web1");
  const auto compared = world.run(world.host().compare(world.call(), web1, document(anonymous)));
  REQUIRE(compared);
  CHECK(compared->domain->persistent_spec().uuid() == world.domain("web1").uuid());
  CHECK(compared->before->generation() == 1);
  CHECK(world.domain("web1").generation() == 1);
}

TEST_CASE("comparing with another guest's document is refused with both uuids") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  world.define("web2");
  v1::DomainRef web1;
  web1.set_name("web1");
  const auto refused = world.run(world.host().compare(world.call(), web1, document(guest_xml("web2"))));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::invalid_argument);
  CHECK_THAT(refused.error().message(), Catch::Contains(world.domain("web2").uuid()));
}

TEST_CASE("a name that another guest has is refused with that guest's uuid") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  std::string other = guest_xml("web1");
  other.replace(other.find("<uuid>"), 42 + 7, "<uuid>11111111-0000-4000-8000-000000000001</uuid>");
  const auto refused = world.run(world.host().define(world.call(), "", document(other), false));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::already_exists);
  CHECK_THAT(refused.error().message(),
             Catch::Contains("domain 'web1' already exists with uuid " + world.domain("web1").uuid()));
}

TEST_CASE("a definition cannot rename a guest") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  std::string renamed = guest_xml("web1");
  renamed.replace(renamed.find("<name>web1"), 10, "<name>web9");
  const auto refused = world.run(world.host().define(world.call(), "", document(renamed), false));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::already_exists);
  CHECK(world.host().list(host::Caller::own(), "").size() == 1);
}

TEST_CASE("a wrong document is refused with its findings and leaves nothing") {
  World world;
  REQUIRE(world.boot());
  const auto refused = world.run(
      world.host().define(world.call(), "", document("<domain type='qemu'><nme>x</nme></domain>"), false));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::invalid_argument);
  CHECK_FALSE(refused.error().findings().empty());
  CHECK(world.host().list(host::Caller::own(), "").empty());
}

TEST_CASE("a definition that cannot be stored is neither known nor told of") {
  World world;
  world.failpoint = [](std::string_view name) {
    return name == "define.gate-passed" ? fail(Code::internal, "disk full") : Result<void>{};
  };
  REQUIRE(world.boot());
  const auto refused = world.run(world.host().define(world.call(), "", document(guest_xml("web1")), false));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() == "define web1: disk full");
  CHECK(world.host().list(host::Caller::own(), "").empty());
  CHECK(world.events().empty());
}

TEST_CASE("defining a running guest changes its definition only") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  world.start_guest("web1");
  world.define("web1", "", "<title>new</title>");
  CHECK(world.domain("web1").persistent_spec().title() == "new");
  CHECK(world.domain("web1").running_spec().title().empty());
  CHECK(world.state("web1") == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE("an undefined guest is gone; a running one goes on until it stops") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  world.define("web2");
  world.start_guest("web2");
  REQUIRE(world.run(world.host().undefine(world.call(), named("web1"))));
  REQUIRE(world.run(world.host().undefine(world.call(), named("web2"))));
  CHECK(world.host().find(host::Caller::own(), named("web1")).error().code() == Code::not_found);
  CHECK_FALSE(world.domain("web2").persistent());
  CHECK(world.state("web2") == v1::DOMAIN_STATE_RUNNING);
  REQUIRE(world.run(world.host().destroy(world.call(), named("web2"), false)));
  CHECK(world.host().list(host::Caller::own(), "").empty());
  CHECK(world.is_pristine());
}

TEST_CASE("the same name can be used again after its guest is gone") {
  World world;
  REQUIRE(world.boot());
  world.define("web1");
  REQUIRE(world.run(world.host().undefine(world.call(), named("web1"))));
  std::string other = guest_xml("web1");
  other.replace(other.find("<uuid>"), 42 + 7, "<uuid>11111111-0000-4000-8000-000000000001</uuid>");
  CHECK(world.run(world.host().define(world.call(), "", document(other), false)));
}

TEST_CASE("a transient guest has no definition to forget or to start at boot") {
  World world;
  REQUIRE(world.boot());
  REQUIRE(world.run(world.host().create(world.call(), "", document(guest_xml("web1")), false)));
  CHECK(world.run(world.host().undefine(world.call(), named("web1"))).error().code() == Code::failed_precondition);
  CHECK(world.run(world.host().set_autostart(world.call(), named("web1"), true)).error().code() ==
        Code::failed_precondition);
}

TEST_CASE("guests marked so are started on a freshly booted host, once") {
  World world;
  REQUIRE(world.boot());
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) world.define(name);
  for (const char* name : {"a", "b", "c", "d", "e"})
    REQUIRE(world.run(world.host().set_autostart(world.call(), named(name), true)));
  world.kill();

  REQUIRE(world.boot());
  world.run(world.host().autostart());
  CHECK(world.hypervisor.size() == 5);
  CHECK(world.state("e") == v1::DOMAIN_STATE_RUNNING);
  CHECK(world.state("f") == v1::DOMAIN_STATE_SHUTOFF);
  REQUIRE(world.run(world.host().destroy(world.call(), named("a"), false)));
  world.kill();

  REQUIRE(world.boot());
  world.run(world.host().autostart());
  CHECK(world.state("a") == v1::DOMAIN_STATE_SHUTOFF);
  world.kill();

  world.settings.boot_id = "boot-2";
  REQUIRE(world.boot());
  world.run(world.host().autostart());
  CHECK(world.state("a") == v1::DOMAIN_STATE_RUNNING);
}

}  // namespace
}  // namespace lodge::test
