#include <catch2/catch.hpp>

#include "tests/unit/conf/domain/refused.h"

// What is refused of processors, memory, time and the guest's life.

using namespace lodge;
using namespace lodge::test;

namespace {

std::string cells(std::string_view first, std::string_view second) {
  return refused_at(
      fmt::format("<vcpu>4</vcpu><cpu><numa><cell cpus='{}' memory='524288'/>"
                  "<cell cpus='{}' memory='524288'/></numa></cpu>",
                  first, second));
}

std::string tune(std::string_view inside) {
  return refused_at(fmt::format("<vcpu>2</vcpu><iothreads>1</iothreads><cputune>{}</cputune>", inside));
}

std::string states(std::string_view first, std::string_view second) {
  return refused_at(fmt::format("<vcpu>2</vcpu><vcpus><vcpu id='0' {}/><vcpu id='1' {}/></vcpus>", first, second));
}

std::string pages(std::string_view first, std::string_view second) {
  return refused_at(
      fmt::format("<memoryBacking><hugepages><page size='2048' {}/><page size='1048576' {}/></hugepages>"
                  "</memoryBacking><vcpu>2</vcpu><cpu><numa><cell cpus='0' memory='524288'/>"
                  "<cell cpus='1' memory='524288'/></numa></cpu>",
                  first, second));
}

std::string ends(std::string_view poweroff, std::string_view reboot) {
  return refused_at(fmt::format("<on_poweroff>{}</on_poweroff><on_reboot>{}</on_reboot>", poweroff, reboot));
}

}  // namespace

TEST_CASE("each processor is in one NUMA node, and no node has more than there are") {
  CHECK(cells("0-1", "2-3") == "accepted");
  CHECK(cells("0-1", "1-3") == "/domain/cpu/numa/cell[2]/@cpus");
  CHECK(cells("0-1", "2-4") == "/domain/cpu/numa/cell[2]/@cpus");
}

TEST_CASE("periods and quotas stay in what control groups take") {
  CHECK(tune("<period>100000</period><quota>-1</quota><emulator_quota>0</emulator_quota>") == "accepted");
  CHECK(tune("<period>999</period>") == "/domain/cputune/period");
  CHECK(tune("<global_period>1000001</global_period>") == "/domain/cputune/global_period");
  CHECK(tune("<emulator_quota>999</emulator_quota>") == "/domain/cputune/emulator_quota");
  CHECK(tune("<iothread_quota>17592186045</iothread_quota>") == "/domain/cputune/iothread_quota");
}

TEST_CASE("what is pinned is there, and pinned once") {
  CHECK(tune("<vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='1' cpuset='1'/>") == "accepted");
  CHECK(tune("<vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='0' cpuset='2'/>") == "/domain/cputune/vcpupin[2]");
  CHECK(tune("<vcpupin vcpu='1' cpuset='1'/><vcpupin vcpu='1' cpuset='2'/><vcpupin vcpu='0' cpuset='1'/>") ==
        "/domain/cputune/vcpupin[2]");
  CHECK(tune("<iothreadpin iothread='1' cpuset='1'/>") == "accepted");
  CHECK(tune("<iothreadpin iothread='2' cpuset='1'/>") == "/domain/cputune/iothreadpin");
}

TEST_CASE("a guest boots on processor 0, and every processor is plugged at its own turn") {
  CHECK(states("enabled='yes' hotpluggable='no' order='1'", "enabled='no' hotpluggable='yes'") == "accepted");
  CHECK(states("enabled='no' hotpluggable='no'", "enabled='yes' hotpluggable='yes'") ==
        "/domain/vcpus/vcpu[1]/@enabled");
  CHECK(states("enabled='yes' hotpluggable='yes'", "enabled='yes' hotpluggable='yes'") ==
        "/domain/vcpus/vcpu[1]/@hotpluggable");
  CHECK(states("enabled='yes' order='1'", "enabled='yes' order='1'") == "/domain/vcpus/vcpu[2]/@order");
}

TEST_CASE("a NUMA node's memory comes in pages of one size") {
  CHECK(pages("nodeset='0'", "nodeset='1'") == "accepted");
  CHECK(pages("", "nodeset='1'") == "accepted");
  CHECK(pages("nodeset='0-1'", "nodeset='1'") == "/domain/memoryBacking/hugepages/page[2]/@nodeset");
  CHECK(pages("nodeset='0'", "nodeset='2'") == "/domain/memoryBacking/hugepages/page[2]/@nodeset");
  CHECK(pages("", "") == "/domain/memoryBacking/hugepages/page[2]");
}

TEST_CASE("a disk of the host has its share once") {
  const auto share = [](std::string_view other) {
    return refused_at(
        fmt::format("<blkiotune><device><path>/dev/sda</path><weight>200</weight></device>"
                    "<device><path>{}</path><weight>300</weight></device></blkiotune>",
                    other));
  };
  CHECK(share("/dev/sdb") == "accepted");
  CHECK(share("/dev/sda") == "/domain/blkiotune/device[2]/path");
}

TEST_CASE("what happens at the end can be done, and goes together") {
  CHECK(ends("destroy", "restart") == "accepted");
  CHECK(ends("restart", "restart") == "accepted");
  CHECK(ends("preserve", "preserve") == "accepted");  // libvirt cannot, we can
  CHECK(ends("restart", "destroy") == "/domain/on_reboot");
}

TEST_CASE("a clock says what it is set by") {
  CHECK(refused_at("<clock offset='utc' adjustment='reset'/>") == "accepted");
  CHECK(refused_at("<clock offset='variable' adjustment='-3600'/>") == "accepted");
  CHECK(refused_at("<clock offset='utc' adjustment='soon'/>") == "/domain/clock/@adjustment");
  CHECK(refused_at("<clock offset='variable' adjustment='reset'/>") == "/domain/clock/@adjustment");
  CHECK(refused_at("<clock offset='timezone' timezone=''/>") == "/domain/clock/@timezone");
  CHECK(refused_at("<clock offset='absolute'/>") == "/domain/clock/@start");
}

TEST_CASE("encrypted memory says by which policy") {
  CHECK(refused_at("<launchSecurity type='sev'><policy>0x0001</policy></launchSecurity>") == "accepted");
  CHECK(refused_at("<launchSecurity type='sev'/>") == "/domain/launchSecurity/policy");
}

TEST_CASE("weights and helpers of threads are in their range") {
  CHECK(tune("<shares>2</shares>") == "accepted");
  CHECK(tune("<shares>1</shares>") == "/domain/cputune/shares");
  CHECK(refused_at("<iothreadids><iothread id='1' thread_pool_min='4' thread_pool_max='8'/></iothreadids>") ==
        "accepted");
  CHECK(refused_at("<iothreadids><iothread id='1' thread_pool_min='9' thread_pool_max='8'/></iothreadids>") ==
        "/domain/iothreadids/iothread/@thread_pool_min");
  CHECK(refused_at("<defaultiothread thread_pool_max='0'/>") == "/domain/defaultiothread/@thread_pool_max");
}
