#include "daemon/access/access.h"

#include <catch2/catch.hpp>

#include "daemon/access/users.h"
#include "tests/unit/daemon/access/users.h"

using namespace lodge;
using namespace lodge::access;

namespace {

constexpr gid_t kLodge = 990;
const Verb& kLook = *verb_of("ListDomains");
const Verb& kStart = *verb_of("StartDomain");
const Verb& kDefine = *verb_of("DefineDomain");
const Verb& kReload = *verb_of("ReloadPolicy");

constexpr auto kPolicy = R"(
[[bind]]
subject = "uid:4001"
role = "operator"
project = "web"

[[bind]]
subject = "tls:ops.example"
role = "viewer"
project = "web"
object = "db1"

[projects.web]
run_as = "nobody"
)";

Policy policy(std::string_view text = kPolicy) {
  auto read = parse_policy(text, "policy.toml");
  INFO((read ? "" : read.error().message()));
  REQUIRE(read);
  return *read;
}

Access usual(Policy its = {}) {
  return Access({.daemon_uid = 0, .group = kLodge, .group_name = "lodge", .allow = {"spiffe://site/admin", "ops"}},
                std::move(its));
}

// Numbers that no host gives a name.
LocalPeer user(uid_t uid, gid_t gid, std::vector<gid_t> groups = {}) {
  return {.pid = 4711, .uid = uid, .gid = gid, .groups = std::move(groups)};
}

}  // namespace

TEST_CASE("root may do everything everywhere") {
  const auto rights = usual().authorize(user(0, 0), kReload);
  REQUIRE(rights);
  CHECK((*rights)->identity() == "uid:0");
  CHECK((*rights)->home() == "default");
  for (const Verb& verb : verbs()) CHECK((*rights)->may_everywhere(verb));
}

TEST_CASE("a member of the group may do everything, by primary or supplementary membership") {
  CHECK(usual().authorize(user(4000, kLodge), kReload));
  CHECK(usual().authorize(user(4000, 4000, {4, kLodge}), kReload));
}

TEST_CASE("another local user owns a project of its own and has nothing to do with any other") {
  const auto rights = usual().authorize(user(4000, 4000, {4}), kDefine);
  REQUIRE(rights);
  CHECK((*rights)->home() == "user-@4000");
  CHECK((*rights)->may(kDefine, {.project = "user-@4000", .name = "web1"}));
  CHECK_FALSE((*rights)->may(kLook, {.project = "default", .name = "web1"}));
  CHECK_FALSE((*rights)->sees({.project = "default", .name = "web1"}));
  const auto reload = usual().authorize(user(4000, 4000, {4}), kReload);
  REQUIRE_FALSE(reload);
  CHECK(reload.error().code() == Code::permission_denied);
  CHECK(
      reload.error().message() ==
      "uid:4000 may not 'reload-policy' (ReloadPolicy): that is for root, members of the group 'lodge' and who else is "
      "admin");
}

TEST_CASE("where users have no projects, who has no role is refused before anything is looked up") {
  const auto refused = usual(policy("[users]\nenabled = false\n")).authorize(user(4000, 4000), kLook);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::permission_denied);
  CHECK(refused.error().message() == "uid:4000 has no role with the right to 'list' (ListDomains)");
}

TEST_CASE("without the group, group 0 of an ordinary user gives nothing") {
  const Access access({.daemon_uid = 0, .group = {}, .group_name = "lodge"});
  CHECK_FALSE(access.authorize(user(4000, 0), kReload));
  CHECK(access.authorize(user(0, 0), kReload));
}

TEST_CASE("the user the daemon runs as may do everything") {
  CHECK(Access({.daemon_uid = 4000}).authorize(user(4000, 4000), kReload));
  CHECK_FALSE(Access({.daemon_uid = 4000}).authorize(user(4001, 4000), kReload));
}

TEST_CASE("a certificate on the list may do everything, under the name that is listed") {
  const auto rights = usual().authorize(TlsPeer{.names = {"host7.site", "spiffe://site/admin"}}, kReload);
  REQUIRE(rights);
  CHECK((*rights)->identity() == "tls:spiffe://site/admin");
}

TEST_CASE("a certificate that nobody names may not even look") {
  const auto rights = usual(policy()).authorize(TlsPeer{.names = {"stranger"}}, kLook);
  REQUIRE_FALSE(rights);
  CHECK(rights.error().code() == Code::unauthenticated);
  CHECK(
      rights.error().message() ==
      "the certificate is for stranger, which has not enrolled, and which neither tls.allow nor the policy of this host names");
  CHECK_FALSE(usual().authorize(TlsPeer{}, kLook));
}

