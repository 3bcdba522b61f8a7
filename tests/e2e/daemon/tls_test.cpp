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
  CHECK(host.world.wait_for_log("\"what\":\"DefineDomain\"").find("\"from\":\"ipv4:192.0.2.2:") != std::string::npos);
}

TEST_CASE("a certificate that is not on the list gets nothing, though its common name is") {
  RemoteHost host;
  host.start();
  host.check_gets_nothing(host.client("stranger"));
  CHECK(host.world.wait_for_log("tls: refused ipv4:192.0.2.2:").find("stranger.example") != std::string::npos);
}

TEST_CASE("callers whom nobody vouches for get nothing, and the log says where they came from and what was wrong") {
  RemoteHost host;
  const Pki other(host.world.root() / "other");
  other.issue("admin", {.common_name = "x", .alternative_names = "URI:spiffe://site/admin"});
  host.pki.issue("late", {.common_name = "late", .alternative_names = "URI:spiffe://site/admin", .days = -1});
  host.pki.issue(
      "host", {.common_name = "other-host", .alternative_names = "URI:spiffe://site/admin", .purpose = "serverAuth"});
  host.start();
  const auto told = [&](std::string_view why) {
    CHECK(host.world.wait_for_log(why).find("tls: refused ipv4:192.0.2.2:") != std::string::npos);
  };
  host.check_gets_nothing(Client::tls(kAddress, "host1.example", {.ca = host.pki.ca(), .certificate = {}, .key = {}}));
  told("it showed no certificate");
  host.check_gets_nothing(
      Client::tls(kAddress, "host1.example",
                  {.ca = host.pki.ca(), .certificate = other.certificate("admin"), .key = other.key("admin")}));
  told("was signed by CN=test authority, which is no authority in");
  host.check_gets_nothing(host.client("late"));
  told("(CN=late, URI spiffe://site/admin) expired on");
  host.check_gets_nothing(host.client("host"));
  told("is not meant for a TLS client");
  CHECK(host.world
            .wait_for_log("\"what\":\"Connect\",\"outcome\":\"unauthenticated\",\"error\":\"it showed no certificate\"")
            .find("\"from\":\"ipv4:192.0.2.2\"") != std::string::npos);
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
  CHECK(host.world.wait_for_log("it does not speak TLS").find("tls: refused ipv4:192.0.2.2:") != std::string::npos);
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

TEST_CASE("new files that do not belong together are refused by name, and the old ones go on serving") {
  RemoteHost host;
  host.start();
  host.pki.issue("next", {.common_name = "next", .alternative_names = "DNS:host1.example", .purpose = "serverAuth"});
  fs::copy_file(host.pki.key("next"), host.pki.key("server"), fs::copy_options::overwrite_existing);
  CHECK(
      host.world.wait_for_log("the new certificates are refused").find("server.key: the key does not belong to the") !=
      std::string::npos);
  v1::GetVersionResponse version;
  CHECK(host.client("admin").version(version).ok());
}

TEST_CASE("a certificate that is revoked loses its connection and its streams at once, and gets no new one") {
  RemoteHost host;
  host.pki.issue("other", {.common_name = "x", .alternative_names = "URI:spiffe://site/admin"});
  host.start();
  Client admin = host.client("admin"), other = host.client("other");
  v1::GetVersionResponse version;
  REQUIRE(admin.version(version).ok());
  REQUIRE(other.version(version).ok());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 120s);
  const auto events = admin.domains().WatchDomains(&context, {});
  events->WaitForInitialMetadata();

  const std::string shown = must_run({"openssl", "x509", "-in", host.pki.certificate("admin"), "-noout", "-serial"});
  host.world.write("tls/revoked",
                   "serial:" + shown.substr(shown.find('=') + 1, shown.size() - shown.find('=') - 2) + " # lost\n");

  v1::WatchDomainsResponse event;
  CHECK_FALSE(events->Read(&event));
  CHECK(events->Finish().error_code() == grpc::UNAVAILABLE);
  host.check_gets_nothing(std::move(admin));
  CHECK(host.world.wait_for_log("was revoked: lost").find("tls: refused ipv4:192.0.2.2:") != std::string::npos);
  CHECK(other.version(version).ok());
}

TEST_CASE("a damaged list of the revoked takes nothing back and adds what can be read") {
  RemoteHost host;
  host.world.write("tls/revoked", "serial:0102\n");
  host.start();
  const std::string shown = must_run({"openssl", "x509", "-in", host.pki.certificate("admin"), "-noout", "-serial"});
  host.world.write("tls/revoked", "nonsense\nserial:" + shown.substr(shown.find('=') + 1));
  CHECK(host.world.wait_for_log("who was revoked stays revoked").find("revoked:1: 'nonsense' begins neither") !=
        std::string::npos);
  host.world.wait_for_log("tls: 2 certificates are revoked");
  host.check_gets_nothing(host.client("admin"));
}
