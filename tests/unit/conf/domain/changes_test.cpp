#include "conf/domain/changes.h"

#include <catch2/catch.hpp>

namespace lodge::conf {
namespace {

v1::DomainSpec guest() {
  v1::DomainSpec spec;
  spec.set_type(v1::DOMAIN_TYPE_QEMU);
  spec.set_name("web1");
  return spec;
}

TEST_CASE("a first definition changes nothing") {
  const auto found = changes(nullptr, nullptr, guest());
  REQUIRE(found);
  CHECK(found->differences.empty());
  CHECK_FALSE(found->needs_restart);
}

TEST_CASE("what is only said about a running guest needs no restart") {
  v1::DomainSpec next = guest();
  next.set_title("the shop");
  const v1::DomainSpec before = guest();
  const auto found = changes(&before, &before, next);
  REQUIRE(found);
  REQUIRE(found->differences.size() == 1);
  CHECK(found->differences[0].path == "/domain/title");
  CHECK_FALSE(found->needs_restart);
}

TEST_CASE("what a running guest is made of takes effect at its next start") {
  v1::DomainSpec next = guest();
  next.mutable_os()->set_machine("q35");
  const v1::DomainSpec before = guest();
  const auto running = changes(&before, &before, next);
  REQUIRE(running);
  CHECK(running->needs_restart);
  const auto stopped = changes(&before, nullptr, next);
  REQUIRE(stopped);
  CHECK_FALSE(stopped->needs_restart);
  CHECK(stopped->differences == running->differences);
}

v1::DomainSpec with_password(std::string password) {
  v1::DomainSpec spec = guest();
  spec.add_graphics()->mutable_vnc()->set_passwd(std::move(password));
  return spec;
}

TEST_CASE("a new password is told by its place alone, and needs a restart") {
  const v1::DomainSpec before = with_password("old-4711");
  const auto found = changes(&before, &before, with_password("new-4712"));
  REQUIRE(found);
  CHECK(found->differences ==
        std::vector<xml::Difference>{{"/domain/devices/graphics/@passwd", "(secret)", "(secret)"}});
  CHECK(found->needs_restart);
  const auto dropped = changes(&before, nullptr, with_password(""));
  REQUIRE(dropped);
  CHECK(dropped->differences == std::vector<xml::Difference>{{"/domain/devices/graphics/@passwd", "(secret)", ""}});
}

TEST_CASE("a display that comes with a password is told once, without it") {
  const v1::DomainSpec before = guest();
  const auto found = changes(&before, nullptr, with_password("new-4712"));
  REQUIRE(found);
  REQUIRE(found->differences.size() == 1);
  CHECK(found->differences[0].after.find("4712") == std::string::npos);
}

}  // namespace
}  // namespace lodge::conf
