#include <catch2/catch.hpp>

#include "tests/unit/conf/domain/refused.h"

// What is refused of the machine: firmware, features, timers, memory, the threads that run it.

using namespace lodge;
using namespace lodge::test;

namespace {

std::string os(std::string_view attributes, std::string_view inside, std::string_view features = "<acpi/>",
               std::string_view machine = "q35") {
  return refused_at(fmt::format("<domain type='kvm'><name>a</name><memory>1048576</memory><os {}><type arch='x86_64' "
                                "machine='{}'>hvm</type>{}</os><features>{}</features></domain>",
                                attributes, machine, inside, features),
                    conf::default_capabilities());
}

std::string features(std::string_view inside) { return refused_at(fmt::format("<features>{}</features>", inside)); }

std::string timer(std::string_view name) {
  return refused_at(fmt::format("<clock offset='utc'><timer name='rtc'/><timer name='{}'/></clock>", name));
}

std::string iommu(std::string_view before, std::string_view inside, std::string_view machine = "q35") {
  return refused_at(fmt::format("{}<devices><iommu {}</iommu></devices>", before, inside), machine);
}

// A guest with two slots, and these modules.
std::string modules(std::string_view inside) {
  return refused_at(
      fmt::format("<maxMemory slots='2' unit='GiB'>8</maxMemory><vcpu>2</vcpu><cpu><numa>"
                  "<cell cpus='0-1' memory='1048576'/></numa></cpu><devices>{}</devices>",
                  inside));
}

std::string module(std::string_view attributes, std::string_view target, std::string_view source = "") {
  return modules(fmt::format("<memory {}><source>{}</source><target><size unit='MiB'>512</size>{}</target></memory>",
                             attributes, source, target));
}

std::string dimms(std::string_view first, std::string_view second) {
  const auto dimm = [](std::string_view slot) {
    return fmt::format("<memory model='dimm'><target><size unit='MiB'>512</size><node>0</node></target>{}</memory>",
                       slot);
  };
  return modules(dimm(first) + dimm(second));
}

std::string tune(std::string_view inside) {
  return refused_at(fmt::format("<vcpu>4</vcpu><iothreads>2</iothreads><cputune>{}</cputune>", inside));
}

std::string cells(std::string_view first, std::string_view second) {
  return refused_at(
      fmt::format("<vcpu>4</vcpu><cpu><numa><cell {} memory='524288'/><cell {} memory='524288'/></numa>"
                  "</cpu>",
                  first, second));
}

std::string distance(std::string_view sibling) {
  return refused_at(
      fmt::format("<vcpu>2</vcpu><cpu><numa><cell id='0' cpus='0' memory='524288'><distances>"
                  "<sibling {}/></distances></cell><cell id='1' cpus='1' memory='524288'/></numa></cpu>",
                  sibling));
}

}  // namespace

TEST_CASE("firmware is named or found, and secure boot needs what keeps it") {
  CHECK(os("", "<loader type='pflash' readonly='yes'>/f.fd</loader>") == "accepted");
  CHECK(os("", "<loader type='pflash' readonly='yes'/>") == "/domain/os/loader");
  CHECK(os("firmware='efi'", "<firmware><feature enabled='yes' name='secure-boot'/></firmware>") == "accepted");
  CHECK(os("", "<firmware><feature enabled='yes' name='secure-boot'/></firmware>") == "/domain/os/firmware");
  const std::string_view secure = "<loader type='pflash' readonly='yes' secure='yes'>/f.fd</loader>";
  CHECK(os("", secure, "<acpi/><smm/>") == "accepted");
  CHECK(os("", secure) == "/domain/os/loader/@secure");
  CHECK(os("", secure, "<acpi/><smm/>", "pc") == "/domain/os/loader/@secure");
}

TEST_CASE("features have values that the guest can be told") {
  CHECK(features("<smm><tseg unit='MiB'>48</tseg></smm>") == "accepted");
  CHECK(features("<smm><tseg unit='KiB'>1536</tseg></smm>") == "/domain/features/smm/tseg");
  CHECK(features("<hyperv><vendor_id state='on' value='KVM Hv'/></hyperv>") == "accepted");
  CHECK(features("<hyperv><vendor_id state='on'/></hyperv>") == "/domain/features/hyperv/vendor_id/@value");
  CHECK(features("<hyperv><vendor_id state='on' value='a,b'/></hyperv>") == "/domain/features/hyperv/vendor_id/@value");
  CHECK(features("<hyperv><spinlocks state='on'/></hyperv>") == "/domain/features/hyperv/spinlocks/@retries");
  CHECK(features("<hyperv><spinlocks state='on' retries='4095'/></hyperv>") == "accepted");
}

