#include <catch2/catch.hpp>

#include "conf/kinds.h"
#include "conf/xml/codec.h"

// What is refused of the kinds that are not domains, and what the user is told.

using namespace lodge;

namespace {

// "path: message" of the only finding, or what else came about.
std::string told(std::string_view kind_name, std::string_view xml) {
  const conf::Kind& kind = *conf::find_kind(kind_name);
  const std::unique_ptr<google::protobuf::Message> message(kind.prototype->New());
  const auto source = conf::xml::parse_into(xml, *message);
  if (!source) return "not read: " + source.error().message();
  const auto valid = conf::validate(kind, *message, *source);
  if (valid) return "accepted";
  const auto& findings = valid.error().findings();
  return findings.size() == 1 ? findings[0].path + ": " + findings[0].message : valid.error().message();
}

std::string pool_on(std::string_view adapter) {
  return told("pool", fmt::format("<pool type='scsi'><name>p</name><source><adapter type='fc_host' {}/></source>"
                                  "<target><path>/dev/disk/by-path</path></target></pool>",
                                  adapter));
}

std::string volume_of(std::string_view format) {
  return told("volume", fmt::format("<volume><name>a</name><capacity>1</capacity><target><format type='{}'/></target>"
                                    "</volume>",
                                    format));
}

}  // namespace

TEST_CASE("a secret whose purpose is not named is refused with an example of one") {
  CHECK(told("secret", "<secret><usage type='volume'/></secret>") ==
        "/secret/usage/volume: says what the secret is for: <volume>/images/web1.img</volume>");
  CHECK(told("secret", "<secret><usage type='ceph'/></secret>").starts_with("/secret/usage/name: "));
  CHECK(told("secret", "<secret><usage type='iscsi'/></secret>").starts_with("/secret/usage/target: "));
  CHECK(told("secret", "<secret/>") == "accepted");
}

TEST_CASE("what is missing of a network, pool, volume or node device is told with an example") {
  CHECK(told("network", "<network/>") == "/network/name: a network needs a name: <name>default</name>");
  CHECK(told("pool", "<pool type='dir'><name>p</name></pool>") ==
        "/pool/target/path: a pool of type dir says where its volumes appear: <path>/images</path>");
  CHECK(told("pool",
             "<pool type='netfs'><name>p</name><source><dir path='/e'/></source><target><path>/i</path>"
             "</target></pool>") ==
        "/pool/source/host: a pool of type netfs needs it: <host name='storage.example.com'/>");
  CHECK(told("volume", "<volume><name>a</name></volume>").starts_with("/volume/capacity: says how large it is: <"));
  CHECK(told("nodedev", "<device/>") == "/device/capability: says what the device is: <capability type='mdev'>");
}

TEST_CASE("a VLAN without tags and a limit without a number are refused of networks as of cards, with their lines") {
  const auto network = [](std::string_view inside) {
    return told("network", fmt::format("<network><name>n</name>{}</network>", inside));
  };
  CHECK(network("<vlan/>") == "/network/vlan: says which VLAN: <vlan><tag id='42'/></vlan>");
  CHECK(network("<bandwidth><outbound/></bandwidth>") ==
        "/network/bandwidth/outbound/@average: says how much, in KiB a second: average='1000'");
  CHECK(network("<portgroup name='p'><vlan/></portgroup>").starts_with("/network/portgroup/vlan: "));
  CHECK(network("<bandwidth><inbound average='1' floor='1'/></bandwidth>")
            .starts_with("/network/bandwidth/inbound/@floor: "));
  CHECK(network("<portgroup name='p'><bandwidth><inbound average='1' floor='1'/></bandwidth></portgroup>")
            .starts_with("/network/portgroup/bandwidth/inbound/@floor: "));
  CHECK(network("<vlan trunk='no'><tag id='5' nativeMode='tagged'/></vlan>").starts_with("/network/vlan/@trunk: "));

  const conf::Kind& kind = *conf::find_kind("network");
  const std::unique_ptr<google::protobuf::Message> message(kind.prototype->New());
  const auto source = conf::xml::parse_into(
      "<network>\n<name>n</name>\n<bandwidth>\n<inbound/>\n</bandwidth>\n</network>", *message);
  REQUIRE(source);
  const auto valid = conf::validate(kind, *message, *source);
  REQUIRE_FALSE(valid);
  CHECK(valid.error().findings()[0].line == 4);
}

TEST_CASE("world wide names of a virtual adapter are 16 hexadecimal digits, and its parent's come in pairs") {
  CHECK(pool_on("wwnn='20000000c9831b4b' wwpn='10000000c9831b4b'") == "accepted");
  CHECK(pool_on("wwnn='0x20000000c9831b4b' wwpn='10000000c9831b4b'") == "accepted");
  CHECK(pool_on("wwnn='20000000c9831b4' wwpn='10000000c9831b4b'") ==
        "/pool/source/adapter/@wwnn: '20000000c9831b4' is not 16 hexadecimal digits");
  CHECK(pool_on("wwnn='20000000c9831b4b' wwpn='10000000c9831b4b' parent_wwnn='20000000c9831b4b'") ==
        "/pool/source/adapter/@parent_wwpn: parent_wwnn and parent_wwpn are given together");
}

TEST_CASE("formats of volumes are those that there are") {
  for (const char* format : {"raw", "qcow2", "luks", "linux-lvm", "unknown"}) CHECK(volume_of(format) == "accepted");
  CHECK(volume_of("qcow3").starts_with("/volume/target/format/@type: 'qcow3' is no format: raw, qcow2"));
}

TEST_CASE("a network that forwards has an address, and what it cannot do is refused") {
  const auto network = [](std::string_view inside) {
    const auto all = told("network", fmt::format("<network><name>n</name>{}</network>", inside));
    return all.substr(0, all.find(':'));
  };
  const std::string_view ip = "<ip address='192.168.100.1' netmask='255.255.255.0'/>";
  CHECK(network(fmt::format("<forward mode='nat'/>{}", ip)) == "accepted");
  CHECK(network("<forward mode='nat'/>") == "/network/ip");
  CHECK(network("<forward mode='route'/>") == "/network/ip");
  CHECK(network("<forward mode='open'/>") == "accepted");
  CHECK(network(fmt::format("<forward mode='nat'/>{}<vlan><tag id='5'/></vlan>", ip)) == "/network/vlan");
  CHECK(network("<forward mode='hostdev'><pf dev='eth0'/></forward><bandwidth><inbound average='1'/></bandwidth>") ==
        "/network/bandwidth");
  CHECK(told("network", "<network><name>a\nb</name></network>") == "/network/name: a name is one line");
}
