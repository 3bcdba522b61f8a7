#include "conf/domain/normalize.h"

#include <catch2/catch.hpp>

#include "base/uuid.h"
#include "conf/domain/default_capabilities.h"
#include "conf/domain/prepare.h"

using namespace lodge;

namespace {

v1::DomainSpec completed(std::string_view inside) {
  auto domain = conf::prepare_xml(fmt::format("<domain type='qemu'><name>a</name><memory>1048576</memory>"
                                              "<os><type>hvm</type></os>{}</domain>",
                                              inside),
                                  conf::default_capabilities());
  INFO((domain ? std::string() : domain.error().message()));
  REQUIRE(domain);
  return domain->spec();
}

v1::DomainSpec with_devices(std::string_view devices) {
  return completed(fmt::format("<devices>{}</devices>", devices));
}

}  // namespace

TEST_CASE("a port of a switch gets the names that its type needs, once") {
  const auto port = [](std::string_view element) {
    return with_devices(fmt::format("<interface type='network'><source network='n'/>{}</interface>", element))
        .interfaces(0)
        .virtualport();
  };
  const auto qbg = port(
      "<virtualport type='802.1Qbg'><parameters managerid='1' typeid='2' typeidversion='3'/></virtualport>");
  CHECK(Uuid::parse(qbg.instanceid()));
  CHECK(qbg.interfaceid().empty());
  const auto openvswitch = port("<virtualport type='openvswitch'/>");
  CHECK(openvswitch.instanceid().empty());
  CHECK(Uuid::parse(openvswitch.interfaceid()));
  const auto any = port("<virtualport/>");
  CHECK(Uuid::parse(any.instanceid()));
  CHECK(Uuid::parse(any.interfaceid()));
  const auto chosen = port(
      "<virtualport type='openvswitch'><parameters interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport>");
  CHECK(chosen.interfaceid() == "09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f");
}

TEST_CASE("only what is a trunk says so") {
  const auto vlan = [](std::string_view element) {
    return with_devices(fmt::format("<interface type='bridge'><source bridge='b'/>{}</interface>", element))
        .interfaces(0)
        .vlan();
  };
  CHECK_FALSE(vlan("<vlan trunk='no'><tag id='1'/></vlan>").has_trunk());
  CHECK_FALSE(vlan("<vlan><tag id='1'/></vlan>").has_trunk());
  CHECK(vlan("<vlan trunk='yes'><tag id='1'/></vlan>").trunk());
  CHECK(vlan("<vlan><tag id='1'/><tag id='2'/></vlan>").trunk());
  CHECK(vlan("<vlan><tag id='1' nativeMode='tagged'/></vlan>").trunk());
}

TEST_CASE("a definition that leaves everything open becomes the host's usual machine") {
  const auto spec = completed("");
  CHECK(spec.uuid().size() == 36);
  CHECK(spec.os().arch() == "x86_64");
  CHECK(spec.os().machine() == "pc-i440fx-7.2");
  CHECK(spec.emulator() == "/usr/bin/qemu-system-x86_64");
  CHECK(spec.vcpu().count() == 1);
  CHECK(spec.current_memory() == spec.memory());
  CHECK(spec.clock().offset() == v1::CLOCK_OFFSET_UTC);
}

TEST_CASE("two guests get different identities") {
  const auto a = with_devices("<interface type='user'/>");
  const auto b = with_devices("<interface type='user'/>");
  CHECK(a.uuid() != b.uuid());
  CHECK(a.interfaces(0).mac() != b.interfaces(0).mac());
  CHECK(a.interfaces(0).mac().starts_with("52:54:00:"));
}

TEST_CASE("a device's boot order replaces the default boot device") {
  const auto spec = with_devices("<disk><source file='/a'/><target dev='vda'/><boot order='1'/></disk>");
  CHECK(spec.os().boot().empty());
}