TEST_CASE("timers are the architecture's") {
  CHECK(timer("kvmclock") == "accepted");
  CHECK(timer("platform") == "/domain/clock/timer[2]/@name");
  CHECK(timer("armvtimer") == "/domain/clock/timer[2]/@name");
}

TEST_CASE("an IOMMU is for its board, and what remaps interrupts has them") {
  const std::string_view acpi = "<features><acpi/></features>";
  const std::string_view split = "<features><ioapic driver='qemu'/></features>";
  CHECK(iommu(split, "model='intel'><driver intremap='on' eim='on'/>") == "accepted");
  CHECK(iommu("", "model='intel'><driver intremap='on'/>") == "/domain/devices/iommu/driver/@intremap");
  CHECK(iommu("", "model='intel'><driver eim='on'/>") == "/domain/devices/iommu/driver/@eim");
  CHECK(iommu(acpi, "model='virtio'>") == "accepted");
  CHECK(iommu("", "model='virtio'>") == "/domain/devices/iommu/@model");
  CHECK(iommu(acpi, "model='virtio'>", "pc") == "/domain/devices/iommu/@model");
  CHECK(refused_at("<vcpu>256</vcpu>") == "/domain/vcpu");
  CHECK(iommu(std::string("<vcpu>256</vcpu>") + std::string(split), "model='intel'><driver intremap='on' eim='on'/>") ==
        "accepted");
}

TEST_CASE("modules are each in a slot that there is") {
  CHECK(dimms("<address type='dimm' slot='0'/>", "<address type='dimm' slot='1'/>") == "accepted");
  CHECK(dimms("<address type='dimm' slot='0'/>", "<address type='dimm' slot='0'/>") ==
        "/domain/devices/memory[2]/address/@slot");
  CHECK(dimms("<address type='dimm' slot='0'/>", "<address type='dimm' slot='2'/>") ==
        "/domain/devices/memory[2]/address/@slot");
  CHECK(modules("<memory model='dimm'><target><size>524288</size><node>0</node></target></memory>"
                "<memory model='dimm'><target><size>524288</size><node>0</node></target></memory>"
                "<memory model='dimm'><target><size>524288</size><node>0</node></target></memory>") ==
        "/domain/devices/memory[3]");
}

TEST_CASE("each kind of module has what it is made of") {
  const std::string_view node = "<node>0</node>";
  CHECK(module("model='virtio-mem'", "<node>0</node><block unit='MiB'>2</block><requested unit='MiB'>4</requested>") ==
        "accepted");
  CHECK(module("model='virtio-mem'", "<node>0</node><block unit='MiB'>3</block><requested unit='MiB'>6</requested>") ==
        "/domain/devices/memory/target/block");
  CHECK(module("model='virtio-mem'", "<node>0</node><block unit='MiB'>2</block><requested unit='MiB'>3</requested>") ==
        "/domain/devices/memory/target/requested");
  CHECK(module("model='virtio-mem'", "<node>0</node><block unit='MiB'>2</block><requested unit='GiB'>1</requested>") ==
        "/domain/devices/memory/target/requested");
  CHECK(module("model='nvdimm'", "<node>0</node><label><size>128</size></label>", "<path>/p</path>") == "accepted");
  CHECK(module("model='nvdimm'", "<node>0</node><label><size>64</size></label>", "<path>/p</path>") ==
        "/domain/devices/memory/target/label/size");
  CHECK(module("model='nvdimm'", node) == "/domain/devices/memory/source/path");
  CHECK(module("model='virtio-pmem'", "", "<path>/p</path>") == "accepted");
  CHECK(module("model='virtio-pmem'", "") == "/domain/devices/memory/source/path");
  CHECK(module("model='virtio-pmem' access='private'", "", "<path>/p</path>") == "/domain/devices/memory/@access");
  CHECK(module("model='virtio-pmem'", node, "<path>/p</path>") == "/domain/devices/memory/target/node");
}

TEST_CASE("POWER plugs memory into a guest without nodes") {
  const auto plugged = [](std::string_view arch, std::string_view machine) {
    return refused_at(
        fmt::format("<domain type='qemu'><name>a</name><maxMemory slots='4' unit='GiB'>4</maxMemory>"
                    "<memory unit='GiB'>1</memory><os><type arch='{}' machine='{}'>hvm</type></os></domain>",
                    arch, machine),
        conf::default_capabilities());
  };
  CHECK(plugged("ppc64", "pseries") == "accepted");
  CHECK(plugged("x86_64", "q35") == "/domain/maxMemory");
}

