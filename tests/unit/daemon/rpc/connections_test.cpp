#include "daemon/rpc/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/fd.h"
#include "daemon/rpc/tls.h"

using namespace lodge;
using namespace lodge::rpc;

namespace {

sockaddr_storage v6(const char* address, std::uint16_t port, std::uint32_t scope = 0) {
  sockaddr_storage storage{};
  auto& in = reinterpret_cast<sockaddr_in6&>(storage);
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  in.sin6_scope_id = scope;
  REQUIRE(::inet_pton(AF_INET6, address, &in.sin6_addr) == 1);
  return storage;
}

struct Pair {
  Fd ours, theirs;
  Pair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    ours.reset(fds[0]);
    theirs.reset(fds[1]);
  }
  bool ended() const {
    char byte;
    return ::recv(theirs.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }
};

// What is told of connections.
struct Books {
  std::vector<access::AuditEntry> entries;
  Connections::Record record() {
    return [this](access::AuditEntry entry) { entries.push_back(std::move(entry)); };
  }
};

Caller user(uid_t uid) { return {.peer = access::LocalPeer{.pid = 1, .uid = uid, .gid = uid, .groups = {}}}; }

bool is_user_7(const Caller& caller) { return std::get<access::LocalPeer>(caller.peer).uid == 7; }

}  // namespace

TEST_CASE("a connection is called what gRPC calls it") {
  CHECK(connection_name(v6("2001:db8::1", 4711)) == "ipv6:[2001:db8::1]:4711");
  CHECK(plain_name("ipv6:%5B2001:db8::1%5D:4711") == "ipv6:[2001:db8::1]:4711");
  CHECK(connection_name(v6("::ffff:192.0.2.1", 1)) == "ipv4:192.0.2.1:1");
  CHECK(connection_name(v6("fe80::1", 1, 2)) == plain_name("ipv6:%5Bfe80::1%252%5D:1"));
  CHECK(plain_name("ipv4:192.0.2.1:4711") == "ipv4:192.0.2.1:4711");
  CHECK(connection_name(sockaddr_storage{}).empty());
}

TEST_CASE("the connections of whoever is not wanted end, and no others") {
  const Pair of_seven, of_eight, of_nobody;
  Books books;
  Connections connections(books.record());
  connections.opened("fd:7", of_seven.ours.get(), false, "uid:7");
  connections.opened("fd:8", of_eight.ours.get(), false, "uid:8");
  connections.opened("fd:9", of_nobody.ours.get(), false, "uid:9");
  connections.met("fd:7", user(7));
  connections.met("fd:8", user(8));
  CHECK(connections.end(is_user_7) == 1);
  CHECK(of_seven.ended());
  CHECK_FALSE(of_eight.ended());
  CHECK_FALSE(of_nobody.ended());
}

TEST_CASE("a connection that took over the number of one before it is not ended for that one's sake") {
  const Pair old, fresh;
  Books books;
  Connections connections(books.record());
  connections.opened("fd:7", old.ours.get(), false, "uid:7");
  connections.met("fd:7", user(7));
  connections.opened("fd:7", fresh.ours.get(), false, "uid:7");
  connections.closed("fd:7", old.ours.get());
  CHECK(connections.end(is_user_7) == 0);
  connections.met("fd:7", user(7));
  CHECK(connections.end(is_user_7) == 1);
  CHECK(fresh.ended());
}

TEST_CASE("what gRPC says of failed handshakes is told in our words, and nothing else is taken for one") {
  const std::string failed = "Handshake failed with fatal error SSL_ERROR_SSL: error:0A0000C7:SSL routines::";
  CHECK(handshake_failure(failed + "peer did not return a certificate.") == "it showed no certificate");
  CHECK(handshake_failure(failed + "unsupported protocol.") == "it speaks only TLS below 1.3");
  CHECK(handshake_failure(failed + "wrong version number.") == "it does not speak TLS");
  CHECK(handshake_failure(failed + "tlsv1 alert unknown ca.") ==
        "it does not know the authority that signed our certificate");
  CHECK(handshake_failure(failed + "something new.") ==
        "TLS with it failed: error:0A0000C7:SSL routines::something new.");
  CHECK(handshake_failure("Corruption detected.").empty());
}

