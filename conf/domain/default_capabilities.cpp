#include "conf/domain/default_capabilities.h"

#include <span>
#include <string>
#include <string_view>

namespace lodge::conf {

namespace {

using Versions = std::span<const std::string_view>;

// The versions QEMU 7.2 still carries, newest first: the first one is what the alias means.
constexpr std::string_view kI440fx[] = {"7.2", "7.1", "7.0", "6.2",  "6.1",  "6.0",  "5.2", "5.1", "5.0", "4.2", "4.1",
                                        "4.0", "3.1", "3.0", "2.12", "2.11", "2.10", "2.9", "2.8", "2.7", "2.6", "2.5",
                                        "2.4", "2.3", "2.2", "2.1",  "2.0",  "1.7",  "1.6", "1.5", "1.4"};
constexpr std::string_view kQ35[] = {"7.2",  "7.1",  "7.0", "6.2",   "6.1", "6.0", "5.2", "5.1",
                                     "5.0",  "4.2",  "4.1", "4.0.1", "4.0", "3.1", "3.0", "2.12",
                                     "2.11", "2.10", "2.9", "2.8",   "2.7", "2.6", "2.5", "2.4"};
constexpr std::string_view kVirt[] = {"7.2", "7.1", "7.0", "6.2",  "6.1",  "6.0",  "5.2", "5.1", "5.0", "4.2", "4.1",
                                      "4.0", "3.1", "3.0", "2.12", "2.11", "2.10", "2.9", "2.8", "2.7", "2.6"};
constexpr std::string_view kPower9[] = {"7.2", "7.1", "7.0", "6.2", "6.1", "6.0",
                                        "5.2", "5.1", "5.0", "4.2", "4.1", "4.0"};
constexpr std::string_view kPower8[] = {"3.1", "3.0", "2.12-sxxm", "2.12", "2.11", "2.10", "2.9", "2.8"};
constexpr std::string_view kPower7[] = {"2.7", "2.6", "2.5", "2.4", "2.3", "2.2", "2.1"};
constexpr std::string_view kCcw[] = {"7.2",  "7.1", "7.0", "6.2", "6.1", "6.0", "5.2",  "5.1",
                                     "5.0",  "4.2", "4.1", "4.0", "3.1", "3.0", "2.12", "2.11",
                                     "2.10", "2.9", "2.8", "2.7", "2.6", "2.5", "2.4"};

// One emulator; machines are added to it.
class Guest {
 public:
  Guest(v1::Capabilities& host, std::string_view arch, unsigned wordsize, std::string_view program)
      : guest_(*host.add_guests()) {
    guest_.set_os_type("hvm");
    guest_.set_arch(std::string(arch));
    guest_.set_wordsize(wordsize);
    guest_.set_emulator("/usr/bin/qemu-system-" + std::string(program));
    guest_.add_domains()->set_type(v1::DOMAIN_TYPE_QEMU);
    guest_.add_domains()->set_type(v1::DOMAIN_TYPE_KVM);
  }

  v1::GuestMachine& add(std::string_view name, unsigned max_cpus, std::string_view cpu) {
    auto& machine = *guest_.add_machines();
    machine.set_name(std::string(name));
    machine.set_max_cpus(max_cpus);
    machine.set_default_cpu(std::string(cpu));
    return machine;
  }

  // A board in all its versions, and the alias that means the newest.
  v1::GuestMachine& add_versions(std::string_view alias, std::string_view board, Versions versions, unsigned max_cpus,
                                 std::string_view cpu) {
    auto& newest = add(alias, max_cpus, cpu);
    newest.set_canonical(std::string(board) + "-" + std::string(versions.front()));
    add_versions(board, versions, max_cpus, cpu);
    return newest;
  }
  void add_versions(std::string_view board, Versions versions, unsigned max_cpus, std::string_view cpu) {
    for (const auto version : versions) add(std::string(board) + "-" + std::string(version), max_cpus, cpu);
  }

