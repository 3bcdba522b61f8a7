// How a daemon starts, stops and dies.
#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>

#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/world.h"

using namespace lodge;
using namespace lodge::test;

TEST_CASE("a definition outlives a graceful stop and a kill") {
  World world;
  world.start();
  REQUIRE(Client::as(0, world.socket()).define(small_domain("web1")).ok());
  CHECK(world.stop() == 0);
  world.start();
  CHECK(Client::as(0, world.socket()).names() == "web1");
  world.kill();
  world.start();
  CHECK(Client::as(0, world.socket()).names() == "web1");
}

TEST_CASE("a graceful stop removes the socket") {
  World world;
  world.start();
  CHECK(fs::exists(world.socket()));
  CHECK(world.stop() == 0);
  CHECK_FALSE(fs::exists(world.socket()));
}

TEST_CASE("the socket that a killed daemon leaves behind does not block the next") {
  World world;
  world.start();
  world.kill();
  CHECK(fs::exists(world.socket()));
  world.start();
  v1::GetVersionResponse version;
  CHECK(Client::as(0, world.socket()).version(version).ok());
}

TEST_CASE("a second daemon in the same place is refused and the first serves on") {
  World world;
  world.start();
  const Finished second = run({LODGED_BINARY, "--root", world.root()});
  CHECK(second.status == 1);
  CHECK(second.err.find(std::to_string(world.daemon().pid())) != std::string::npos);
  v1::GetVersionResponse version;
  CHECK(Client::as(0, world.socket()).version(version).ok());
}

TEST_CASE("a daemon serves the socket it inherits, and leaves it there") {
  World world;
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  world.socket().native().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(socket.get(), 10) == 0);

  world.start({.wrapper = {"sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3<&0", "-"}, .in = socket.get()});
  v1::GetVersionResponse version;
  CHECK(Client::as(0, world.socket()).version(version).ok());
  CHECK(world.stop() == 0);
  CHECK(fs::exists(world.socket()));
}

TEST_CASE("settings with a mistake keep the daemon from starting, and say where it is") {
  World world;
  const fs::path file = world.write("lodged.toml", "[log]\nlevle = 'info'\n");
  CHECK(world.start_in_vain() == 1);
  CHECK(world.log() == "lodged: " + file.string() + ":2: no key of [log] is called 'levle'; did you mean 'level'?\n");
}

TEST_CASE("lodged can print its settings, check them, and tell its version") {
  World world;
  const Finished printed = run({LODGED_BINARY, "--print-settings"});
  CHECK(printed.ok());
  world.write("lodged.toml", printed.out);
  CHECK(run({LODGED_BINARY, "--root", world.root(), "--check"}).ok());
  CHECK(run({LODGED_BINARY, "--version"}).out.starts_with("lodged "));
  CHECK(run({LODGED_BINARY, "--rooot"}).status == 1);
}
