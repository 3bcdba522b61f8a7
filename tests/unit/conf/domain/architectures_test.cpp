#include <catch2/catch.hpp>

#include "conf/domain/default_capabilities.h"
#include "conf/domain/prepare.h"

// What differs from x86: the boards of ARM, POWER, s390x and RISC-V.

using namespace lodge;

namespace {

struct Board {
  std::string_view arch;
  std::string_view machine;
};

constexpr Board kArm = {"aarch64", "virt"};
constexpr Board kPower = {"ppc64", "pseries"};
constexpr Board kMainframe = {"s390x", "s390-ccw-virtio"};
constexpr Board kRiscv = {"riscv64", "virt"};

std::string document(Board board, std::string_view devices, std::string_view before = {}) {
  return fmt::format(
      "<domain type='qemu'><name>a</name><memory>1048576</memory><os><type arch='{}' machine='{}'>hvm</type></os>{}"
      "<devices>{}</devices></domain>",
      board.arch, board.machine, before, devices);
}

v1::DomainSpec guest(Board board, std::string_view devices) {
  auto domain = conf::prepare_xml(document(board, devices), conf::default_capabilities());
  INFO((domain ? std::string() : domain.error().message()));
  REQUIRE(domain);
  return domain->spec();
}

// The path of the only finding, or what else came about.
std::string refused_at(Board board, std::string_view devices, std::string_view before = {}) {
  const auto domain = conf::prepare_xml(document(board, devices, before), conf::default_capabilities());
  if (domain) return "accepted";
  if (domain.error().findings().size() != 1) return domain.error().message();
  return domain.error().findings()[0].path;
}

constexpr std::string_view kDisk = "<disk><source file='/a'/><target dev='vda' bus='virtio'/></disk>";
constexpr std::string_view kNic = "<interface type='user'/>";

}  // namespace

TEST_CASE("an alias becomes the newest version of the architecture's board, with its CPU") {
  CHECK(guest(kArm, "").os().machine() == "virt-7.2");
  CHECK(guest(kArm, "").cpu().model().name() == "cortex-a15");
  CHECK(guest(kPower, "").os().machine() == "pseries-7.2");
  CHECK(guest(kPower, "").cpu().model().name() == "POWER9");
  CHECK(guest(kMainframe, "").os().machine() == "s390-ccw-virtio-7.2");
  CHECK(guest(kMainframe, "").cpu().model().name() == "qemu");
  CHECK_FALSE(guest(kRiscv, "").has_cpu());
}

TEST_CASE("each board's guests get the cards that they know") {
  for (const auto board : {kArm, kMainframe, kRiscv}) CHECK(guest(board, kNic).interfaces(0).model() == "virtio");
  CHECK(guest(kPower, kNic).interfaces(0).model() == "rtl8139");
  CHECK(guest({"armv7l", "vexpress-a9"}, kNic).interfaces(0).model() == "lan9118");
  CHECK(guest(kPower, "<graphics type='vnc'/>").videos(0).type() == v1::VIDEO_TYPE_VGA);
  CHECK(guest(kArm, "<graphics type='vnc'/>").videos(0).type() == v1::VIDEO_TYPE_VIRTIO);
}

TEST_CASE("a serial port is the board's own, and a console alone asks for it") {
  const auto model = [](Board board) { return guest(board, "<console type='pty'/>").serials(0).target_model(); };
  CHECK(model(kArm) == "pl011");
  CHECK(model(kRiscv) == "16550a");
  CHECK(model(kPower) == "spapr-vty");
  CHECK(model(kMainframe) == "sclpconsole");
}

TEST_CASE("virtio devices of a mainframe are on its channel subsystem, device by device") {
  const auto spec = guest(kMainframe, std::string(kDisk) + std::string(kNic) + std::string(kNic));
  CHECK(spec.disks(0).address().ccw().cssid() == 0xfe);
  CHECK(spec.disks(0).address().ccw().devno() == 0);
  CHECK(spec.interfaces(1).address().ccw().devno() == 2);
  CHECK(spec.memballoon().address().ccw().devno() == 3);
}

