// Definitions in all their forms, through the daemon and the command.
#include <catch2/catch.hpp>

#include "conf/kinds.h"
#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/world.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr std::string_view kSecret = "sesam471";

// Complete enough that nothing is made up anew at each reading, with a secret of every kind that a guest can have.
constexpr std::string_view kDocument = R"(<domain type='qemu'>
  <name>web1</name>
  <uuid>2aa1b3da-2783-4eaf-8450-b3817c8f20b8</uuid>
  <memory unit='KiB'>131072</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <disk type='network' device='cdrom'>
      <source protocol='https' name='images/a.iso'>
        <host name='www.example.org' port='443'/>
        <cookies><cookie name='session'>sesam471</cookie></cookies>
      </source>
      <target dev='sda' bus='sata'/>
    </disk>
    <interface type='user'><mac address='52:54:00:11:22:33'/></interface>
    <graphics type='vnc' port='5901' passwd='sesam471'/>
  </devices>
</domain>
)";

std::string with(std::string text, std::string_view before, std::string_view after) {
  const auto at = text.find(before);
  REQUIRE(at != text.npos);
  return text.replace(at, before.size(), after);
}

std::string seed_of(const conf::Kind& kind) {
  return fmt::format("{}/tests/fuzz/seeds/xml_in/{}.xml", LODGE_SOURCE_DIR, kind.name);
}

bool tells_secret(const google::protobuf::Message& message) {
  return message.SerializeAsString().find(kSecret) != std::string::npos;
}

}  // namespace

TEST_CASE("a definition as YAML or JSON is stored as the document that it was made from") {
  World world;
  world.start();
  const auto document = world.write("web1.xml", kDocument);
  world.must_lodge({"define", document.string()});
  const std::string stored = world.must_lodge({"dumpxml", "web1", "--inactive", "--security-info"});
  CHECK(stored.find(kSecret) != std::string::npos);
  for (const std::string form : {"yaml", "json"}) {
    const std::string data = world.must_lodge({"xml", "--syntax", "-o", form, document.string()});
    world.must_lodge({"undefine", "web1"});
    world.must_lodge({"define", world.write("web1." + form, data).string()});
    CHECK(world.must_lodge({"dumpxml", "web1", "--inactive", "--security-info"}) == stored);
  }
}

TEST_CASE("a dry run and diff tell what would change, and nothing changes") {
  World world;
  world.start();
  world.must_lodge({"define", world.write("web1.xml", kDocument).string()});
  const std::string stored = world.must_lodge({"dumpxml", "web1", "--inactive"});
  const auto larger = world.write("larger.xml", with(std::string(kDocument), "131072", "262144"));
  for (const auto& words :
       {std::vector<std::string>{"define", "--dry-run", larger}, std::vector<std::string>{"diff", "web1", larger}}) {
    const std::string told = world.must_lodge(words);
    CHECK(told.find("/domain/memory: 131072 -> 262144") != std::string::npos);
    CHECK(told.find("/domain/vcpu") == std::string::npos);
  }
  CHECK(world.must_lodge({"dumpxml", "web1", "--inactive"}) == stored);
  const auto another = with(with(std::string(kDocument), "web1", "web2"), "2aa1b3da", "3aa1b3da");
  world.must_lodge({"define", "--dry-run", world.write("web2.xml", another).string()});
  CHECK(world.must_lodge({"list", "--all", "-o", "name"}) == "web1\n");
}

TEST_CASE("no secret leaves by a door that was not asked for secrets: calls, documents, changes, events, log") {
  World world;
  world.start();
  Client client = Client::as(0, world.socket());
  grpc::ClientContext watching;
  v1::WatchDomainsRequest all;
  all.set_initial_state(true);
  const auto events = client.domains().WatchDomains(&watching, all);
  events->WaitForInitialMetadata();

  grpc::ClientContext contexts[8];
  v1::DomainDocument document;
  document.set_xml(std::string(kDocument));
  v1::DefineDomainRequest define;
  *define.mutable_document() = document;
  v1::DefineDomainResponse defined;
  REQUIRE(client.domains().DefineDomain(&contexts[0], define, &defined).ok());
  CHECK_FALSE(tells_secret(defined));

  document.set_xml(with(std::string(kDocument), kSecret, "sesam471-new"));
  *define.mutable_document() = document;
  v1::DefineDomainResponse redefined;
  REQUIRE(client.domains().DefineDomain(&contexts[1], define, &redefined).ok());
  CHECK_FALSE(tells_secret(redefined));

  v1::ValidateDomainRequest validate;
  *validate.mutable_document() = document;
  v1::ValidateDomainResponse validated;
  REQUIRE(client.domains().ValidateDomain(&contexts[2], validate, &validated).ok());
  CHECK_FALSE(tells_secret(validated));

  v1::CompareDomainRequest compare;
  compare.mutable_domain()->set_name("web1");
  compare.mutable_document()->set_xml(std::string(kDocument));
  v1::CompareDomainResponse compared;
  REQUIRE(client.domains().CompareDomain(&contexts[3], compare, &compared).ok());
  CHECK_FALSE(tells_secret(compared));

  v1::GetDomainRequest get;
  get.mutable_domain()->set_name("web1");
  get.set_include_xml(true);
  v1::GetDomainResponse got;
  REQUIRE(client.domains().GetDomain(&contexts[4], get, &got).ok());
  CHECK_FALSE(tells_secret(got));
  get.set_secure(true);
  REQUIRE(client.domains().GetDomain(&contexts[5], get, &got).ok());
  CHECK(tells_secret(got));

  v1::ListDomainsRequest list;
  list.set_include_inactive(true);
  list.set_include_specs(true);
  v1::ListDomainsResponse listed;
  REQUIRE(client.domains().ListDomains(&contexts[6], list, &listed).ok());
  REQUIRE(listed.domains_size() == 1);
  CHECK_FALSE(tells_secret(listed));

  v1::UndefineDomainRequest undefine;
  undefine.mutable_domain()->set_name("web1");
  v1::UndefineDomainResponse undefined;
  REQUIRE(client.domains().UndefineDomain(&contexts[7], undefine, &undefined).ok());
  v1::WatchDomainsResponse told;
  do {
    REQUIRE(events->Read(&told));
    CHECK_FALSE(tells_secret(told));
  } while (told.event().kind() != v1::DOMAIN_EVENT_KIND_UNDEFINED);
  watching.TryCancel();
  world.wait_for_log("DefineDomain");
  CHECK(world.log().find(kSecret) == std::string::npos);
}

TEST_CASE("the daemon judges documents of every kind, in every form, and tells each mistake with its line") {
  World world;
  world.start();
  for (const conf::Kind& kind : conf::kinds()) {
    INFO(kind.name);
    const std::string name(kind.name);
    const std::string judged = world.must_lodge({"validate", "-o", "xml", seed_of(kind)});
    CHECK(judged.find(fmt::format("<{}", kind.root)) != std::string::npos);
    const std::string data = world.must_lodge({"validate", "-o", "yaml", seed_of(kind)});
    const auto file = world.write(name + ".yaml", data);
    CHECK(world.must_lodge({"validate", "-o", "xml", "--as", name, file.string()}) == judged);
  }
  const auto bad = world.write(
      "bad.xml", "<network>\n  <name>a/b</name>\n  <forward mode='nat'/>\n  <mtu size='10'/>\n</network>\n");
  const Finished refused = world.lodge({"validate", bad.string()});
  CHECK_FALSE(refused.ok());
  CHECK(refused.err.find("bad.xml:2: /network/name") != std::string::npos);
}
