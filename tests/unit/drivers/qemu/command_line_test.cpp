#include "drivers/qemu/command_line/command_line.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/file.h"
#include "conf/domain/default_capabilities.h"
#include "conf/domain/normalize.h"
#include "conf/domain/validated.h"
#include "conf/xml/codec.h"
#include "drivers/qemu/command_line/arguments.h"
#include "drivers/qemu/command_line/vocabulary.h"
#include "drivers/qemu/live.h"

using namespace lodge;
using namespace lodge::drivers::qemu;

namespace {

const fs::path kGolden = fs::path(LODGE_SOURCE_DIR) / "tests/unit/drivers/qemu/golden";

// As QEMU 7.2 describes itself, as far as it matters here.
Emulator emulator() {
  Emulator emulator;
  emulator.identity.path = "/usr/bin/qemu-system-x86_64";
  emulator.major = 7;
  emulator.minor = 2;
  emulator.micro = 22;
  emulator.arch = "x86_64";
  emulator.kvm = true;
  emulator.machines = {{"pc-i440fx-7.2", "pc", true, 255, "qemu64-x86_64-cpu", "pc.ram"},
                       {"pc-q35-7.2", "q35", false, 288, "qemu64-x86_64-cpu", "pc.ram"}};
  emulator.devices = {"virtio-net-pci",
                      "e1000",
                      "e1000e",
                      "rtl8139",
                      "virtio-blk-pci",
                      "virtio-scsi-pci",
                      "ide-hd",
                      "ide-cd",
                      "scsi-hd",
                      "scsi-cd",
                      "usb-storage",
                      "floppy",
                      "isa-serial",
                      "pci-serial",
                      "usb-serial",
                      "qemu-xhci",
                      "piix3-usb-uhci",
                      "ich9-usb-ehci1",
                      "ich9-usb-uhci1",
                      "ich9-usb-uhci2",
                      "ich9-usb-uhci3",
                      "pcie-root-port",
                      "pcie-pci-bridge",
                      "pci-bridge",
                      "i82801b11-bridge",
                      "virtio-serial-pci",
                      "VGA",
                      "cirrus-vga",
                      "virtio-vga",
                      "qxl-vga",
                      "usb-tablet",
                      "usb-kbd",
                      "usb-mouse",
                      "i6300esb",
                      "lsi53c895a",
                      "ich9-ahci",
                      "usb-hub"};
  emulator.chardevs = {"pty", "socket", "file", "null", "udp"};
  emulator.options = {"sandbox"};
  return emulator;
}

v1::DomainSpec definition(std::string_view xml) {
  auto document = conf::xml::parse<v1::DomainSpec>(xml);
  if (!document) FAIL(document.error().message());
  auto normalized = conf::normalize(std::move(document->message), conf::default_capabilities(), document->source);
  if (!normalized) FAIL(normalized.error().message());
  return std::move(*normalized);
}

std::string text_of(const fs::path& path) {
  const auto text = read_file(path);
  if (!text) FAIL(text.error().message());
  return *text;
}

// What a start would make: descriptors 10, 11, … for the ports, so that the numbers in the child are seen to be others.
struct World {
  v1::DomainSpec live;
  std::map<int, netdev::NetworkPort> ports;
  std::map<int, std::vector<Fd>> vhost;
  Emulator qemu = emulator();

  explicit World(const v1::DomainSpec& spec) {
    for (int i = 0; i < spec.interfaces_size(); ++i) {
      const auto& interface = spec.interfaces(i);
      if (interface.has_user()) continue;
      netdev::NetworkPort& port = ports[i];
      port.name = fmt::format("tap{}", i);
      for (std::uint32_t queue = 0; queue < std::max(1u, interface.driver().queues()); ++queue) port.fds.emplace_back();
    }
    live = live_spec(spec, {.run_id = "run", .id = 1, .folder = "/run/lodge/web1"}, ports, "/var/lib/lodge/nvram");
  }

