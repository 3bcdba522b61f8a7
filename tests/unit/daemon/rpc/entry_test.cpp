// What is found out about a call at its entry: by whom, about what, until when.
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/fd.h"
#include "daemon/rpc/calls.h"
#include "daemon/rpc/listen.h"
#include "daemon/rpc/peer.h"
#include "lodge/v1/operation_service.pb.h"

using namespace lodge;
using namespace lodge::rpc;
using namespace std::chrono_literals;

TEST_CASE("only a connection of our own has a descriptor for a name") {
  CHECK(connection_fd("fd:9") == 9);
  CHECK_FALSE(connection_fd("unix:/tmp/fd:9"));
  CHECK_FALSE(connection_fd("fd:9 "));
  CHECK_FALSE(connection_fd("fd:"));
  CHECK_FALSE(connection_fd("fd:-1"));
  CHECK_FALSE(connection_fd("fd:99999999999"));
  CHECK_FALSE(connection_fd("ipv4:127.0.0.1:9"));
}

TEST_CASE("the kernel tells who is at the other end of a Unix socket") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd a(ends[0]), b(ends[1]);
  const auto peer = local_peer(a.get());
  REQUIRE(peer);
  CHECK(peer->pid == ::getpid());
  CHECK(peer->uid == ::geteuid());
  CHECK(peer->gid == ::getegid());
}

TEST_CASE("a socket that is not a Unix socket has no local peer") {
  const Fd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK_FALSE(local_peer(tcp.get()));
}

TEST_CASE("a call's method is told by its request") {
  CHECK(method_of<v1::StartDomainRequest>() == "StartDomain");
  CHECK(method_of<v1::ListOperationsRequest>() == "ListOperations");
}

TEST_CASE("a request's subject is the guest or the operation it names") {
  v1::StartDomainRequest start;
  CHECK(subject_of(start).empty());
  start.mutable_domain()->set_any("web1");
  CHECK(subject_of(start) == "web1");
  start.mutable_domain()->set_id(7);
  CHECK(subject_of(start) == "7");
  v1::StartDomainResponse response;
  response.mutable_domain()->set_name("web2");
  CHECK(subject_of(response) == "web2");
  v1::GetOperationRequest operation;
  operation.set_id("op-1");
  CHECK(subject_of(operation) == "op-1");
  CHECK(subject_of(v1::ListDomainsResponse()).empty());
}

TEST_CASE("the answer is due a little before the caller's deadline") {
  const auto now = std::chrono::system_clock::now();
  const auto left = answer_by(now + 10s, now, 60s).left();
  CHECK(left > 9s);
  CHECK(left <= 9750ms);
  CHECK(answer_by(now + 100ms, now, 60s).left() <= 95ms);
  CHECK(answer_by(now - 1s, now, 60s).passed());
}

TEST_CASE("a caller without a deadline gets the default") {
  const auto now = std::chrono::system_clock::now();
  const auto left = answer_by(std::chrono::system_clock::time_point::max(), now, 60s).left();
  CHECK(left > 59s);
  CHECK(left <= 60s);
}

TEST_CASE("a listening address is numbers, with a port") {
  CHECK(check_address("0.0.0.0:16515"));
  CHECK(check_address("[::]:16515"));
  CHECK_FALSE(check_address("0.0.0.0"));
  CHECK_FALSE(check_address("localhost:16515"));
  CHECK_FALSE(check_address(":16515"));
  CHECK_FALSE(check_address("0.0.0.0:http"));
}

TEST_CASE("a socket path that is too long is refused with its limit") {
  const auto socket = listen_unix(fs::path("/tmp") / std::string(120, 'x') / "lodge.sock");
  REQUIRE_FALSE(socket);
  CHECK(socket.error().code() == Code::invalid_argument);
}