TEST_CASE("the memory of NUMA cells is the guest's memory") {
  const auto spec = completed(
      "<vcpu>2</vcpu><cpu><numa><cell cpus='0' memory='262144'/><cell cpus='1' memory='262144'/>"
      "</numa></cpu>");
  CHECK(spec.memory() == 524288);
  CHECK(spec.cpu().numa_cells(1).id() == 1);
}

TEST_CASE("a named CPU model is compared with the host's only where the host runs it") {
  CHECK(completed("<cpu><model>Haswell</model></cpu>").cpu().check() == v1::CPU_CHECK_NONE);
  auto spec = completed("<cpu><model>Haswell</model></cpu>");
  spec.set_type(v1::DOMAIN_TYPE_KVM);
  spec.mutable_cpu()->clear_check();
  const auto again = conf::normalize(spec, conf::default_capabilities(), {});
  REQUIRE(again);
  CHECK(again->cpu().check() == v1::CPU_CHECK_PARTIAL);
}

TEST_CASE("a serial port is shown as the first console, and the other way round") {
  const auto from_serial = with_devices("<serial type='file'><source path='/tmp/log'/></serial>");
  REQUIRE(from_serial.consoles_size() == 1);
  CHECK(from_serial.consoles(0).backend().file().path() == "/tmp/log");

  const auto from_console = with_devices("<console type='pty'/>");
  REQUIRE(from_console.serials_size() == 1);
  CHECK(from_console.serials(0).target_model() == "isa-serial");
}

TEST_CASE("a console that contradicts the first serial port gives way") {
  const auto spec = with_devices("<serial type='file'><source path='/tmp/log'/></serial><console type='pty'/>");
  CHECK(spec.consoles(0).backend().has_file());
}

TEST_CASE("a socket path that another daemon made up for a run is dropped, one that the user chose stays") {
  const auto channel = [](std::string_view path) {
    return with_devices(fmt::format("<channel type='unix'><source mode='bind' path='{}'/>"
                                    "<target type='virtio' name='org.qemu.guest_agent.0'/></channel>",
                                    path))
        .channels(0)
        .backend()
        .unix_socket();
  };
  CHECK(channel("/var/lib/libvirt/qemu/channel/target/domain-3-web1/org.qemu.guest_agent.0").path().empty());
  CHECK(channel("/run/agents/web1.sock").path() == "/run/agents/web1.sock");
}

TEST_CASE("graphics bring a video card and a place to listen") {
  const auto spec = with_devices("<graphics type='vnc' listen='127.0.0.1'/>");
  const auto& vnc = spec.graphics(0).vnc();
  CHECK(vnc.autoport());
  CHECK(vnc.port() == -1);
  CHECK(vnc.listens(0).address().address() == "127.0.0.1");
  REQUIRE(spec.videos_size() == 1);
  CHECK(spec.videos(0).primary());
}

TEST_CASE("names and ports of a run are not carried into a definition") {
  const auto spec = with_devices(
      "<interface type='direct'><source dev='eth0'/><target dev='macvtap0'/><alias name='net0'/>"
      "</interface><graphics type='vnc' port='5903' autoport='yes'/>");
  CHECK(spec.interfaces(0).target_dev().empty());
  CHECK(spec.interfaces(0).alias().empty());
  CHECK(spec.graphics(0).vnc().port() == -1);
}

TEST_CASE("chosen I/O thread ids are filled up with the lowest that are free") {
  const auto spec = completed("<iothreads>3</iothreads><iothreadids><iothread id='2'/></iothreadids>");
  std::vector<std::uint32_t> ids;
  for (const auto& thread : spec.iothread_ids()) ids.push_back(thread.id());
  CHECK(ids == std::vector<std::uint32_t>{2, 1, 3});
}

TEST_CASE("what cannot make sense is left for validate to tell") {
  v1::DomainSpec spec;
  spec.mutable_os()->set_machine("q53");
  const auto normal = conf::normalize(spec, conf::default_capabilities(), {});
  REQUIRE(normal);
  CHECK(normal->os().machine() == "q53");
}
