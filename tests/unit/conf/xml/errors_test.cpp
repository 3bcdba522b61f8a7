#include <catch2/catch.hpp>

#include "conf/xml/codec.h"
#include "lodge/v1/domain.pb.h"
#include "lodge/v1/nwfilter.pb.h"

using namespace lodge;

namespace {

std::vector<Finding> findings_of(const std::string& xml, const conf::xml::ParseOptions& options = {}) {
  const auto parsed = conf::xml::parse<v1::DomainSpec>(xml, options);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code() == Code::invalid_argument);
  return parsed.error().findings();
}

std::string only_finding(const std::string& xml, const conf::xml::ParseOptions& options = {}) {
  const auto findings = findings_of(xml, options);
  REQUIRE(findings.size() == 1);
  return fmt::format("{}: {}: {}", findings[0].line, findings[0].path, findings[0].message);
}

std::string domain(const std::string& inside) {
  return "<domain type='kvm'>\n<name>a</name>\n" + inside + "\n</domain>\n";
}

}  // namespace

TEST_CASE("all mistakes are told at once, in the document's order, each with line and path") {
  const auto findings = findings_of(R"(<domain type='kvm'>
  <name>web1</name>
  <vcpu placment='static'>two</vcpu>
  <devices>
    <disk type='file'/>
    <interface type='bridge'/>
    <interface
        type='foo'>
      <source nonsense='1'/>
    </interface>
    <sorce/>
  </devices>
</domain>)");
  REQUIRE(findings.size() == 4);
  CHECK(findings[0].line == 3);
  CHECK(findings[0].path == "/domain/vcpu/@placment");
  CHECK(findings[0].message == "unknown attribute; did you mean 'placement'?");
  CHECK(findings[1].path == "/domain/vcpu");
  CHECK(findings[1].message == "'two' is not a whole number");
  CHECK(findings[2].line == 8);
  CHECK(findings[2].path == "/domain/devices/interface[2]/@type");
  CHECK(findings[2].message ==
        "'foo' is not one of network, bridge, direct, user, ethernet, server, client, mcast, udp, vhostuser, internal, "
        "hostdev, vdpa, null, vds");
  CHECK(findings[3].line == 11);
  CHECK(findings[3].path == "/domain/devices/sorce");
}

TEST_CASE("the error's sentence is its first finding and how many follow") {
  const auto parsed = conf::xml::parse<v1::DomainSpec>("<domain>\n<nme/>\n<vcpu>x</vcpu>\n</domain>",
                                                       {.name = "web1.xml"});
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message() == "web1.xml:2: /domain/nme: unknown element; did you mean 'name'? (and 1 more)");
}

TEST_CASE("a name that belongs to another type says to which") {
  CHECK(only_finding(domain("<devices><interface type='direct'><source bridge='br0'/></interface></devices>")) ==
        "3: /domain/devices/interface/source/@bridge: only with type network, bridge; here it is direct");
}

TEST_CASE("what is excluded by something before it is one mistake, whatever is in it") {
  const auto parsed = conf::xml::parse<v1::NwFilterSpec>(
      "<filter name='f'>\n<rule action='drop' direction='in'>\n<tcp/>\n<udp dstportstart='2' comment='x'/>\n</rule>\n</filter>");
  REQUIRE_FALSE(parsed);
  REQUIRE(parsed.error().findings().size() == 1);
  CHECK(parsed.error().findings()[0].line == 4);
  CHECK(parsed.error().findings()[0].message == "tcp and udp exclude each other");
}

TEST_CASE("attributes of foreign vocabularies are told with it") {
  CHECK(only_finding("<domain type='kvm' xml:lang='en'/>") ==
        "1: /domain/@lang: attributes of the namespace 'http://www.w3.org/XML/1998/namespace' are not known here");
}

TEST_CASE("an unknown name with no likeness to any lists what is known") {
  CHECK(only_finding(domain("<pm><zzzzzzzz/></pm>")) ==
        "3: /domain/pm/zzzzzzzz: unknown element; known here: suspend-to-disk, suspend-to-mem");
}