TEST_CASE("who makes a connection for each call is borne as long as the calls are heard") {
  const Pair pair;
  Books books;
  Connections connections(books.record());
  for (int call = 0; call < 1000; ++call) {
    connections.opened("fd:7", pair.ours.get(), false, "192.0.2.7");
    connections.begun("fd:7");
    connections.met("fd:7", user(7));
    connections.heard("fd:7");
    connections.closed("fd:7", pair.ours.get());
  }
  CHECK_FALSE(pair.ended());
}

TEST_CASE("who shares an address with one who loses the connection keeps theirs") {
  const Pair of_seven, of_eight;
  Books books;
  Connections connections(books.record());
  connections.opened("fd:7", of_seven.ours.get(), false, "192.0.2.1");
  connections.opened("fd:8", of_eight.ours.get(), false, "192.0.2.1");
  connections.met("fd:7", user(7));
  connections.met("fd:8", user(8));
  for (int call = 0; call < 1000; ++call) connections.begun("fd:7");
  CHECK(of_seven.ended());
  connections.begun("fd:8");
  CHECK_FALSE(of_eight.ended());
}

TEST_CASE("a peer too many of whose calls come to nothing loses its connection, and others keep theirs") {
  const Pair of_seven, of_eight;
  Books books;
  Connections connections(books.record());
  connections.opened("fd:7", of_seven.ours.get(), false, "uid:7");
  connections.opened("fd:8", of_eight.ours.get(), false, "uid:8");
  for (int call = 0; call < 10'000; ++call) {
    connections.begun("fd:8");
    connections.heard("fd:8");
  }
  CHECK_FALSE(of_eight.ended());
  for (int call = 0; call < 10'000; ++call) connections.begun("fd:7");
  CHECK(of_seven.ended());
  CHECK_FALSE(of_eight.ended());
  CHECK(connections.shut_out_until("uid:7") > Patience::Clock::now());
  CHECK(connections.shut_out_until("uid:8") < Patience::Clock::now());
}

TEST_CASE("who is not let in, and who has to go, is told with where from and why") {
  const Pair of_seven, of_eight;
  Books books;
  Connections connections(books.record());
  connections.refused("ipv6:[2001:db8::1]:4711", "it does not speak TLS");
  connections.beyond_limit("uid:9", "uid:9 has 1000 connections, which is the limit for one peer");
  connections.opened("fd:7", of_seven.ours.get(), false, "uid:7");
  connections.opened("fd:8", of_eight.ours.get(), false, "uid:8");
  connections.met("fd:7", user(7));
  connections.met("fd:8", user(8));
  CHECK(connections.end(is_user_7) == 1);
  for (int call = 0; call < 10'000; ++call) connections.begun("fd:8");
  connections.opened("ipv4:192.0.2.1:4711", of_seven.ours.get(), true, "192.0.2.1");
  connections.handshake_failed("it showed no certificate");
  connections.closed("ipv4:192.0.2.1:4711", of_seven.ours.get());

  std::vector<std::string> told;
  for (const auto& entry : books.entries) {
    CHECK(entry.what == "Connect");
    told.push_back(fmt::format("{} from {}: {}: {}", entry.who, entry.from, entry.outcome, entry.error));
  }
  CHECK(told ==
        std::vector<std::string>{
            " from ipv6:[2001:db8::1]: unauthenticated: it does not speak TLS",
            " from uid:9: resource_exhausted: uid:9 has 1000 connections, which is the limit for one peer",
            "uid:7 from pid 1: permission_denied: may be here no more",
            "uid:8 from fd:8: resource_exhausted: too many of its calls were taken back at once, or beyond its ration",
            " from ipv4:192.0.2.1: unauthenticated: it showed no certificate"});
}
