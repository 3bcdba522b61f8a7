#include "conf/domain/machine.h"

#include <catch2/catch.hpp>

#include "conf/domain/default_capabilities.h"
#include "conf/domain/disk_name.h"

using namespace lodge;

namespace {

v1::DomainSpec spec_of(const std::string& arch, const std::string& machine, const std::string& emulator = "") {
  v1::DomainSpec spec;
  spec.mutable_os()->set_type("hvm");
  spec.mutable_os()->set_arch(arch);
  spec.mutable_os()->set_machine(machine);
  spec.set_emulator(emulator);
  return spec;
}

}  // namespace

TEST_CASE("the chipset follows from the machine type, old spellings too") {
  CHECK(conf::chipset_of(spec_of("x86_64", "pc-q35-7.2").os()) == conf::Chipset::q35);
  CHECK(conf::chipset_of(spec_of("i686", "pc-i440fx-2.1").os()) == conf::Chipset::i440fx);
  CHECK(conf::chipset_of(spec_of("x86_64", "pc-1.3").os()) == conf::Chipset::i440fx);
  CHECK(conf::chipset_of(spec_of("x86_64", "microvm").os()) == conf::Chipset::other);
  CHECK(conf::chipset_of(spec_of("aarch64", "q35").os()) == conf::Chipset::other);
  CHECK(conf::chipset_of(spec_of("aarch64", "virt-2.6").os()) == conf::Chipset::virt);
  CHECK(conf::chipset_of(spec_of("ppc64", "pseries-2.12-sxxm").os()) == conf::Chipset::pseries);
  CHECK(conf::chipset_of(spec_of("s390x", "s390-ccw-virtio-7.2").os()) == conf::Chipset::ccw);
}

TEST_CASE("the emulator that was named is preferred, and another one will do") {
  auto host = conf::default_capabilities();
  auto& second = *host.add_guests() = host.guests(0);
  second.set_emulator("/opt/qemu/bin/qemu-system-x86_64");
  CHECK(conf::find_guest(host, spec_of("x86_64", "q35"))->emulator() == "/usr/bin/qemu-system-x86_64");
  CHECK(conf::find_guest(host, spec_of("x86_64", "q35", second.emulator()))->emulator() == second.emulator());
  CHECK(conf::find_guest(host, spec_of("sparc64", "sun4u")) == nullptr);
}

TEST_CASE("a 32-bit guest of the 64-bit emulator gets that emulator's CPU") {
  const auto host = conf::default_capabilities();
  CHECK(conf::default_cpu_model(host, spec_of("i686", "pc", "/usr/bin/qemu-system-x86_64")) == "qemu64");
  CHECK(conf::default_cpu_model(host, spec_of("i686", "pc", "/usr/bin/qemu-system-i386")) == "qemu32");
}

TEST_CASE("a CPU is called what users call it, not what the emulator's type is") {
  const auto host = conf::default_capabilities();
  CHECK(conf::default_cpu_model(host, spec_of("ppc64", "pseries-2.12-sxxm")) == "POWER8");
  CHECK(conf::default_cpu_model(host, spec_of("aarch64", "virt")) == "cortex-a15");
  CHECK(conf::default_cpu_model(host, spec_of("s390x", "s390-ccw-virtio")) == "qemu");
}

TEST_CASE("targets count like spreadsheet columns") {
  CHECK(conf::disk_number("hda") == 0U);
  CHECK(conf::disk_number("vdz") == 25U);
  CHECK(conf::disk_number("sdaa") == 26U);
  CHECK(conf::disk_number("xvdb") == 1U);
  CHECK(conf::disk_number("sda1") == 0U);
  CHECK_FALSE(conf::disk_number("sd"));
  CHECK_FALSE(conf::disk_number("nvme0n1"));
  CHECK_FALSE(conf::disk_number("sdaaaaaaaaa"));
  CHECK_FALSE(conf::disk_number("sda b"));
}