 private:
  v1::GuestCapabilities& guest_;
};

void add_x86(v1::Capabilities& host, std::string_view arch, unsigned wordsize, std::string_view program,
             std::string_view cpu, std::string_view oldest_cpu) {
  Guest guest(host, arch, wordsize, program);
  guest.add_versions("pc", "pc-i440fx", kI440fx, 255, cpu).set_is_default(true);
  guest.add_versions("q35", "pc-q35", kQ35, 288, cpu);
  guest.add("isapc", 1, oldest_cpu);
  guest.add("microvm", 288, cpu);
}

void add_arm(v1::Capabilities& host, std::string_view arch, unsigned wordsize, std::string_view program) {
  Guest guest(host, arch, wordsize, program);
  guest.add_versions("virt", "virt", kVirt, 512, "cortex-a15-arm-cpu");
  guest.add("vexpress-a9", 4, "cortex-a9-arm-cpu");
  guest.add("vexpress-a15", 4, "cortex-a15-arm-cpu");
  guest.add("versatilepb", 1, "arm926-arm-cpu");
  guest.add("integratorcp", 1, "arm926-arm-cpu");
  guest.add("realview-eb", 1, "arm926-arm-cpu");
  guest.add("realview-pbx-a9", 4, "cortex-a9-arm-cpu");
  if (wordsize == 64) guest.add("sbsa-ref", 512, "cortex-a57-arm-cpu");
  for (const auto* board : {"akita", "borzoi", "collie", "n800", "raspi2b", "spitz", "tosa"}) guest.add(board, 4, "");
}

void add_ppc64(v1::Capabilities& host, std::string_view arch) {
  Guest guest(host, arch, 64, arch);
  guest.add_versions("pseries", "pseries", kPower9, 4096, "power9_v2.0-powerpc64-cpu").set_is_default(true);
  guest.add_versions("pseries", kPower8, 4096, "power8_v2.0-powerpc64-cpu");
  guest.add_versions("pseries", kPower7, 4096, "power7_v2.3-powerpc64-cpu");
  guest.add("powernv", 2048, "power9_v2.0-powerpc64-cpu").set_canonical("powernv9");
  guest.add("powernv8", 2048, "power8_v2.0-powerpc64-cpu");
  guest.add("powernv9", 2048, "power9_v2.0-powerpc64-cpu");
  guest.add("powernv10", 2048, "power10_v2.0-powerpc64-cpu");
  guest.add("mac99", 1, "970fx_v3.1-powerpc64-cpu");
}

void add_ppc(v1::Capabilities& host) {
  Guest guest(host, "ppc", 32, "ppc");
  guest.add("g3beige", 1, "750_v3.1-powerpc-cpu").set_is_default(true);
  guest.add("mac99", 1, "7400_v2.9-powerpc-cpu");
  guest.add("ppce500", 32, "e500v2_v30-powerpc-cpu");
}

void add_riscv(v1::Capabilities& host, std::string_view arch, unsigned wordsize, std::string_view cpu) {
  Guest guest(host, arch, wordsize, arch);
  guest.add("spike", 8, cpu).set_is_default(true);
  guest.add("virt", 512, cpu);
  guest.add("sifive_u", 5, "");
}

}  // namespace

v1::Capabilities default_capabilities() {
  v1::Capabilities host;
  host.mutable_host()->mutable_cpu()->set_arch("x86_64");
  add_x86(host, "x86_64", 64, "x86_64", "qemu64-x86_64-cpu", "486-x86_64-cpu");
  add_x86(host, "i686", 32, "i386", "qemu32-i386-cpu", "486-i386-cpu");
  add_arm(host, "aarch64", 64, "aarch64");
  add_arm(host, "armv7l", 32, "arm");
  add_arm(host, "armv6l", 32, "arm");
  add_ppc64(host, "ppc64");
  add_ppc64(host, "ppc64le");
  add_ppc(host);
  add_riscv(host, "riscv64", 64, "rv64-riscv-cpu");
  add_riscv(host, "riscv32", 32, "rv32-riscv-cpu");
  Guest(host, "s390x", 64, "s390x")
      .add_versions("s390-ccw-virtio", "s390-ccw-virtio", kCcw, 248, "qemu-s390x-cpu")
      .set_is_default(true);
  return host;
}

}  // namespace lodge::conf
