#include "conf/domain/default_capabilities.h"

#include <array>
#include <string>
#include <string_view>

namespace lodge::conf {

namespace {

// The versions QEMU 7.2 still carries, newest first: the first one is what the alias means.
constexpr std::array kI440fx = {"7.2", "7.1", "7.0", "6.2",  "6.1",  "6.0",  "5.2", "5.1", "5.0", "4.2", "4.1",
                                "4.0", "3.1", "3.0", "2.12", "2.11", "2.10", "2.9", "2.8", "2.7", "2.6", "2.5",
                                "2.4", "2.3", "2.2", "2.1",  "2.0",  "1.7",  "1.6", "1.5", "1.4"};
constexpr std::array kQ35 = {"7.2", "7.1", "7.0", "6.2",  "6.1",  "6.0",  "5.2", "5.1", "5.0", "4.2", "4.1", "4.0.1",
                             "4.0", "3.1", "3.0", "2.12", "2.11", "2.10", "2.9", "2.8", "2.7", "2.6", "2.5", "2.4"};

void add_machine(v1::GuestCapabilities& guest, std::string name, std::string canonical, unsigned max_cpus,
                 std::string_view cpu) {
  auto& machine = *guest.add_machines();
  machine.set_name(std::move(name));
  machine.set_canonical(std::move(canonical));
  machine.set_max_cpus(max_cpus);
  machine.set_default_cpu(std::string(cpu));
}

void add_guest(v1::Capabilities& host, std::string arch, unsigned wordsize, std::string emulator,
               std::string_view cpu) {
  auto& guest = *host.add_guests();
  guest.set_os_type("hvm");
  guest.set_arch(std::move(arch));
  guest.set_wordsize(wordsize);
  guest.set_emulator(std::move(emulator));
  guest.add_domains()->set_type(v1::DOMAIN_TYPE_QEMU);
  guest.add_domains()->set_type(v1::DOMAIN_TYPE_KVM);

  add_machine(guest, "pc", std::string("pc-i440fx-") + kI440fx.front(), 255, cpu);
  guest.mutable_machines(0)->set_is_default(true);
  add_machine(guest, "q35", std::string("pc-q35-") + kQ35.front(), 288, cpu);
  for (const char* version : kI440fx) add_machine(guest, std::string("pc-i440fx-") + version, "", 255, cpu);
  for (const char* version : kQ35) add_machine(guest, std::string("pc-q35-") + version, "", 288, cpu);
  add_machine(guest, "isapc", "", 1, cpu);
  add_machine(guest, "microvm", "", 288, cpu);
}

}  // namespace

v1::Capabilities default_capabilities() {
  v1::Capabilities host;
  host.mutable_host()->mutable_cpu()->set_arch("x86_64");
  add_guest(host, "x86_64", 64, "/usr/bin/qemu-system-x86_64", "qemu64-x86_64-cpu");
  add_guest(host, "i686", 32, "/usr/bin/qemu-system-i386", "qemu32-i386-cpu");
  return host;
}

}  // namespace lodge::conf
