#include "drivers/qemu/plan.h"

#include <catch2/catch.hpp>
#include <ranges>

#include "conf/domain/default_capabilities.h"
#include "conf/domain/normalize.h"
#include "conf/domain/validated.h"
#include "conf/xml/codec.h"
#include "netdev/claims/claims.h"
#include "tests/unit/drivers/qemu/temporary.h"

using namespace lodge;
using namespace lodge::drivers;
using namespace lodge::drivers::qemu;

namespace {

conf::ValidatedDomain domain(const std::string& devices) {
  const std::string xml =
      "<domain type='qemu'><name>web1</name><memory unit='MiB'>64</memory>"
      "<os><type arch='x86_64'>hvm</type></os><devices>" +
      devices + "</devices></domain>";
  auto document = conf::xml::parse<v1::DomainSpec>(xml);
  if (!document) FAIL(document.error().message());
  const v1::Capabilities host = conf::default_capabilities();
  auto normalized = conf::normalize(std::move(document->message), host, document->source);
  if (!normalized) FAIL(normalized.error().message());
  auto checked = conf::validate(std::move(*normalized), host, document->source);
  if (!checked) FAIL(checked.error().message());
  return std::move(*checked);
}

std::vector<netdev::Claim> plan(const std::string& devices, std::vector<netdev::Claim> others = {}) {
  const Run run{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};
  const conf::ValidatedDomain checked = domain(devices);
  auto claims = plan_claims({.domain = checked, .run = run, .others = std::move(others)});
  if (!claims) FAIL(claims.error().message());
  return std::move(*claims);
}

// Without the process, which comes first.
std::vector<std::string> described(const std::vector<netdev::Claim>& claims) {
  std::vector<std::string> texts;
  for (const auto& claim : claims | std::views::drop(1)) texts.push_back(netdev::describe(claim));
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a guest without servers claims its process and nothing else") {
  const auto claims = plan("<serial type='pty'/><channel type='unix'><target type='virtio' name='a'/></channel>");
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].kind() == netdev::ClaimKind::process);
}

TEST_CASE("ports that a definition names are claimed, those that QEMU chooses once they are known") {
  CHECK(described(plan("<graphics type='vnc' port='5907' listen='0.0.0.0'/>")) ==
        Texts{"vnc (tcp port 5907 at 0.0.0.0)"});
  auto claims = plan("<graphics type='vnc' autoport='yes' websocket='-1'/>");
  CHECK(described(claims) ==
        Texts{"vnc (tcp a free port at 127.0.0.1)", "vnc websocket (tcp a free port at 127.0.0.1)"});
  v1::DomainSpec live;
  live.add_graphics()->mutable_vnc()->set_port(5903);
  REQUIRE(complete_claims(claims, live));
  CHECK(described(claims) == Texts{"vnc (tcp port 5903 at 127.0.0.1)", "vnc websocket (tcp port 5703 at 127.0.0.1)"});
}

TEST_CASE("a SPICE server gets a port that no other run has") {
  const std::string spice = "<graphics type='spice' autoport='yes'/>";
  const auto first = plan(spice);
  const std::uint16_t number = planned_spice_port(first);
  REQUIRE(number >= 5900);
  const auto second = plan(spice, first);
  CHECK(planned_spice_port(second) > number);
  CHECK_FALSE(netdev::exclude(first[1], second[1]));
}

TEST_CASE("the folder of a guest that is called spice is not taken for its display's port") {
  std::vector<netdev::Claim> claims{{.id = "1", .name = "spice", .identity = netdev::FolderIdentity{.path = "/spice"}}};
  CHECK(planned_spice_port(claims) == 0);
  claims.push_back({.id = "2", .name = "spice", .identity = netdev::PortIdentity{.protocol = "tcp", .number = 5901}});
  CHECK(planned_spice_port(claims) == 5901);
}

TEST_CASE("a TCP server of a serial port has its port") {
  CHECK(described(plan("<serial type='tcp'><source mode='bind' host='127.0.0.1' service='4555'/></serial>")) ==
        Texts{"tcp server (tcp port 4555 at 127.0.0.1)"});
}

TEST_CASE("what waits for datagrams has its port; those of cards are the host's to claim") {
  CHECK(described(plan("<serial type='udp'><source mode='bind' host='127.0.0.1' service='4555'/>"
                       "<source mode='connect' host='127.0.0.1' service='4556'/></serial>")) ==
        Texts{"udp (udp port 4555 at 127.0.0.1)"});
  CHECK(described(plan("<interface type='server'><source address='127.0.0.1' port='5558'/></interface>"
                       "<interface type='udp'><source address='127.0.0.1' port='5560'>"
                       "<local address='127.0.0.1' port='5561'/></source></interface>"))
            .empty());
}

TEST_CASE("a socket at a place of the user's is claimed once, whoever repeats it") {
  const test::Temporary folder;
  const std::string path = (folder.path() / "console").string();
  const auto claims = plan("<serial type='unix'><source mode='bind' path='" + path + "'/></serial>");
  CHECK(described(claims) == Texts{path});
}

TEST_CASE("a place that is in use for something else is told before anything is made") {
  const test::Temporary folder;
  const fs::path path = folder.path() / "disk";
  REQUIRE(write_file(path, "x"));
  const Run run{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};
  const conf::ValidatedDomain checked = domain("<graphics type='vnc'><listen type='socket' socket='" + path.string() +
                                               "'/></graphics>");
  const auto claims = plan_claims({.domain = checked, .run = run, .others = {}});
  REQUIRE_FALSE(claims);
  CHECK(claims.error().message() == path.string() + ": something is there that is no socket");
  CHECK(read_file(path) == "x");
}
