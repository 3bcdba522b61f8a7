#include "conf/xml/source_map.h"

#include <catch2/catch.hpp>

#include "conf/xml/codec.h"
#include "lodge/v1/domain.pb.h"

using namespace lodge;

TEST_CASE("the source map knows the line of what the document says") {
  const auto parsed = conf::xml::parse<v1::DomainSpec>(R"(<domain type='kvm'
        xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>a</name>
  <devices>
    <disk type='file'>
      <target
        dev='vda'
        bus='virtio'/>
    </disk>
    <disk type='file'>
      <target dev='vdb'/>
    </disk>
  </devices>
  <qemu:commandline/>
</domain>)");
  REQUIRE(parsed);
  const auto& source = parsed->source;
  CHECK(source.line("/domain/name") == 3);
  CHECK(source.line("/domain/@type") == 1);
  CHECK(source.line("/domain/devices/disk/target") == 6);
  CHECK(source.line("/domain/devices/disk[1]/target/@bus") == 8);
  CHECK(source.line("/domain/devices/disk[2]/target/@dev") == 11);
  CHECK(source.line("/domain/qemu:commandline") == 14);
}

TEST_CASE("for what the document does not say, the source map answers the place around it") {
  const auto parsed = conf::xml::parse<v1::DomainSpec>(
      "<domain type='kvm'>\n<devices>\n<disk/>\n</devices>\n</domain>");
  REQUIRE(parsed);
  CHECK(parsed->source.line("/domain/devices/disk/target/@dev") == 3);
  CHECK(parsed->source.line("/domain/devices/disk[7]") == 2);
  CHECK(parsed->source.line("/network/name") == 0);
  CHECK(conf::xml::SourceMap().line("/domain") == 0);
}

TEST_CASE("paths have numbers where the document has several elements of a name, and only there") {
  const auto parsed = conf::xml::parse<v1::DomainSpec>(
      "<domain type='kvm'><devices><disk/><disk/><interface type='user'/></devices></domain>");
  REQUIRE(parsed);
  const auto& source = parsed->source;
  CHECK(source.spelled("/domain/devices/disk/target/@dev") == "/domain/devices/disk[1]/target/@dev");
  CHECK(source.spelled("/domain/devices/disk[2]/@type") == "/domain/devices/disk[2]/@type");
  CHECK(source.spelled("/domain/devices/interface[1]/@type") == "/domain/devices/interface/@type");
  CHECK(source.spelled("/domain/devices[1]/sound[2]") == "/domain/devices/sound[2]");
  CHECK(source.spelled("/network/name") == "/network/name");
  CHECK(conf::xml::SourceMap().spelled("/domain/name[1]") == "/domain/name[1]");
}