TEST_CASE("a device number that the user chose is not given away") {
  const auto spec = guest(kMainframe,
                          "<disk><source file='/a'/><target dev='vda' bus='virtio'/></disk><interface type='user'>"
                          "<address type='ccw' cssid='0xfe' ssid='0x0' devno='0x0000'/></interface>");
  CHECK(spec.disks(0).address().ccw().devno() == 1);
  CHECK(spec.memballoon().address().ccw().devno() == 2);
}

TEST_CASE("a PCI card of a mainframe has a function's two ids") {
  const auto spec = guest(kMainframe, "<interface type='user'><model type='e1000'/></interface>");
  CHECK(spec.interfaces(0).address().pci().slot() == 1);
  CHECK(spec.interfaces(0).address().pci().zpci().uid() == 1);
  CHECK(spec.interfaces(0).address().pci().zpci().fid() == 0);
}

TEST_CASE("one device on virtio-mmio brings the other virtio devices there") {
  const auto spec = guest(kArm,
                          "<disk><source file='/a'/><target dev='vda' bus='virtio'/><address type='virtio-mmio'/>"
                          "</disk><interface type='user'/>");
  CHECK(spec.interfaces(0).address().has_virtio_mmio());
  CHECK(guest(kArm, kNic).interfaces(0).address().has_pci());
}

TEST_CASE("devices of sPAPR's bus start each in their own range") {
  const auto spec = guest(kPower,
                          "<controller type='scsi'/><controller type='scsi'/><serial type='pty'/>"
                          "<interface type='user'><model type='spapr-vlan'/></interface>");
  CHECK(spec.controllers(0).model() == "ibmvscsi");
  CHECK(spec.controllers(0).address().spapr_vio().reg() == 0x2000);
  CHECK(spec.controllers(1).address().spapr_vio().reg() == 0x3000);
  CHECK(spec.interfaces(0).address().spapr_vio().reg() == 0x1000);
  CHECK(spec.serials(0).address().spapr_vio().reg() == 0x30000000);
  CHECK(spec.consoles(0).address().spapr_vio().reg() == 0x30000000);
}

TEST_CASE("a full bus of a POWER machine gets another host bridge beside it") {
  std::string nics;
  for (int i = 0; i < 32; ++i) nics += "<interface type='user'><model type='virtio'/></interface>";
  const auto spec = guest(kPower, nics);
  const auto& bridge = *spec.controllers().rbegin();
  CHECK(bridge.model() == "pci-root");
  CHECK(bridge.index() == 1);
  CHECK(bridge.target().index() == 1);
  CHECK_FALSE(bridge.has_address());
}

TEST_CASE("what a board has without being asked is written down") {
  CHECK(guest(kPower, "").panics(0).model() == v1::PANIC_MODEL_PSERIES);
  CHECK(guest(kMainframe, "").panics(0).model() == v1::PANIC_MODEL_S390);
  CHECK(guest(kArm, "").features().gic().version() == "2");
  CHECK_FALSE(guest(kArm, "").has_memballoon());
  CHECK(guest(kRiscv, "").has_memballoon());
  CHECK(guest(kArm, "").inputs().empty());
}

TEST_CASE("what the architecture does not have is refused") {
  CHECK(refused_at(kArm, "<input type='mouse' bus='ps2'/>") == "/domain/devices/input/@bus");
  CHECK(refused_at(kArm, "<graphics type='vnc'/><video><model type='qxl'/></video>") ==
        "/domain/devices/video/model/@type");
  CHECK(refused_at(kPower, "<parallel type='pty'/>") == "/domain/devices/parallel");
  CHECK(refused_at(kRiscv, "", "<features><gic version='2'/></features>") == "/domain/features/gic");
  CHECK(refused_at(kArm, "", "<features><acpi/></features>") == "/domain/features/acpi");
  CHECK(refused_at(kArm, "<serial type='pty'><target type='isa-debug'/></serial>") ==
        "/domain/devices/serial/target/@type");
}
