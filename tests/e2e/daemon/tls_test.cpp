// The door for remote users: the daemon in a network namespace of its own, its callers in another.
#include <grpcpp/create_channel.h>

#include <catch2/catch.hpp>

#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/pki.h"
#include "tests/e2e/support/world.h"

using namespace lodge;
using namespace lodge::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kAddress = "192.0.2.1:16515";

struct RemoteHost {
  World world;
  Pki pki{world.root() / "tls"};

  RemoteHost() {
    add_netns("host");
    add_uplink("wire", "host");
    ip("addr add 192.0.2.2/24 dev wire");
    ip("-n host addr add 192.0.2.1/24 dev wire-peer");
    pki.issue("server", {.common_name = "server", .alternative_names = "DNS:host1.example", .purpose = "serverAuth"});
    pki.issue("admin", {.common_name = "somebody", .alternative_names = "URI:spiffe://site/admin"});
    pki.issue("stranger", {.common_name = "spiffe://site/admin", .alternative_names = "DNS:stranger.example"});
    world.write("lodged.toml", "[tls]\nenabled = true\nlisten = '192.0.2.1:16515'\nallow = ['spiffe://site/admin']\n");
  }

  void start() { world.start({.netns = "host"}); }

  Client client(const std::string& name) const {
    return Client::tls(kAddress, "host1.example",
                       {.ca = pki.ca(), .certificate = pki.certificate(name), .key = pki.key(name)});
  }

  // What a caller who must not come in gets: nothing.
  void check_gets_nothing(Client client) const {
    v1::GetVersionResponse version;
    CHECK(client.version(version, 5s).error_code() == grpc::UNAVAILABLE);
    CHECK(version.ByteSizeLong() == 0);
  }
};

}  // namespace

TEST_CASE("a listed certificate gets in from another network namespace and may change things") {
  RemoteHost host;
  host.start();
  Client admin = host.client("admin");
  v1::GetVersionResponse version;
  REQUIRE(admin.version(version).ok());
  CHECK(version.caller() == "tls:spiffe://site/admin");
  CHECK(version.may_change());
  CHECK(admin.define(small_domain("web1")).ok());
  CHECK(admin.names() == "web1");
  CHECK(host.world.wait_for_log("did=DefineDomain").find("from ipv4:192.0.2.2:") != std::string::npos);
}

TEST_CASE("a certificate that is not on the list gets nothing, though its common name is") {
  RemoteHost host;
  host.start();
  host.check_gets_nothing(host.client("stranger"));
  CHECK(host.world.wait_for_log("tls: refused a client").find("stranger.example") != std::string::npos);
}

TEST_CASE("a caller without a certificate, with one of another authority, or with an expired one gets nothing") {
  RemoteHost host;
  const Pki other(host.world.root() / "other");
  other.issue("admin", {.common_name = "x", .alternative_names = "URI:spiffe://site/admin"});
  host.pki.issue("late", {.common_name = "x", .alternative_names = "URI:spiffe://site/admin", .days = -1});
  host.start();
  host.check_gets_nothing(Client::tls(kAddress, "host1.example", {.ca = host.pki.ca(), .certificate = {}, .key = {}}));
  host.check_gets_nothing(
      Client::tls(kAddress, "host1.example",
                  {.ca = host.pki.ca(), .certificate = other.certificate("admin"), .key = other.key("admin")}));
  host.check_gets_nothing(host.client("late"));
  v1::GetVersionResponse version;
  CHECK(host.client("admin").version(version).ok());
}

TEST_CASE("TLS below 1.3 is refused") {
  RemoteHost host;
  host.start();
  const std::vector<std::string> command = {"openssl",  "s_client",
                                            "-connect", kAddress,
                                            "-CAfile",  host.pki.ca(),
                                            "-cert",    host.pki.certificate("admin"),
                                            "-key",     host.pki.key("admin"),
                                            "-brief"};
  auto old = command;
  old.push_back("-tls1_2");
  CHECK_FALSE(run(old).ok());
  auto current = command;
  current.push_back("-tls1_3");
  CHECK(run(current).err.find("TLSv1.3") != std::string::npos);
}

TEST_CASE("plaintext on the TLS port gets nothing") {
  RemoteHost host;
  host.start();
  host.check_gets_nothing(Client(grpc::CreateChannel(kAddress, grpc::InsecureChannelCredentials())));
}

TEST_CASE("a certificate file that cannot work keeps the daemon from starting, and is named") {
  RemoteHost host;
  host.pki.issue("late", {.common_name = "x", .purpose = "serverAuth", .days = -1});
  fs::copy_file(host.pki.certificate("late"), host.pki.certificate("server"), fs::copy_options::overwrite_existing);
  CHECK(host.world.start_in_vain({.netns = "host"}) == 1);
  CHECK(host.world.log().find("tls/server.crt: expired on") != std::string::npos);
}

TEST_CASE("a replaced certificate serves new connections, and old ones live on") {
  RemoteHost host;
  host.start();
  Client old = host.client("admin");
  v1::GetVersionResponse version;
  REQUIRE(old.version(version).ok());

  host.pki.issue("next", {.common_name = "next", .alternative_names = "DNS:host2.example", .purpose = "serverAuth"});
  fs::copy_file(host.pki.key("next"), host.pki.key("server"), fs::copy_options::overwrite_existing);
  fs::copy_file(host.pki.certificate("next"), host.pki.certificate("server"), fs::copy_options::overwrite_existing);

  Client fresh = Client::tls(
      kAddress, "host2.example",
      {.ca = host.pki.ca(), .certificate = host.pki.certificate("admin"), .key = host.pki.key("admin")});
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + 30s);
  v1::ListDomainsResponse domains;
  CHECK(fresh.domains().ListDomains(&context, {}, &domains).ok());
  CHECK(old.version(version).ok());
}