TEST_CASE("numbers say why they do not fit") {
  CHECK(only_finding(domain("<vcpu>-1</vcpu>")) == "3: /domain/vcpu: '-1' is less than 0");
  CHECK(only_finding(domain("<vcpu>4294967296</vcpu>")) == "3: /domain/vcpu: '4294967296' is more than 4294967295");
  CHECK(only_finding(domain("<vcpu>99999999999999999999999</vcpu>")) ==
        "3: /domain/vcpu: '99999999999999999999999' is more than 18446744073709551615");
  CHECK(only_finding(domain("<vcpu>1.5</vcpu>")) == "3: /domain/vcpu: '1.5' is not a whole number");
}

TEST_CASE("what may be given once is refused twice") {
  CHECK(only_finding(domain("<name>b</name>")) == "3: /domain/name[2]: given twice; one is allowed");
  CHECK(only_finding(domain("<devices/>\n<devices/>")) == "4: /domain/devices[2]: given twice; one is allowed");
}

TEST_CASE("text where none belongs is refused") {
  CHECK(only_finding(domain("<devices>oops</devices>")) == "3: /domain/devices: text is not expected here");
}

TEST_CASE("another document than the one expected is named") {
  CHECK(only_finding("<network/>") == "1: /network: the document is <network>; <domain> is expected");
}

TEST_CASE("lines stay exact past 65,535") {
  const std::string xml = "<domain type='kvm'>" + std::string(100'000, '\n') + "<vcpu\nfoo='1'>1</vcpu></domain>";
  CHECK(findings_of(xml).at(0).line == 100'002);
}

TEST_CASE("a document that is not well-formed says where") {
  const auto findings = findings_of("<domain>\n<name>a</nme>\n</domain>");
  CHECK(findings.at(0).line == 2);
  CHECK(findings.at(0).message.starts_with("not well-formed XML: Opening and ending tag mismatch"));
}

TEST_CASE("documents that could do harm are refused before anything is read from them") {
  CHECK(only_finding("<!DOCTYPE d [<!ENTITY a 'b'>]><domain/>") == "1: : a DTD (<!DOCTYPE …>) is not accepted");
  CHECK(only_finding("<!DOCTYPE d SYSTEM 'http://example.org/d.dtd'><domain/>") ==
        "1: : a DTD (<!DOCTYPE …>) is not accepted");
  CHECK(only_finding(std::string(100, ' ') + "<domain/>", {.max_bytes = 50}) ==
        "1: : the document has 109 bytes; the limit is 50");
  CHECK(only_finding("<domain>\n<name>\xff</name></domain>") == "2: : byte 15 is not UTF-8");
  CHECK(only_finding(std::string("<domain>\0</domain>", 18)) == "1: : byte 8 is zero, which XML does not allow");
  CHECK(only_finding(std::string("\xff\xfe<\0d\0", 6)) == "1: : the document is in UTF-16; only UTF-8 is read");
  CHECK(only_finding("<?xml version='1.0' encoding='ISO-8859-1'?><domain/>") ==
        "1: : the document is in ISO-8859-1; only UTF-8 is read");
  CHECK(only_finding("") == "1: : the document is empty");
  std::string deep = "<domain><metadata>";
  for (int i = 0; i < 100; ++i) deep += "<a>";
  CHECK(only_finding(deep).ends_with("elements are more than 64 deep"));
  std::string wide = "<domain";
  for (int i = 0; i < 300; ++i) wide += fmt::format(" a{}='1'", i);
  CHECK(only_finding(wide + "/>") == "1: : more than 256 attributes on one element");
  CHECK(only_finding("<domain>" + std::string(100, ' ') + "<a/><a/><a/></domain>", {.max_nodes = 3})
            .ends_with("more than 3 elements and texts"));
}

TEST_CASE("quotes in comments do not hide attributes from the count") {
  std::string wide = "<!--> <b ' --><domain";
  for (int i = 0; i < 300; ++i) wide += fmt::format(" a{}='1'", i);
  CHECK(only_finding(wide + "/>") == "1: : more than 256 attributes on one element");
}

TEST_CASE("after a hundred mistakes the rest is left for next time") {
  std::string xml = "<domain>";
  for (int i = 0; i < 500; ++i) xml += "<x/>";
  CHECK(findings_of(xml + "</domain>").size() == 100);
}

TEST_CASE("UTF-8 with its mark, and said to be so, is read") {
  CHECK(conf::xml::parse<v1::DomainSpec>(
      "\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n<domain type='kvm'><name>ü</name></domain>"));
}