TEST_CASE("the policy gives roles in projects, and on single guests") {
  const Access access = usual(policy());
  const auto local = access.identify(user(4001, 4001));
  REQUIRE(local);
  CHECK((*local)->may(kStart, {.project = "web", .name = "any"}));
  CHECK_FALSE((*local)->may(kDefine, {.project = "web", .name = "any"}));
  CHECK((*local)->home() == "user-@4001");

  const auto remote = access.identify(TlsPeer{.names = {"ops.example"}});
  REQUIRE(remote);
  CHECK((*remote)->identity() == "tls:ops.example");
  CHECK((*remote)->home() == "web");
  CHECK((*remote)->may(kLook, {.project = "web", .name = "db1"}));
  CHECK_FALSE((*remote)->sees({.project = "web", .name = "db2"}));
  CHECK_FALSE((*remote)->sees({.project = "other", .name = "db1"}));
}

TEST_CASE("a new policy holds from the next call on, also for those who were known") {
  Access access = usual(policy());
  CHECK((*access.identify(user(4001, 4001)))->sees({.project = "web"}));
  CHECK(access.replace({}).empty());
  CHECK_FALSE((*access.identify(user(4001, 4001)))->sees({.project = "web"}));
  CHECK_FALSE(access.identify(TlsPeer{.names = {"ops.example"}}));
}

TEST_CASE("a binding for somebody this host does not know is remarked upon, and is for nobody") {
  Access access = usual();
  const auto remarks = access.replace(
      policy("[[bind]]\nsubject = \"user:no-such-user-here\"\nrole = \"viewer\"\nproject = \"default\"\n"));
  REQUIRE(remarks.size() == 1);
  CHECK(remarks[0] == "policy.toml:1: this binding is for nobody: there is no user 'no-such-user-here' on this host");
}

TEST_CASE("a common name counts only without alternative names") {
  CHECK(identities_of({"spiffe://a"}, {"b"}, "ops", "ab12") == std::vector<std::string>{"spiffe://a", "b"});
  CHECK(identities_of({}, {}, "ops", "ab12") == std::vector<std::string>{"ops"});
  CHECK(identities_of({}, {}, "", "ab12") == std::vector<std::string>{"sha256:ab12"});
  CHECK(identities_of({"sha256:cd34"}, {}, "sha256:cd34", "ab12") == std::vector<std::string>{"sha256:ab12"});
}

TEST_CASE("a group that does not exist is not found") {
  const auto group = find_group("no-such-group-here");
  REQUIRE_FALSE(group);
  CHECK(group.error().code() == Code::not_found);
  CHECK(find_group("root") == gid_t{0});
}

// --- projects ---

TEST_CASE("the project of a policy that does not speak of it has no rules, and no other project is known but users'") {
  const Access access = usual();
  const auto plain = access.project("default");
  REQUIRE(plain);
  CHECK_FALSE((*plain)->restricted);
  CHECK(access.project("web").error().code() == Code::not_found);
}

// Access by a policy, with users that the test says.
struct Site {
  std::shared_ptr<test::FakeUsers> users = std::make_shared<test::FakeUsers>(test::FakeUsers::Others::absent);
  std::optional<Access> access;

  explicit Site(std::string_view text = "") {
    users->add({.name = "alice", .uid = 4000, .gid = 400, .home = "/home/alice"});
    users->add({.name = "toor", .uid = 0, .gid = 0, .home = "/root"});
    access.emplace(Rules{.daemon_uid = 0}, policy(text), nullptr, users);
  }
  std::string home(uid_t uid) const { return (*access->identify(user(uid, uid)))->home(); }
};

TEST_CASE("a user's project runs as that user with the user's group, and one of root's there is not") {
  const Site site;
  const auto project = site.access->project("user-alice");
  REQUIRE(project);
  CHECK((*project)->restricted);
  REQUIRE((*project)->run_as);
  CHECK((*project)->run_as->uid == 4000);
  CHECK((*project)->run_as->gid == 400);
  CHECK((*project)->folders == std::vector<fs::path>{"/home/alice/"});
  CHECK(site.access->project("user-toor").error().code() == Code::failed_precondition);
  CHECK(site.access->project("user-@0").error().code() == Code::failed_precondition);
  CHECK_FALSE(site.access->project("user-@4000x"));
  CHECK_FALSE(site.access->project("user-no-such-user-here"));
}

TEST_CASE("a user of whom the host has no entry has no group, and so no guests") {
  const Site site;
  CHECK(site.home(4711) == "user-@4711");
  const auto project = site.access->project("user-@4711");
  REQUIRE_FALSE(project);
  CHECK(project.error().code() == Code::failed_precondition);
  CHECK_THAT(project.error().message(), Catch::Contains("there is no user with uid 4711"));
}

