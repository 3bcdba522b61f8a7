#include "daemon/host/catalog.h"

#include <catch2/catch.hpp>

namespace lodge::host {
namespace {

constexpr auto kUuid = "6f1c3b9e-0000-4000-8000-00000000000";

const access::RightsPtr kEverything = access::Rights::everything("uid:0");
const access::Rights& kRoot = *kEverything;

Catalog::Entry entry(const std::string& name, int number, std::uint32_t id = 0) {
  auto domain = std::make_shared<v1::Domain>();
  domain->set_project("default");
  domain->set_name(name);
  domain->set_uuid(kUuid + std::to_string(number));
  domain->mutable_status()->set_id(id);
  return {.domain = std::move(domain), .busy_verb = {}, .busy_since = {}};
}

v1::DomainRef any(const std::string& text) {
  v1::DomainRef ref;
  ref.set_any(text);
  return ref;
}

TEST_CASE("what a person types is the id of a running guest, else a uuid, else a name") {
  const Catalog catalog({entry("web1", 1, 8), entry("7", 2), entry("db", 3)});
  CHECK(catalog.find(any("8"), kRoot)->get()->name() == "web1");
  CHECK(catalog.find(any("7"), kRoot)->get()->name() == "7");
  CHECK(catalog.find(any("db"), kRoot)->get()->name() == "db");
  CHECK(catalog.find(any(kUuid + std::string("2")), kRoot)->get()->name() == "7");
  CHECK(catalog.find(any("6F1C3B9E000040008000000000000003"), kRoot)->get()->name() == "db");
}

TEST_CASE("what is one guest's id and another's name is refused, with both ways to say it") {
  const Catalog catalog({entry("web1", 1, 7), entry("7", 2)});
  const auto found = catalog.find(any("7"), kRoot);
  REQUIRE_FALSE(found);
  CHECK(found.error().code() == Code::invalid_argument);
  CHECK(found.error().message() == "'7' is the name of one guest and the id of 'web1': say name:7 or id:7");
}

TEST_CASE("a guest that does not exist is answered with names that are near") {
  const Catalog catalog({entry("web1", 1), entry("web2", 2), entry("database", 3)});
  const auto found = catalog.find(any("wbe1"), kRoot);
  REQUIRE_FALSE(found);
  CHECK(found.error().code() == Code::not_found);
  CHECK(found.error().message() == "no guest named 'wbe1' (near: 'web1')");
  CHECK(catalog.find(any("zzz"), kRoot).error().message() == "no guest named 'zzz'");
}

TEST_CASE("an empty reference is refused as such") {
  CHECK(Catalog().find({}, kRoot).error().code() == Code::invalid_argument);
  CHECK(Catalog().find(any(""), kRoot).error().code() == Code::invalid_argument);
}

TEST_CASE("a reference by id finds running guests only") {
  const Catalog catalog({entry("web1", 1)});
  v1::DomainRef ref;
  ref.set_id(0);
  CHECK(catalog.find(ref, kRoot).error().code() == Code::not_found);
}

TEST_CASE("running guests are listed by id, the others after them by name") {
  const Catalog catalog({entry("b", 1), entry("z", 2, 3), entry("a", 3), entry("y", 4, 12)});
  std::string names;
  for (const auto& domain : catalog.list()) names += domain->name();
  CHECK(names == "zyab");
}

TEST_CASE("a catalog does not change; its successors do") {
  const Catalog first({entry("web1", 1)});
  const Catalog second = first.with(entry("web2", 2));
  const Catalog third = second.with(entry("web1", 1, 5)).without(kUuid + std::string("2"));
  CHECK(first.size() == 1);
  CHECK(second.size() == 2);
  REQUIRE(third.size() == 1);
  CHECK(third.find(any("web1"), kRoot)->get()->status().id() == 5);
  CHECK(first.find(any("web1"), kRoot)->get()->status().id() == 0);
}

TEST_CASE("a guest that is held shows by what, and for how long") {
  Catalog::Entry busy = entry("web1", 1);
  busy.busy_verb = "start";
  busy.busy_since = Deadline::Clock::now() - std::chrono::milliseconds(3500);
  const Catalog catalog({busy});
  CHECK(catalog.find(any("web1"), kRoot)->get()->status().busy_with() == "start (3 s)");
}

// --- projects ---

Catalog::Entry in_project(const std::string& project, const std::string& name, int number) {
  Catalog::Entry one = entry(name, number);
  auto domain = std::make_shared<v1::Domain>(*one.domain);
  domain->set_project(project);
  one.domain = std::move(domain);
  return one;
}

access::Rights owner_of(const std::string& project) {
  return access::Rights(
      "uid:1000", project,
      {{.role = "owner", .project = project, .object = {}, .verbs = access::verbs_of(access::Role::owner)}});
}

v1::DomainRef named(const std::string& name, const std::string& project = "") {
  v1::DomainRef ref;
  ref.set_name(name);
  ref.set_project(project);
  return ref;
}

TEST_CASE("two projects may have guests of the same name, and each finds its own") {
  const Catalog catalog({in_project("a", "web1", 1), in_project("b", "web1", 2)});
  CHECK(catalog.find(named("web1"), owner_of("a"))->get()->uuid() == kUuid + std::string("1"));
  CHECK(catalog.find(named("web1"), owner_of("b"))->get()->uuid() == kUuid + std::string("2"));
  CHECK(catalog.find(named("web1", "b"), kRoot)->get()->uuid() == kUuid + std::string("2"));
  CHECK(catalog.size() == 2);
}

TEST_CASE("what belongs to others and what does not exist read the same, by every way to ask") {
  Catalog::Entry running = in_project("b", "secret", 2);
  auto domain = std::make_shared<v1::Domain>(*running.domain);
  domain->mutable_status()->set_id(7);
  running.domain = std::move(domain);
  const Catalog with({in_project("a", "web1", 1), running});
  const Catalog without({in_project("a", "web1", 1)});
  v1::DomainRef by_uuid, by_id;
  by_uuid.set_uuid(kUuid + std::string("2"));
  by_id.set_id(7);
  for (const v1::DomainRef& ref : {named("secret"), named("secret", "b"), named("secre"), any("secret"), any("7"),
                                   any(by_uuid.uuid()), by_uuid, by_id}) {
    const auto hidden = with.find(ref, owner_of("a"));
    const auto absent = without.find(ref, owner_of("a"));
    REQUIRE_FALSE(hidden);
    REQUIRE_FALSE(absent);
    CHECK(hidden.error().code() == Code::not_found);
    CHECK(hidden.error().code() == absent.error().code());
    CHECK(hidden.error().message() == absent.error().message());
  }
}

TEST_CASE("who may look into several projects is told which one has the guest") {
  const Catalog catalog({in_project("a", "web1", 1)});
  const auto found = catalog.find(named("web1"), kRoot);
  REQUIRE_FALSE(found);
  CHECK(found.error().message() == "no guest named 'web1' in project 'default' (there is one in project a: say which)");
}

}  // namespace
}  // namespace lodge::host
