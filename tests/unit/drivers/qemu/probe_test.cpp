#include "drivers/qemu/probe.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "drivers/qemu/kvm.h"
#include "drivers/qemu/probe_cache.h"
#include "tests/unit/drivers/qemu/temporary.h"

using namespace lodge;
using namespace lodge::drivers::qemu;
using qmp::Json;

namespace {

// In the order of kProbeCommands, as QEMU 7.2 answers.
std::vector<Json> answers() {
  return {
      Json::parse(R"({"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian 1:7.2"})"),
      Json::parse(R"({"arch": "x86_64"})"),
      Json::parse(R"({"enabled": false, "present": true})"),
      Json::parse(R"([{"name": "none", "cpu-max": 1},
                      {"name": "pc-q35-7.2", "alias": "q35", "cpu-max": 288, "default-cpu-type": "qemu64-x86_64-cpu",
                       "default-ram-id": "pc.ram"},
                      {"name": "pc-i440fx-7.2", "alias": "pc", "is-default": true, "cpu-max": 255}])"),
      Json::parse(R"([{"name": "virtio-net-pci", "parent": "x"}, {"name": "e1000"}, {"nothing": 1}, 7])"),
      Json::parse(R"([{"name": "secret"}])"),
      Json::parse(R"([{"name": "pty"}, {"name": "spicevmc"}])"),
      Json::parse(R"([{"option": "sandbox", "parameters": []}])"),
      Json::parse(R"([{"name": "qemu64"}, {"name": "max"}])"),
  };
}

fs::path program_in(const fs::path& folder, const std::string& name) {
  fs::create_directories(folder);
  const fs::path path = folder / name;
  REQUIRE(write_file(path, "#!/bin/sh\n", 0755));
  return path;
}

}  // namespace

TEST_CASE("an emulator is what its answers say") {
  REQUIRE(kProbeCommands.size() == answers().size());
  const Emulator emulator = emulator_from(answers());
  CHECK(emulator.version() == "7.2.22");
  CHECK(emulator.arch == "x86_64");
  CHECK(emulator.kvm);
  REQUIRE(emulator.machines.size() == 2);
  CHECK(emulator.machine("q35")->name == "pc-q35-7.2");
  CHECK(emulator.machine("pc-q35-7.2")->default_ram_id == "pc.ram");
  CHECK(emulator.machine("none") == nullptr);
  CHECK(emulator.machine("") == nullptr);
  CHECK(emulator.has_device("e1000"));
  CHECK_FALSE(emulator.has_device("e10"));
  CHECK(emulator.has_spice());
  CHECK(emulator.cpus == std::vector<std::string>{"max", "qemu64"});
}

TEST_CASE("answers of other shapes make a poorer emulator, never a crash") {
  for (std::size_t broken = 0; broken < kProbeCommands.size(); ++broken) {
    for (const Json& junk :
         {Json(), Json(7), Json("text"), Json::array({1, nullptr, "x"}), Json::object({{"arch", 7}})}) {
      auto odd = answers();
      odd[broken] = junk;
      emulator_from(odd);
    }
  }
  CHECK(emulator_from({}).machines.empty());
}

TEST_CASE("capabilities list a machine under its alias, too, and KVM only where it can be used") {
  const auto guest = guest_capabilities(emulator_from(answers()), "x86_64", /*kvm_usable=*/false);
  CHECK(guest.arch() == "x86_64");
  CHECK(guest.wordsize() == 64);
  REQUIRE(guest.machines_size() == 4);
  const auto& alias = guest.machines(0);
  CHECK(alias.name() == "pc");
  CHECK(alias.canonical() == "pc-i440fx-7.2");
  CHECK_FALSE(alias.is_default());
  CHECK(guest.machines(1).is_default());
  REQUIRE(guest.domains_size() == 1);
  CHECK(guest.domains(0).type() == v1::DOMAIN_TYPE_QEMU);
  CHECK(guest_capabilities(emulator_from(answers()), "x86_64", true).domains_size() == 2);
}

TEST_CASE("one program runs guests of several architectures, under libvirt's names") {
  Emulator arm;
  arm.arch = "arm";
  CHECK(arm.arches() == std::vector<std::string>{"armv7l", "armv6l"});
  CHECK(guest_capabilities(arm, "armv7l", false).wordsize() == 32);
  CHECK(program_arch("armv6l") == "arm");
  CHECK(program_arch("i686") == "i386");
  CHECK(program_arch("s390x") == "s390x");
}

TEST_CASE("what was learned is kept until the program changes") {
  test::Temporary folder;
  const fs::path program = program_in(folder.path() / "bin", "qemu-system-x86_64");
  Emulator emulator = emulator_from(answers());
  emulator.identity = *identify_program(program);
  const fs::path cache = folder.path() / "cache";
  CHECK_FALSE(load_emulator(cache, emulator.identity));
  REQUIRE(save_emulator(cache, emulator));

  const auto known = load_emulator(cache, emulator.identity);
  REQUIRE(known);
  CHECK(known->version() == emulator.version());
  CHECK(known->devices == emulator.devices);
  CHECK(known->machine("q35")->default_cpu == "qemu64-x86_64-cpu");
  CHECK(known->machine("q35")->max_cpus == 288);
  CHECK(known->chardevs == emulator.chardevs);
  CHECK(known->options == emulator.options);
  CHECK(known->cpus == emulator.cpus);
  CHECK(known->kvm);

  REQUIRE(write_file(program, "#!/bin/sh\n", 0755));
  const auto changed = identify_program(program);
  CHECK(changed->inode != emulator.identity.inode);
  CHECK_FALSE(load_emulator(cache, *changed));
}

TEST_CASE("a cache that cannot be read counts as none") {
  test::Temporary folder;
  const fs::path program = program_in(folder.path() / "bin", "qemu-system-x86_64");
  Emulator emulator = emulator_from(answers());
  emulator.identity = *identify_program(program);
  REQUIRE(save_emulator(folder.path(), emulator));
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    if (entry.path().extension() == ".json") REQUIRE(write_file(entry.path(), "{\"format\": 1, \"identity\""));
  }
  CHECK_FALSE(load_emulator(folder.path(), emulator.identity));
  CHECK_FALSE(load_emulator("", emulator.identity));
  CHECK(save_emulator("", emulator).has_value());
}

TEST_CASE("emulators are found in order of the folders, each name once, and only programs") {
  test::Temporary folder;
  const fs::path first = folder.path() / "first", second = folder.path() / "second";
  program_in(first, "qemu-system-x86_64");
  program_in(first, "qemu-img");
  program_in(second, "qemu-system-x86_64");
  program_in(second, "qemu-system-arm");
  REQUIRE(write_file(second / "qemu-system-notes", "text", 0644));
  CHECK(find_emulators({first, folder.path() / "missing", second}) ==
        std::vector<std::string>{first / "qemu-system-x86_64", second / "qemu-system-arm"});
}

TEST_CASE("what is not a program cannot be an emulator") {
  test::Temporary folder;
  CHECK(identify_program(folder.path()).error().code() == Code::permission_denied);
  CHECK(identify_program(folder.path() / "missing").error().code() == Code::not_found);
}

TEST_CASE("where KVM cannot be used, the error says what to do instead") {
  if (const auto usable = kvm_usable(); !usable) {
    CHECK(usable.error().message().find("<domain type='qemu'>") != std::string::npos);
  }
  CHECK_FALSE(kvm_runs("pdp11"));
}