TEST_CASE("a NUMA node is told where the document has it") {
  CHECK(cells("id='1' cpus='0-1'", "id='0' cpus='1-3'") == "/domain/cpu/numa/cell[1]/@cpus");
  CHECK(cells("id='0' cpus='0-1'", "id='0' cpus='2-3'") == "/domain/cpu/numa/cell[2]/@id");
  CHECK(cells("id='0' cpus='0-1'", "id='2' cpus='2-3'") == "/domain/cpu/numa/cell[2]/@id");
  CHECK(distance("id='1' value='255'") == "accepted");
  CHECK(distance("id='1' value='9'") == "/domain/cpu/numa/cell[1]/distances/sibling/@value");
  CHECK(distance("id='1' value='256'") == "/domain/cpu/numa/cell[1]/distances/sibling/@value");
  CHECK(distance("id='2' value='20'") == "/domain/cpu/numa/cell[1]/distances/sibling/@id");
  CHECK(refused_at("<vcpu>2</vcpu><numatune><memnode cellid='0' mode='strict'/></numatune><cpu><numa>"
                   "<cell cpus='0-1' memory='1048576'/></numa></cpu>") == "/domain/numatune/memnode/@nodeset");
}

TEST_CASE("threads are scheduled once, by a priority, where the document says so") {
  CHECK(tune("<iothreadsched iothreads='1-2' scheduler='fifo' priority='1'/>") == "accepted");
  CHECK(tune("<iothreadsched iothreads='1' scheduler='batch'/><iothreadsched iothreads='1-2' scheduler='batch'/>") ==
        "/domain/cputune/iothreadsched[2]");
  CHECK(tune("<vcpusched vcpus='3' scheduler='batch'/><vcpusched vcpus='0-3' scheduler='batch'/>") ==
        "/domain/cputune/vcpusched[2]");
  CHECK(tune("<vcpusched vcpus='0-3' scheduler='fifo'/>") == "/domain/cputune/vcpusched/@priority");
  CHECK(tune("<emulatorsched scheduler='rr'/>") == "/domain/cputune/emulatorsched/@priority");
  CHECK(tune("<vcpusched vcpus='4' scheduler='batch'/>") == "/domain/cputune/vcpusched/@vcpus");
  CHECK(tune("<iothreadsched iothreads='9' scheduler='batch'/>") == "/domain/cputune/iothreadsched/@iothreads");
}

TEST_CASE("processors are in one group of the host's cache and memory") {
  const std::string_view cache =
      "<cachetune vcpus='0-1'><cache id='0' level='3' type='both' size='3' unit='MiB'/>"
      "</cachetune>";
  const auto with = [&](std::string_view other) { return tune(fmt::format("{}{}", cache, other)); };
  CHECK(with("<memorytune vcpus='0-1'><node id='0' bandwidth='60'/></memorytune>") == "accepted");
  CHECK(with("<memorytune vcpus='1-2'><node id='0' bandwidth='60'/></memorytune>") ==
        "/domain/cputune/memorytune/@vcpus");
  CHECK(with("<cachetune vcpus='1-2'><cache id='1' level='3' type='both' size='3' unit='MiB'/></cachetune>") ==
        "/domain/cputune/cachetune[2]/@vcpus");
  CHECK(tune("<memorytune vcpus='0'><node id='0' bandwidth='200'/></memorytune>") ==
        "/domain/cputune/memorytune/node/@bandwidth");
  CHECK(tune("<memorytune vcpus='0'><node id='0' bandwidth='20'/><node id='0' bandwidth='30'/></memorytune>") ==
        "/domain/cputune/memorytune/node[2]/@id");
}

TEST_CASE("each security module says once what it does") {
  const std::string_view none = "<seclabel type='none' model='dac'/>";
  CHECK(refused_at(none) == "accepted");
  CHECK(refused_at(std::string(none) + std::string(none)) == "/domain/seclabel[2]/@model");
  CHECK(refused_at("<seclabel type='static' model='dac'/>") == "/domain/seclabel/label");
}

TEST_CASE("a processor's parts go with its mode and its model") {
  CHECK(refused_at("<cpu mode='host-passthrough' migratable='off'/>") == "accepted");
  CHECK(refused_at("<cpu mode='custom' migratable='off'><model>Haswell</model></cpu>") == "/domain/cpu/@migratable");
  CHECK(refused_at("<cpu><feature name='avx2'/></cpu>") == "/domain/cpu/feature");
  CHECK(refused_at("<cpu><vendor>Intel</vendor></cpu>") == "/domain/cpu/vendor");
  CHECK(refused_at("<cpu mode='host-passthrough'><maxphysaddr mode='emulate' bits='42'/></cpu>") == "accepted");
  CHECK(refused_at("<cpu mode='host-passthrough'><maxphysaddr mode='emulate'/></cpu>") ==
        "/domain/cpu/maxphysaddr/@bits");
  CHECK(refused_at("<cpu mode='host-passthrough'><maxphysaddr mode='passthrough' bits='42'/></cpu>") ==
        "/domain/cpu/maxphysaddr/@bits");
}