  CommandLine command() const {
    return command_line({.spec = live,
                         .emulator = qemu,
                         .folder = "/run/lodge/web1",
                         .monitor = 9,
                         .ports = ports,
                         .vhost = vhost,
                         .now = std::chrono::system_clock::from_time_t(1'700'000'000)});
  }

  // One option and its value per line.
  std::string text() const {
    const CommandLine command = this->command();
    std::string out;
    for (const auto& variable : command.environment) out += variable + "\n";
    for (const auto& argument : command.arguments) {
      out += argument.starts_with('-') || out.empty() ? (out.empty() ? "" : "\n") + argument : " " + argument;
    }
    return out + "\n";
  }
};

}  // namespace

TEST_CASE("definitions become the command lines kept beside this test") {
  // LODGE_WRITE_GOLDEN=1 writes them anew; look at the difference before it is committed.
  const std::string name = GENERATE(as<std::string>{}, "smallest-q35", "smallest-pc", "server", "desktop", "uefi",
                                    "many-buses");
  const World world(definition(text_of(kGolden / (name + ".xml"))));
  const std::string made = world.text();
  if (std::getenv("LODGE_WRITE_GOLDEN")) REQUIRE(write_file(kGolden / (name + ".args"), made, 0644));
  CHECK(made == text_of(kGolden / (name + ".args")));
}

TEST_CASE("a comma in a value is doubled where QEMU takes no JSON, and only there") {
  CHECK(Keyval("a,b").add("path", "/x,y").str() == "a,,b,path=/x,,y");
  Arguments arguments;
  arguments.add("-device", Props{{"driver", "x,y"}});
  CHECK(arguments.list() == std::vector<std::string>{"-device", R"({"driver":"x,y"})"});
}

TEST_CASE("inherited descriptors get dense numbers from 3 on") {
  Arguments arguments;
  CHECK(arguments.inherit(42) == 3);
  CHECK(arguments.inherit(17) == 4);
  CHECK(arguments.fds() == std::vector<int>{42, 17});
}

TEST_CASE("a guest that must not run on after a reset is held by QEMU") {
  v1::DomainSpec spec = definition(text_of(kGolden / "smallest-q35.xml"));
  CHECK(World(spec).text().find("-action reboot=reset,panic=pause") != std::string::npos);
  spec.set_on_reboot(v1::LIFECYCLE_ACTION_DESTROY);
  CHECK(World(spec).text().find("-action reboot=shutdown,panic=pause") != std::string::npos);
}

TEST_CASE("what the emulator cannot do or this driver does not do yet is refused, all at once, with its place") {
  v1::DomainSpec spec = definition(text_of(kGolden / "smallest-q35.xml"));
  spec.mutable_os()->set_machine("pc-q35-99");
  spec.add_interfaces()->mutable_network()->set_network("default");
  spec.mutable_interfaces(0)->set_model("e1000");
  spec.add_graphics()->mutable_spice();
  const auto findings = find_unsupported(spec, emulator());
  REQUIRE(findings.size() == 3);
  CHECK(findings[0].path == "/domain/os/type/@machine");
  CHECK(findings[0].message == "/usr/bin/qemu-system-x86_64 has no machine 'pc-q35-99'");
  CHECK(findings[1].path == "/domain/devices/interface/@type");
  for (const char* way : {"bridge", "direct", "user", "ethernet"}) {
    CHECK(findings[1].message.find(std::string("type='") + way) != std::string::npos);
  }
  CHECK(findings[2].message == "this QEMU has no SPICE: use type='vnc'");
}

TEST_CASE("every golden definition is one that can be started") {
  const std::string name = GENERATE(as<std::string>{}, "smallest-q35", "smallest-pc", "server", "desktop", "uefi",
                                    "many-buses");
  Emulator qemu = emulator();
  qemu.devices.insert({"virtio-rng-pci", "virtio-balloon-pci", "ich9-intel-hda", "hda-duplex"});
  for (const auto& finding : find_unsupported(definition(text_of(kGolden / (name + ".xml"))), qemu)) {
    FAIL(finding.path << ": " << finding.message);
  }
}

TEST_CASE("what the driver does not build is refused with its place, words and values alike") {
  v1::DomainSpec spec;
  spec.set_type(v1::DOMAIN_TYPE_HVF);
  spec.mutable_os()->set_init("/bin/sh");
  spec.add_shmems()->set_name("shared");
  spec.add_serials();
  spec.add_serials()->mutable_backend()->mutable_unused_source()->set_host("nobody");
  Refusals refusals;
  check_vocabulary(refusals, spec);
  std::vector<std::string> said;
  for (const auto& finding : refusals.take()) said.push_back(finding.path + ": " + finding.message);
  CHECK(
      said ==
      std::vector<std::string>{
          "/domain/@type: the QEMU driver does not build this yet (DOMAIN_TYPE_HVF)",
          "/domain/os/init: the QEMU driver does not build this yet (lodge.v1.Os.init)",
          "/domain/devices/serial[2]/source: the QEMU driver does not build this yet (lodge.v1.CharBackend.unused_source)",
          "/domain/devices/shmem: the QEMU driver does not build this yet (lodge.v1.DomainSpec.shmems)",
      });
}

TEST_CASE("boot devices of the firmware's own list become the first device of each kind") {
  v1::DomainSpec spec;
  spec.mutable_os()->add_boot(v1::BOOT_DEVICE_NETWORK);
  spec.mutable_os()->add_boot(v1::BOOT_DEVICE_CDROM);
  spec.mutable_os()->add_boot(v1::BOOT_DEVICE_HD);
  spec.add_disks()->set_device(v1::DISK_DEVICE_DISK);
  spec.add_disks()->set_device(v1::DISK_DEVICE_DISK);
  spec.add_disks()->set_device(v1::DISK_DEVICE_CDROM);
  spec.add_interfaces();
  const BootOrder order = boot_order(spec);
  CHECK(order.interfaces == std::map<int, std::uint32_t>{{0, 1}});
  CHECK(order.disks == std::map<int, std::uint32_t>{{2, 2}, {0, 3}});
}

TEST_CASE("a device's own boot order counts alone") {
  v1::DomainSpec spec;
  spec.mutable_os()->add_boot(v1::BOOT_DEVICE_HD);
  spec.add_disks()->set_device(v1::DISK_DEVICE_DISK);
  spec.add_interfaces()->mutable_boot()->set_order(1);
  const BootOrder order = boot_order(spec);
  CHECK(order.disks.empty());
  CHECK(order.interfaces.at(0) == 1);
}
