#include "conf/domain/prepare.h"

#include <catch2/catch.hpp>

#include "conf/domain/default_capabilities.h"
#include "conf/xml/codec.h"

using namespace lodge;

namespace {

v1::DomainSpec prepared(std::string_view xml) {
  auto domain = conf::prepare_xml(xml, conf::default_capabilities());
  INFO((domain ? std::string() : domain.error().message()));
  REQUIRE(domain);
  return domain->spec();
}

std::string printed(std::string_view xml) {
  auto text = conf::xml::format(prepared(xml), {.view = {.view = conf::View::inactive, .secure = true}});
  REQUIRE(text);
  return *text;
}

}  // namespace

TEST_CASE("a small q35 guest becomes a complete machine") {
  const auto xml = printed(R"(<domain type='qemu'>
  <name>web1</name>
  <uuid>11dbdcdd-4c3b-482b-8903-9bdb8c0a2774</uuid>
  <memory unit='MiB'>128</memory>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>/boot/vmlinuz</kernel>
  </os>
  <devices>
    <disk type='file'>
      <driver type='qcow2'/>
      <source file='/images/web1.qcow2'/>
      <target dev='vda'/>
    </disk>
    <interface type='direct'>
      <mac address='52:54:00:77:00:02'/>
      <source dev='up0' mode='bridge'/>
      <model type='virtio'/>
    </interface>
    <serial type='pty'/>
    <panic/>
  </devices>
</domain>)");
  CHECK(xml == R"(<domain type='qemu'>
  <name>web1</name>
  <uuid>11dbdcdd-4c3b-482b-8903-9bdb8c0a2774</uuid>
  <memory unit='KiB'>131072</memory>
  <currentMemory unit='KiB'>131072</currentMemory>
  <vcpu placement='static'>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <kernel>/boot/vmlinuz</kernel>
    <boot dev='hd'/>
  </os>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='forbid'>qemu64</model>
  </cpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/images/web1.qcow2'/>
      <target dev='vda' bus='virtio'/>
      <address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x0'/>
    </disk>
    <controller type='usb' index='0' model='qemu-xhci'>
      <address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
    </controller>
    <controller type='sata' index='0'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x1f' function='0x2'/>
    </controller>
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='1' port='0x8'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0' multifunction='on'/>
    </controller>
    <controller type='pci' index='2' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='2' port='0x9'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x1'/>
    </controller>
    <controller type='pci' index='3' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='3' port='0xa'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x2'/>
    </controller>
    <controller type='pci' index='4' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='4' port='0xb'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x3'/>
    </controller>
    <controller type='pci' index='5' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='5' port='0xc'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x4'/>
    </controller>
    <interface type='direct'>
      <mac address='52:54:00:77:00:02'/>
      <source dev='up0' mode='bridge'/>
      <model type='virtio'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </interface>
    <serial type='pty'>
      <target type='isa-serial' port='0'>
        <model name='isa-serial'/>
      </target>
    </serial>
    <console type='pty'>
      <target type='serial' port='0'/>
    </console>
    <input type='mouse' bus='ps2'/>
    <input type='keyboard' bus='ps2'/>
    <audio id='1' type='none'/>
    <memballoon model='virtio'>
      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>
    </memballoon>
    <panic model='isa'/>
  </devices>
</domain>
)");
}

TEST_CASE("what prepare returns is prepared already") {
  const auto once = prepared(
      "<domain type='kvm'><name>a</name><memory>1048576</memory>"
      "<os><type machine='q35'>hvm</type></os><devices><graphics type='vnc'/>"
      "<interface type='user'/><console/></devices></domain>");
  auto twice = conf::prepare(once, conf::default_capabilities());
  REQUIRE(twice);
  CHECK(twice->spec().DebugString() == once.DebugString());
}
