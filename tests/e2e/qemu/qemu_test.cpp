#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <set>

#include "drivers/qemu/kvm.h"
#include "netdev/host_cgroups.h"
#include "tests/e2e/qemu/world.h"
#include "tests/e2e/support/sandbox.h"

using namespace lodge;
using namespace lodge::drivers;
using Hands = contract::Hands<test::QemuWorld>;
using Kind = GuestEventKind;
using namespace std::chrono_literals;

namespace {

// A disk whose first sector is this program, in 16-bit x86 code, on a virtio bus.
std::string boots(const Hands& hands, std::string_view code) {
  const fs::path path = hands.world.root / "boot.img";
  std::string image{code};
  image.resize(510);
  image += "\x55\xaa";
  image.resize(1 << 20);
  REQUIRE(write_file(path, image));
  return "<disk type='file' device='disk'><source file='" + path.string() +
         "'/><target dev='vda' bus='virtio'/></disk>";
}

// A control group for a run, which ends with the object.
class Group {
 public:
  Group() {
    if (!cgroups_.base().empty()) REQUIRE(netdev::make_cgroup(cgroups_, claim_));
  }
  ~Group() {
    if (!cgroups_.base().empty()) static_cast<void>(cgroups_.remove(path(), Deadline::after(10s)));
  }
  const std::string& why_none() const { return cgroups_.why_none(); }
  fs::path path() const { return netdev::cgroup_of(claim_); }
  void kill_members() const {
    const Fd kill(::open((path() / "cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(::write(kill.get(), "1", 1) == 1);
  }
  std::string members() const { return read_file(path() / "cgroup.procs").value_or("?"); }

 private:
  netdev::HostCgroups cgroups_ = netdev::HostCgroups::find_own();
  netdev::Claim claim_ = netdev::plan_cgroup({}, cgroups_.base(), "web1");
};

// mov dx, 0x604; mov ax, 0x2000; out dx, ax: ACPI's power off where SeaBIOS puts it on q35; hlt
constexpr std::string_view kPowerOff("\xba\x04\x06\xb8\x00\x20\xef\xf4", 8);
// mov dx, 0x505; mov al, 1; out dx, al: tell pvpanic of a crash; hlt
constexpr std::string_view kPanic("\xba\x05\x05\xb0\x01\xee\xf4", 7);
// mov dx, 0x3f8; again: mov al, 'L'; out dx, al; jmp again: write to the first serial port for ever
constexpr std::string_view kTalk("\xba\xf8\x03\xb0\x4c\xee\xeb\xfb", 8);

// A started guest of any document.
contract::Started start(Hands& hands, const std::string& document) {
  const auto host = hands.wait(hands.world.driver().probe(false, hands.soon()));
  REQUIRE(host);
  auto parsed = conf::xml::parse<v1::DomainSpec>(document);
  if (!parsed) FAIL(parsed.error().message());
  auto normalized = conf::normalize(parsed->message, *host, parsed->source);
  if (!normalized) FAIL(normalized.error().message());
  auto checked = conf::validate(std::move(*normalized), *host, parsed->source);
  if (!checked) FAIL(checked.error().message());
  contract::Started started = hands.prepared(std::move(*checked));
  if (auto ok = hands.wait(hands.world.driver().check({.domain = *started.domain}, hands.soon())); !ok)
    FAIL(ok.error().message());
  auto running = hands.wait(hands.world.driver().start(hands.request(started), hands.soon()));
  if (!running) FAIL(running.error().message());
  started.running = std::move(*running);
  return started;
}

std::string with(std::string document, std::string_view before, std::string_view text) {
  return document.insert(document.find(before), text);
}

}  // namespace

TEST_CASE("QEMU is born into its control group, and ends with it") {
  Hands hands;
  const Group group;
  if (!group.why_none().empty()) {
    WARN("SKIPPED: " << group.why_none());
    return;
  }
  contract::Started started = hands.prepared("web1");
  started.run.cgroup = group.path();
  auto running = hands.wait(hands.world.driver().start(hands.request(started), hands.soon()));
  if (!running) FAIL(running.error().message());
  CHECK(group.members() == fmt::format("{}\n", running->guest->pid()));
  started.running = std::move(*running);
  group.kill_members();
  hands.until([&] { return started.heard->count(Kind::exited) == 1; });
}

TEST_CASE("a guest that powers off is held until it is stopped") {
  Hands hands;
  auto guest = start(hands, hands.world.document("off", boots(hands, kPowerOff)));
  hands.until([&] { return guest.heard->count(Kind::powered_off) == 1; });
  CHECK_FALSE(guest.heard->find(Kind::powered_off)->requested);
  CHECK(guest.heard->count(Kind::paused) == 0);
  CHECK(hands.state(guest.guest()) == v1::DOMAIN_STATE_SHUTDOWN);
  CHECK(hands.wait(guest.guest().pausable()->resume(hands.soon())).error().code() == Code::failed_precondition);
  hands.must(hands.wait(guest.guest().resettable()->reset(hands.soon())));
  CHECK(hands.state(guest.guest()) == v1::DOMAIN_STATE_PAUSED);
  hands.must(hands.wait(guest.guest().pausable()->resume(hands.soon())));
  hands.until([&] { return guest.heard->count(Kind::powered_off) == 2; });
}

TEST_CASE("a guest that powered off while nobody listened is found, off") {
  Hands hands;
  auto guest = start(hands, hands.world.document("off", boots(hands, kPowerOff)));
  guest.running.guest.reset();
  hands.world.restart_driver();
  const Deadline deadline = hands.soon();
  while (!deadline.passed()) {
    const auto heard_before = guest.heard->count(Kind::powered_off);
    auto found = hands.recover(guest);
    REQUIRE(found);
    if (found->status.state != v1::DOMAIN_STATE_SHUTDOWN) continue;
    CHECK(guest.heard->count(Kind::powered_off) == heard_before + 1);
    hands.must(hands.wait(found->guest->stop(StopMode::force, hands.soon())));
    return;
  }
  FAIL("it never powered off");
}

TEST_CASE("a guest that crashes is held where it is") {
  Hands hands;
  auto guest = start(hands, hands.world.document("panic", boots(hands, kPanic) + "<panic model='isa'/>"));
  hands.until([&] { return guest.heard->count(Kind::panicked) == 1; });
  CHECK(guest.heard->find(Kind::panicked)->held);
  CHECK(guest.heard->count(Kind::paused) == 0);
  CHECK(hands.state(guest.guest()) == v1::DOMAIN_STATE_CRASHED);
}

TEST_CASE("a guest that resets itself runs on, or is held, as on_reboot says") {
  Hands hands;
  // With nothing to boot from, this firmware resets at once.
  const std::string again = with(hands.world.document("again"), "</os>", "<bios rebootTimeout='0'/>");
  auto runs_on = start(hands, again);
  hands.until([&] { return runs_on.heard->count(Kind::rebooted) >= 1; });
  CHECK_FALSE(runs_on.heard->find(Kind::rebooted)->requested);
  hands.must(hands.wait(runs_on.guest().stop(StopMode::force, hands.soon())));

  auto held = start(hands, with(again, "<devices>", "<on_reboot>destroy</on_reboot>"));
  hands.until([&] { return held.heard->count(Kind::reset_held) == 1; });
  CHECK(hands.state(held.guest()) == v1::DOMAIN_STATE_SHUTDOWN);
  // Our own reset is not held, and later ones of the guest still are.
  hands.must(hands.wait(held.guest().resettable()->reset(hands.soon())));
  CHECK(hands.state(held.guest()) == v1::DOMAIN_STATE_PAUSED);
  hands.must(hands.wait(held.guest().pausable()->resume(hands.soon())));
  hands.until([&] { return held.heard->count(Kind::reset_held) == 2; });
}

TEST_CASE("what the guest writes to its serial port comes out of its console") {
  Hands hands;
  auto guest = start(hands, hands.world.document("talk", boots(hands, kTalk)));
  const auto& serial = guest.guest().live_spec().serials(0);
  CHECK(serial.backend().pty().path().starts_with("/dev/pts/"));
  CHECK(guest.guest().live_spec().consoles(0).tty() == serial.backend().pty().path());
  const auto console = hands.wait(guest.guest().console()->open("", hands.soon()));
  REQUIRE(console);
  pollfd ready{.fd = console->get(), .events = POLLIN};
  REQUIRE(::poll(&ready, 1, 20'000) == 1);
  char text[4] = {};
  REQUIRE(::read(console->get(), text, 1) == 1);
  CHECK(text[0] == 'L');
}

TEST_CASE("a QEMU that ends during start is told in its own words, with the place of its log") {
  Hands hands;
  const std::string bad = with(with(hands.world.document("bad"), "<name>", ""), "</domain>",
                               "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
                               "<qemu:arg value='-device'/><qemu:arg value='no-such-device'/></qemu:commandline>");
  auto parsed = conf::xml::parse<v1::DomainSpec>(bad);
  if (!parsed) FAIL(parsed.error().message());
  auto guest = hands.prepared("bad");
  const auto host = hands.wait(hands.world.driver().probe(false, hands.soon()));
  guest.domain.emplace(
      *conf::validate(*conf::normalize(parsed->message, *host, parsed->source), *host, parsed->source));
  const auto running = hands.wait(hands.world.driver().start(hands.request(guest), hands.soon()));
  REQUIRE_FALSE(running);
  CHECK(running.error().code() == Code::failed_precondition);
  CHECK(running.error().message() ==
        "QEMU ended during start: qemu-system-x86_64: -device no-such-device: 'no-such-device' is not a valid device "
        "model name (log: " +
            guest.run.log_file.string() + ")");
  CHECK(hands.world.nothing_left(guest.run));
  const auto log = read_file(guest.run.log_file);
  REQUIRE(log);
  CHECK(log->find(" UTC: start: ") != std::string::npos);
  CHECK(log->find("guest=bad") != std::string::npos);
}

TEST_CASE("a guest for KVM is refused in one sentence where KVM cannot be used") {
  test::forbid_kvm();
  CHECK_FALSE(qemu::kvm_usable());
  Hands hands;
  auto document = hands.world.document("fast");
  document.replace(document.find("'qemu'"), 6, "'kvm'");
  auto parsed = conf::xml::parse<v1::DomainSpec>(document);
  const auto host = hands.wait(hands.world.driver().probe(false, hands.soon()));
  auto spec = *conf::normalize(parsed->message, *host, parsed->source);
  const auto checked = conf::validate(spec, *host, parsed->source);
  if (!checked) {
    CHECK(checked.error().findings().size() == 1);
    return;
  }
  const auto result = hands.wait(hands.world.driver().check({.domain = *checked}, hands.soon()));
  REQUIRE_FALSE(result);
  CHECK(result.error().message().find("<domain type='qemu'>") != std::string::npos);
}

TEST_CASE("a stopped QEMU is gone soon after it is destroyed") {
  Hands hands;
  const auto guest = hands.start("web1");
  hands.world.stop_answering(guest.guest());
  hands.must(hands.wait(guest.guest().stop(StopMode::force, Deadline::after(5s))));
  CHECK(hands.world.nothing_left(guest.run));
}

TEST_CASE("QEMU accepts every kind of device on a q35 board") {
  Hands hands;
  const std::string image = (hands.world.root / "disk.img").string();
  for (const char* name : {"a", "b", "c", "d", "e"}) REQUIRE(write_file(image + name, std::string(1 << 16, '\0')));
  const auto disk = [&](const std::string& name, const std::string& bus, const std::string& file,
                        const std::string& more = "") {
    return "<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none' discard='unmap'/><source file='" +
           image + file + "'/><target dev='" + name + "' bus='" + bus + "'/>" + more + "</disk>";
  };
  auto guest = start(
      hands,
      hands.world.document(
          "all",
          disk("vda", "virtio", "a",
               "<iotune><total_iops_sec>500</total_iops_sec></iotune><serial>s1</serial><boot order='1'/>") +
              disk("sda", "sata", "b", "<boot order='2'/>") + disk("sdb", "scsi", "c", "<wwn>5000c50015ea71aa</wwn>") +
              disk("sdc", "usb", "d") +
              "<disk type='file' device='cdrom'><target dev='sdd' bus='sata'/></disk>"
              "<controller type='scsi' model='virtio-scsi'/><controller type='usb' model='qemu-xhci' ports='8'/>"
              "<interface type='user'><model type='virtio'/></interface>"
              "<interface type='user'><model type='e1000'/></interface><interface type='user'><model type='e1000e'/>"
              "<link state='down'/></interface><interface type='user'><model type='rtl8139'/></interface>"
              "<serial type='file'><source path='" +
              image +
              ",serial'/></serial><serial type='null'/>"
              "<console type='pty'><target type='virtio'/></console>"
              "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
              "<input type='tablet' bus='usb'/><input type='keyboard' bus='virtio'/>"
              "<graphics type='vnc' autoport='yes' passwd='secret'/><sound model='ich9'/>"
              "<video><model type='virtio' heads='1'/></video>"
              "<rng model='virtio'><rate bytes='1024' period='1000'/><backend model='random'>/dev/urandom</backend></rng>"
              "<memballoon model='virtio'><stats period='5'/></memballoon>"
              "<watchdog model='i6300esb' action='reset'/><panic model='isa'/>"));
  CHECK(guest.guest().live_spec().graphics(0).vnc().port() >= 5900);
  CHECK(hands.state(guest.guest()) == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE("QEMU accepts an old board with its old devices") {
  Hands hands;
  const std::string image = (hands.world.root / "disk.img").string();
  for (const char* name : {"a", "b", "c"}) REQUIRE(write_file(image + name, std::string(1 << 16, '\0')));
  auto document = hands.world.document(
      "old",
      "<disk type='file' device='disk'><source file='" + image +
          "a'/><target dev='hda' bus='ide'/></disk>"
          "<disk type='file' device='floppy'><source file='" +
          image +
          "b'/><target dev='fda' bus='fdc'/></disk>"
          "<disk type='file' device='disk'><source file='" +
          image +
          "c'/><target dev='sda' bus='scsi'/></disk>"
          "<controller type='usb' index='0' model='ich9-ehci1'/><controller type='usb' index='0' model='ich9-uhci1'/>"
          "<controller type='pci' index='1' model='pci-bridge'/>"
          "<interface type='user'/><input type='tablet' bus='usb'/><graphics type='vnc'><listen type='socket'/></graphics>"
          "<video><model type='cirrus'/></video><sound model='ac97'/><parallel type='null'/><hub type='usb'/>");
  document.replace(document.find("q35"), 3, "pc");
  const auto guest = start(hands, document);
  CHECK(hands.state(guest.guest()) == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE("guests that start at once all get a screen of their own") {
  Hands hands;
  std::set<int> ports;
  std::vector<contract::Started> guests;
  for (int n = 0; n < 3; ++n) {
    guests.push_back(
        start(hands, hands.world.document(fmt::format("vnc{}", n), "<graphics type='vnc' autoport='yes'/>")));
    ports.insert(guests.back().guest().live_spec().graphics(0).vnc().port());
  }
  CHECK(ports.size() == 3);
}

TEST_CASE("what QEMU can do is asked once and remembered by its program") {
  Hands hands;
  const auto first = hands.wait(hands.world.driver().probe(/*refresh=*/true, hands.soon()));
  REQUIRE(first);
  const auto& guest = first->guests(0);
  CHECK(guest.arch() == "x86_64");
  CHECK(guest.emulator() == "/usr/bin/qemu-system-x86_64");
  CHECK_FALSE(guest.emulator_version().empty());
  CHECK(guest.device_models_size() > 100);
  CHECK(guest.cpu_models_size() > 10);
  CHECK(hands.world.driver().version().hypervisor == "QEMU");
  hands.world.restart_driver();
  const auto second = hands.wait(hands.world.driver().probe(false, hands.soon()));
  REQUIRE(second);
  CHECK(second->SerializeAsString() == first->SerializeAsString());
}
