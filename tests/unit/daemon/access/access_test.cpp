#include "daemon/access/access.h"

#include <catch2/catch.hpp>

#include "daemon/access/audit.h"

using namespace lodge;
using namespace lodge::access;

namespace {

constexpr gid_t kLodge = 990;
const Verb kLook{"ListDomains", Effect::look};
const Verb kChange{"StartDomain", Effect::change};

Access usual() {
  return Access({.daemon_uid = 0, .group = kLodge, .group_name = "lodge", .allow = {"spiffe://site/admin", "ops"}});
}

LocalPeer user(uid_t uid, gid_t gid, std::vector<gid_t> groups = {}) {
  return {.pid = 4711, .uid = uid, .gid = gid, .groups = std::move(groups)};
}

}  // namespace

TEST_CASE("root may do everything") {
  const auto grant = usual().authorize(user(0, 0), kChange);
  REQUIRE(grant);
  CHECK(grant->identity == "uid:0");
  CHECK(grant->may_change);
}

TEST_CASE("a member of the group may do everything, by primary or supplementary membership") {
  CHECK(usual().authorize(user(1000, kLodge), kChange));
  CHECK(usual().authorize(user(1000, 1000, {4, kLodge}), kChange));
}

TEST_CASE("another local user may look but not change, and is told who may") {
  const auto look = usual().authorize(user(1000, 1000, {4}), kLook);
  REQUIRE(look);
  CHECK_FALSE(look->may_change);
  const auto change = usual().authorize(user(1000, 1000, {4}), kChange);
  REQUIRE_FALSE(change);
  CHECK(change.error().code() == Code::permission_denied);
  CHECK(change.error().message() ==
        "uid:1000 may look but not change anything: StartDomain is for root and members of the group 'lodge'");
}

TEST_CASE("without the group, group 0 of an ordinary user gives nothing") {
  const Access access({.daemon_uid = 0, .group = {}, .group_name = "lodge"});
  CHECK_FALSE(access.authorize(user(1000, 0), kChange));
  CHECK(access.authorize(user(0, 0), kChange));
}

TEST_CASE("the user the daemon runs as may do everything") {
  CHECK(Access({.daemon_uid = 1000}).authorize(user(1000, 1000), kChange));
  CHECK_FALSE(Access({.daemon_uid = 1000}).authorize(user(1001, 1000), kChange));
}

TEST_CASE("a certificate on the list may do everything, under the name that is listed") {
  const auto grant = usual().authorize(TlsPeer{.names = {"host7.site", "spiffe://site/admin"}}, kChange);
  REQUIRE(grant);
  CHECK(grant->identity == "tls:spiffe://site/admin");
}

TEST_CASE("a certificate that is not on the list may not even look") {
  const auto grant = usual().authorize(TlsPeer{.names = {"stranger"}}, kLook);
  REQUIRE_FALSE(grant);
  CHECK(grant.error().code() == Code::unauthenticated);
  CHECK(grant.error().message() == "the certificate is for stranger, which tls.allow of this host does not list");
  CHECK_FALSE(usual().authorize(TlsPeer{}, kLook));
}

TEST_CASE("a common name counts only without alternative names") {
  CHECK(identities_of({"spiffe://a"}, {"b"}, "ops") == std::vector<std::string>{"spiffe://a", "b"});
  CHECK(identities_of({}, {}, "ops") == std::vector<std::string>{"ops"});
  CHECK(identities_of({}, {}, "").empty());
}

TEST_CASE("a group that does not exist is not found") {
  const auto group = find_group("no-such-group-here");
  REQUIRE_FALSE(group);
  CHECK(group.error().code() == Code::not_found);
  CHECK(find_group("root") == gid_t{0});
}

TEST_CASE("an audit entry is one line whatever a caller puts into a name") {
  const Error error(Code::not_found, "no guest \"x\"\nresult=ok");
  const std::string line = audit_line({.who = "uid:1000 (pid 7)",
                                       .method = "StartDomain",
                                       .subject = "x\" result=ok\n",
                                       .request_id = "r1",
                                       .error = &error,
                                       .took = std::chrono::microseconds(12345)});
  CHECK(
      line ==
      "audit who=\"uid:1000 (pid 7)\" did=StartDomain to=\"x\\\" result=ok\\x0a\" request=r1 result=not_found ms=12.3 "
      "error=\"no guest \\\"x\\\"\\x0aresult=ok\"");
}