TEST_CASE("who was known keeps the name while the name services fail, and nobody gets another project by it") {
  Site site;
  REQUIRE(site.home(4000) == "user-alice");
  site.users->fail_with(EIO);
  site.access->learn(4000);
  site.access->replace({});  // what was found out about peers is forgotten
  CHECK(site.home(4000) == "user-alice");
  const auto unknown = site.access->identify(user(4001, 4001));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code() == Code::unavailable);
  CHECK_THAT(unknown.error().message(), Catch::Contains("look up user with uid 4001"));
  CHECK(site.access->project("user-alice").error().code() == Code::unavailable);
  site.users->mend();
  site.users->add({.name = "bob", .uid = 4001, .gid = 400, .home = "/home/bob"});
  site.access->learn(4001);
  CHECK(site.home(4001) == "user-bob");
}

TEST_CASE("a user who runs a project's guests has no project of its own, by whatever name") {
  const Site site("[projects.web]\nrun_as = \"alice\"\n");
  CHECK(site.access->project("web"));
  const auto rights = site.access->identify(user(4000, 400));
  REQUIRE(rights);
  CHECK((*rights)->holdings().empty());
  for (const std::string own : {"user-alice", "user-@4000"}) {
    const auto refused = site.access->project(own);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::failed_precondition);
    CHECK(refused.error().message() ==
          fmt::format("project '{}' would run its guests as 'alice', who runs those of project 'web'", own));
  }
}

TEST_CASE("two projects whose users have one number cannot both have guests") {
  // Another name for the same number.
  struct Twice final : Users {
    Result<User> named(const std::string& name) const override {
      return User{.name = name, .uid = 4001, .gid = 4001, .home = {}};
    }
    Result<User> numbered(uid_t uid) const override { return User{.name = "a", .uid = uid, .gid = uid, .home = {}}; }
  };
  Access access({.daemon_uid = 0}, {}, nullptr, std::make_shared<Twice>());
  const auto remarks = access.replace(policy("[projects.a]\nrun_as = \"x\"\n[projects.b]\nrun_as = \"y\"\n"));
  REQUIRE(remarks.size() == 1);
  CHECK(remarks[0] == "policy.toml: project 'b' can have no guests: its user 'y' is that of project 'a', too");
  CHECK(access.project("a"));
  CHECK(access.project("b").error().code() == Code::failed_precondition);
}

TEST_CASE("a project whose user could not be told when the policy was read takes that user when it can be") {
  Site site;
  site.users->fail_with(EIO);
  CHECK(site.access->replace(policy("[projects.web]\nrun_as = \"alice\"\n")).size() == 1);
  site.users->mend();
  CHECK(site.access->project("web"));
  CHECK(site.access->project("user-alice").error().code() == Code::failed_precondition);
}

TEST_CASE("a user's name and another's number cannot be the same project") {
  CHECK(user_project("alice", 1000) == "user-alice");
  CHECK(user_project("", 1000) == "user-@1000");
  CHECK(user_project("@1000", 5) == "user-@5");
  CHECK(user_project("a/../b", 5) == "user-@5");
}

// --- who has enrolled ---

TEST_CASE("a client that has enrolled has the role of its token, until it is removed or the policy says otherwise") {
  Enrolled enrolled;
  Access access({.daemon_uid = 0}, {}, &enrolled);
  const TlsPeer laptop{.names = {"ops.example"}};
  CHECK_FALSE(access.identify(laptop));
  enrolled.put("ops.example", {.role = "operator", .project = "web", .object = {}, .verbs = verbs_of(Role::operator_)});
  const auto some = access.identify(laptop);
  REQUIRE(some);
  CHECK((*some)->identity() == "tls:ops.example");
  CHECK((*some)->home() == "web");
  CHECK((*some)->may(kStart, {.project = "web", .name = "any"}));
  CHECK_FALSE((*some)->may(kDefine, {.project = "web", .name = "any"}));
  CHECK_FALSE((*some)->sees({.project = "default", .name = "any"}));
  CHECK(access.authorize(laptop, kReload).error().code() == Code::permission_denied);

  enrolled.put("ops.example", {.role = "admin", .project = "*", .object = {}, .verbs = verbs_of(Role::admin)});
  CHECK(access.authorize(laptop, kReload));
  access.replace(policy());  // makes it a viewer of one guest
  CHECK_FALSE(access.authorize(laptop, kReload));
  access.replace({});
  enrolled.remove("ops.example");
  CHECK_FALSE(access.identify(laptop));
}
