#include "client/lib/connection.h"

#include <catch2/catch.hpp>
#include <filesystem>

using namespace lodge;
using namespace lodge::client;

TEST_CASE("a daemon that does not run is told with its socket and what to do") {
  const auto daemon = Connection::open("lodge+unix:///nowhere/lodge.sock");
  REQUIRE(daemon);
  const auto answer = daemon->list_domains({});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code() == Code::unavailable);
  CHECK(answer.error().message() ==
        "cannot reach lodged at /nowhere/lodge.sock: No such file or directory; is lodged running? (systemctl status "
        "lodged)");
}

TEST_CASE("a path that is no socket is told so") {
  const auto daemon = Connection::open("lodge+unix:///dev/null");
  REQUIRE(daemon);
  const auto answer = daemon->get_version({});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message().starts_with("cannot reach lodged at /dev/null: "));
}

TEST_CASE("an address in another program's spelling does not open") {
  const auto daemon = Connection::open("qemu:///system");
  REQUIRE_FALSE(daemon);
  CHECK(daemon.error().code() == Code::invalid_argument);
}

TEST_CASE("without a client certificate nobody is called") {
  const auto daemon = Connection::open(
      "lodge+tls://host1", {.tls = {.ca = "/nowhere/ca", .certificate = "/nowhere/c", .key = "/nowhere/k"}});
  REQUIRE_FALSE(daemon);
  CHECK(daemon.error().message() == "open /nowhere/ca: No such file or directory");
}
