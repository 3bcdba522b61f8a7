#include <set>
#include <tuple>

#include "conf/domain/addresses/addresses.h"

namespace lodge::conf::addresses {

namespace {

constexpr std::uint32_t kUnits = 7;  // of a narrow SCSI bus, which libvirt takes every controller for
constexpr std::uint32_t kMaxControllers = 256;

using DrivePlace = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

DrivePlace place_of(const v1::DriveAddress& drive) {
  return {drive.controller(), drive.bus(), drive.target(), drive.unit()};
}

void assign_scsi_hostdevs(v1::DomainSpec& spec) {
  std::set<DrivePlace> taken;
  for (const auto& disk : spec.disks()) {
    if (disk.bus() == v1::DISK_BUS_SCSI && disk.address().has_drive()) taken.insert(place_of(disk.address().drive()));
  }
  for (const auto& hostdev : spec.hostdevs()) {
    if (hostdev.subsystem().has_scsi() && hostdev.address().has_drive())
      taken.insert(place_of(hostdev.address().drive()));
  }
  for (auto& hostdev : *spec.mutable_hostdevs()) {
    if (!hostdev.subsystem().has_scsi() || hostdev.address().type_case() != v1::Address::TYPE_NOT_SET) continue;
    auto& drive = *hostdev.mutable_address()->mutable_drive();
    for (std::uint32_t controller = 0; controller < kMaxControllers && !drive.has_unit(); ++controller) {
      for (std::uint32_t unit = 0; unit < kUnits; ++unit) {
        if (!taken.insert({controller, 0, 0, unit}).second) continue;
        drive.set_controller(controller);
        drive.set_bus(0);
        drive.set_target(0);
        drive.set_unit(unit);
        break;
      }
    }
  }
}

void assign_smartcards(v1::DomainSpec& spec) {
  std::set<std::uint32_t> taken;
  for (const auto& smartcard : spec.smartcards()) {
    if (smartcard.address().has_ccid()) taken.insert(smartcard.address().ccid().slot());
  }
  for (auto& smartcard : *spec.mutable_smartcards()) {
    if (smartcard.address().type_case() != v1::Address::TYPE_NOT_SET) continue;
    std::uint32_t slot = 0;
    while (!taken.insert(slot).second) ++slot;
    auto& ccid = *smartcard.mutable_address()->mutable_ccid();
    ccid.set_controller(0);
    ccid.set_slot(slot);
  }
}

bool has_slot(const v1::MemoryDevice& memory) {
  return memory.model() == v1::MEMORY_DEVICE_MODEL_DIMM || memory.model() == v1::MEMORY_DEVICE_MODEL_NVDIMM;
}

void assign_memory_slots(v1::DomainSpec& spec) {
  std::set<std::uint32_t> taken;
  for (const auto& memory : spec.memory_devices()) {
    if (memory.address().dimm().has_slot()) taken.insert(memory.address().dimm().slot());
  }
  for (auto& memory : *spec.mutable_memory_devices()) {
    if (!has_slot(memory) || memory.address().dimm().has_slot()) continue;
    std::uint32_t slot = 0;
    while (!taken.insert(slot).second) ++slot;
    memory.mutable_address()->mutable_dimm()->set_slot(slot);
  }
}

}  // namespace

void assign_slot_addresses(v1::DomainSpec& spec) {
  assign_scsi_hostdevs(spec);
  assign_smartcards(spec);
  assign_memory_slots(spec);
}

}  // namespace lodge::conf::addresses
