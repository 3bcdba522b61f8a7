#include <algorithm>
#include <catch2/catch.hpp>

#include "conf/domain/default_capabilities.h"
#include "conf/domain/prepare.h"

using namespace lodge;

namespace {

v1::DomainSpec guest(std::string_view machine, std::string_view devices) {
  auto domain = conf::prepare_xml(
      fmt::format("<domain type='kvm'><name>a</name><memory>1048576</memory><os><type arch='x86_64' machine='{}'>hvm"
                  "</type></os><devices>{}</devices></domain>",
                  machine, devices),
      conf::default_capabilities());
  INFO((domain ? std::string() : domain.error().message()));
  REQUIRE(domain);
  return domain->spec();
}

std::string place(const v1::Address& address) {
  const auto& pci = address.pci();
  return fmt::format("{:02x}:{:02x}.{:x}", pci.bus(), pci.slot(), pci.function());
}

std::string repeat(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

long controllers_of_model(const v1::DomainSpec& spec, std::string_view model) {
  return std::ranges::count(spec.controllers(), model, &v1::Controller::model);
}

constexpr std::string_view kNic = "<interface type='user'><model type='virtio'/></interface>";

}  // namespace

TEST_CASE("on pc, devices follow the video card from slot 3 on") {
  const auto spec = guest(
      "pc", "<graphics type='vnc'/><interface type='user'/><disk><source file='/a'/><target dev='vda'/></disk>");
  CHECK(place(spec.videos(0).address()) == "00:02.0");
  CHECK(place(spec.interfaces(0).address()) == "00:03.0");
  CHECK(place(spec.disks(0).address()) == "00:04.0");
  CHECK(place(spec.memballoon().address()) == "00:05.0");
}

TEST_CASE("without a video card its slot on pc is free for others") {
  CHECK(place(guest("pc", kNic).interfaces(0).address()) == "00:02.0");
}

TEST_CASE("when pc has no slot left a bridge is added, and devices go on behind it") {
  // 31 slots: PIIX3, the balloon, the bridge; so 28 cards fit beside them.
  CHECK(controllers_of_model(guest("pc", repeat(kNic, 28)), "pci-bridge") == 0);
  const auto spec = guest("pc", repeat(kNic, 40));
  CHECK(controllers_of_model(spec, "pci-bridge") == 1);
  CHECK(spec.interfaces(39).address().pci().bus() == 1);
}

TEST_CASE("on q35 every device has a port of its own, and one port stays free") {
  const auto spec = guest("q35", repeat(kNic, 9));
  // Nine cards, the USB controller, the balloon, the free one.
  CHECK(controllers_of_model(spec, "pcie-root-port") == 12);
  CHECK(place(spec.interfaces(8).address()) == "09:00.0");
}

TEST_CASE("eight root ports share a slot") {
  const auto spec = guest("q35", repeat(kNic, 9));
  std::vector<std::string> places;
  for (const auto& controller : spec.controllers()) {
    if (controller.model() == "pcie-root-port") places.push_back(place(controller.address()));
  }
  CHECK(places[0] == "00:01.0");
  CHECK(places[7] == "00:01.7");
  CHECK(places[8] == "00:02.0");
}

TEST_CASE("a conventional card on q35 goes behind a PCI bridge of its own") {
  const auto spec = guest("q35", "<interface type='user'><model type='rtl8139'/></interface>");
  CHECK(controllers_of_model(spec, "pcie-to-pci-bridge") == 1);
  CHECK(place(spec.interfaces(0).address()) == "02:01.0");
}

TEST_CASE("a topology that the user laid out gets no ports but those it lacks") {
  const auto spec = guest("q35",
                          "<controller type='usb' model='none'/><memballoon model='none'/>"
                          "<controller type='pci' model='pcie-root'/><controller type='pci' model='pcie-root-port'/>" +
                              std::string(kNic));
  CHECK(controllers_of_model(spec, "pcie-root-port") == 1);
}

TEST_CASE("an address that was given stays, and others keep clear of it") {
  const auto spec = guest("pc",
                          "<interface type='user'><address type='pci' slot='0x02'/></interface>" + std::string(kNic));
  CHECK(place(spec.interfaces(0).address()) == "00:02.0");
  CHECK(place(spec.interfaces(1).address()) == "00:03.0");
}

TEST_CASE("disks sit where the letters of their targets say") {
  const auto spec = guest(
      "pc", "<disk><source file='/a'/><target dev='hdc'/></disk><disk><source file='/b'/><target dev='sdi'/></disk>");
  const auto& ide = spec.disks(0).address().drive();
  const auto& scsi = spec.disks(1).address().drive();
  CHECK(std::tuple(ide.controller(), ide.bus(), ide.unit()) == std::tuple(0U, 1U, 0U));
  CHECK(std::tuple(scsi.controller(), scsi.bus(), scsi.unit()) == std::tuple(1U, 0U, 1U));
  CHECK(controllers_of_model(spec, "lsilogic") == 2);
}

TEST_CASE("more USB devices than ports get a hub") {
  const auto spec = guest("pc", repeat("<input type='tablet' bus='usb'/>", 3));
  REQUIRE(spec.hubs_size() == 1);
  CHECK(spec.hubs(0).address().usb().port() == "1");
  CHECK(spec.inputs(0).address().usb().port() == "2");
  CHECK(spec.inputs(1).address().usb().port() == "1.1");
}

TEST_CASE("a 31st channel gets a second virtio-serial controller") {
  std::string channels;
  for (int i = 0; i < 31; ++i)
    channels += fmt::format("<channel type='unix'><target type='virtio' name='c{}'/></channel>", i);
  const auto spec = guest("q35", channels);
  CHECK(spec.channels(29).address().virtio_serial().port() == 30);
  CHECK(spec.channels(30).address().virtio_serial().controller() == 1);
  CHECK(spec.channels(30).address().virtio_serial().port() == 1);
}

TEST_CASE("more cards than any PCI topology holds are refused") {
  const auto domain = conf::prepare_xml(
      "<domain type='kvm'><name>a</name><memory>1048576</memory><os><type machine='q35'>hvm</type></os><devices>" +
          repeat(kNic, 300) + "</devices></domain>",
      conf::default_capabilities());
  REQUIRE_FALSE(domain);
  CHECK(domain.error().code() == Code::invalid_argument);
  CHECK(domain.error().findings().size() == 1);
}
