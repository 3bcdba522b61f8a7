#include "conf/domain/arrange.h"

#include <catch2/catch.hpp>

using namespace lodge;

namespace {

v1::DomainSpec disks(std::initializer_list<const char*> targets) {
  v1::DomainSpec spec;
  for (const auto* target : targets) spec.add_disks()->set_target_dev(target);
  return spec;
}

std::vector<std::string> targets_of(const v1::DomainSpec& spec) {
  std::vector<std::string> targets;
  for (const auto& disk : spec.disks()) targets.push_back(disk.target_dev());
  return targets;
}

v1::Controller controller(v1::ControllerType type, std::uint32_t index) {
  v1::Controller result;
  result.set_type(type);
  result.set_index(index);
  return result;
}

}  // namespace

TEST_CASE("disks of one bus stand in the order of their targets, buses as they came") {
  auto spec = disks({"vdb", "hda", "vda", "hdc", "vdaa"});
  conf::arrange(spec);
  CHECK(targets_of(spec) == std::vector<std::string>{"vda", "vdb", "vdaa", "hda", "hdc"});
}

TEST_CASE("controllers stand with their type, in the order of their index") {
  v1::DomainSpec spec;
  *spec.add_controllers() = controller(v1::CONTROLLER_TYPE_PCI, 2);
  *spec.add_controllers() = controller(v1::CONTROLLER_TYPE_USB, 0);
  *spec.add_controllers() = controller(v1::CONTROLLER_TYPE_PCI, 1);
  conf::arrange(spec);
  CHECK(spec.controllers(0).index() == 1);
  CHECK(spec.controllers(1).index() == 2);
  CHECK(spec.controllers(2).type() == v1::CONTROLLER_TYPE_USB);
}

TEST_CASE("the primary video card comes first") {
  v1::DomainSpec spec;
  spec.add_videos()->set_type(v1::VIDEO_TYPE_QXL);
  spec.add_videos()->set_primary(true);
  conf::arrange(spec);
  CHECK(spec.videos(0).primary());
}

TEST_CASE("the console of the first serial port stands before a virtio console") {
  v1::DomainSpec spec;
  spec.add_serials();
  spec.add_consoles()->set_target_type(v1::CHAR_TARGET_TYPE_VIRTIO);
  const auto arrangement = conf::arrange(spec);
  REQUIRE(spec.consoles_size() == 2);
  CHECK(spec.consoles(1).target_type() == v1::CHAR_TARGET_TYPE_VIRTIO);
  CHECK(arrangement.document_path("/domain/devices/console[2]/target") == "/domain/devices/console/target");
  CHECK(arrangement.document_path("/domain/devices/console[1]/target") == "/domain/devices");
}

TEST_CASE("a path leads back to where the device stood in the document") {
  auto spec = disks({"vdb", "vda"});
  const auto arrangement = conf::arrange(spec);
  CHECK(arrangement.document_path("/domain/devices/disk[1]/target/@dev") == "/domain/devices/disk[2]/target/@dev");
  CHECK(arrangement.document_path("/domain/devices/disk[3]") == "/domain/devices");
  CHECK(arrangement.document_path("/domain/devices/memballoon/@model") == "/domain/devices/memballoon/@model");
  CHECK(arrangement.document_path("/domain/memory") == "/domain/memory");
}

TEST_CASE("a device that was the document's only one has no number in its path") {
  v1::DomainSpec spec;
  spec.add_inputs();
  const auto arrangement = conf::arrange(spec);
  CHECK(arrangement.document_path("/domain/devices/input[1]/@bus") == "/domain/devices/input/@bus");
  CHECK(arrangement.document_path("/domain/devices/input[2]/@bus") == "/domain/devices");
}

TEST_CASE("what is arranged stays as it is") {
  auto spec = disks({"vdb", "hda", "vda"});
  spec.add_serials();
  conf::arrange(spec);
  auto again = spec;
  conf::arrange(again);
  CHECK(again.DebugString() == spec.DebugString());
}
