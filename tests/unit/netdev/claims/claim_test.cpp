#include "netdev/claims/claim.h"

#include <catch2/catch.hpp>
#include <set>

using namespace lodge;
using namespace lodge::netdev;

TEST_CASE("every kind of identity survives the store") {
  const std::vector<Identity> identities = {
      LinkIdentity{.ifindex = 1'234'567'890, .link_kind = "macvtap", .parent_ifindex = 2, .alias = "lodge:a:b"},
      ProcessIdentity{.pid = 4711, .start_time = 1ull << 40},
      ProcessIdentity{},
      FolderIdentity{.path = "/run/lodge/web \"1\".0123456789abcdef"},
      CgroupIdentity{.path = "/sys/fs/cgroup/lodged/web1.0123456789abcdef", .device = 26, .inode = 1ull << 40},
      PortIdentity{.protocol = "tcp", .address = "::1", .number = 65535},
      FileIdentity{.path = "/srv/web1.sock", .device = 1, .inode = 2},
      PciIdentity{.address = "0000:01:00.0", .driver = "e1000e"},
      TableIdentity{.table = "lodge-0123456789abcdef", .comment = "lodge:a:b"},
  };
  for (const Identity& identity : identities) {
    INFO(encode(identity));
    const auto read = decode(encode(identity));
    REQUIRE(read);
    CHECK(*read == identity);
  }
}

TEST_CASE("the stored form of an identity does not change") {
  CHECK(encode(LinkIdentity{.ifindex = 7, .link_kind = "tun", .alias = "lodge:a:b"}) ==
        R"({"alias":"lodge:a:b","ifindex":7,"kind":"link","link_kind":"tun","parent_ifindex":0})");
  CHECK(encode(ProcessIdentity{.pid = 1, .start_time = 2}) == R"({"kind":"process","pid":1,"start_time":2})");
  CHECK(encode(FolderIdentity{.path = "/a"}) == R"({"kind":"folder","path":"/a"})");
  CHECK(encode(CgroupIdentity{.path = "/a", .device = 1, .inode = 2}) ==
        R"({"device":1,"inode":2,"kind":"cgroup","path":"/a"})");
  CHECK(encode(PortIdentity{.protocol = "tcp", .address = "::", .number = 1}) ==
        R"({"address":"::","kind":"port","number":1,"protocol":"tcp"})");
  CHECK(encode(FileIdentity{.path = "/a", .device = 1, .inode = 2}) ==
        R"({"device":1,"inode":2,"kind":"file","path":"/a"})");
  CHECK(encode(PciIdentity{.address = "0000:01:00.0", .driver = "a", .wanted = "b"}) ==
        R"({"address":"0000:01:00.0","driver":"a","kind":"pci","wanted":"b"})");
  CHECK(encode(TableIdentity{.table = "a", .comment = "b"}) == R"({"comment":"b","kind":"table","table":"a"})");
}

TEST_CASE("an identity that cannot be read is lost data, not a crash") {
  for (const char* text : {"", "{", "[]", "{}", R"({"kind":"moon"})", R"({"kind":"link","ifindex":"x"})"}) {
    INFO(text);
    const auto identity = decode(text);
    REQUIRE_FALSE(identity);
    CHECK(identity.error().code() == Code::data_loss);
  }
}

TEST_CASE("states are stored as words") {
  for (const ClaimState state : {ClaimState::planned, ClaimState::held, ClaimState::releasing})
    CHECK(claim_state(to_string(state)).value() == state);
  CHECK(claim_state("sold").error().code() == Code::data_loss);
}

TEST_CASE("claim ids are short and never the same") {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(new_claim_id());
  CHECK(ids.size() == 1000);
  CHECK(ids.begin()->size() == 16);
}
