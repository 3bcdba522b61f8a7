#pragma once

#include <string>
#include <string_view>

#include "drivers/qemu/command_line/arguments.h"
#include "lodge/v1/domain.pb.h"

// Where devices are in a machine, and what it has without being told.
namespace lodge::drivers::qemu {

bool is_q35(const v1::DomainSpec& spec);
bool is_i440fx(const v1::DomainSpec& spec);

// True if the board has this controller anyway: a root bus, the first disk controller.
bool is_built_in(const v1::Controller& controller, const v1::DomainSpec& spec);

// The alias of the controller of this type and index; made from the index if there is none.
std::string controller_alias(const v1::DomainSpec& spec, v1::ControllerType type, std::uint32_t index);

// The model of a SCSI controller; empty if there is none of this index.
std::string_view spec_scsi_model(const v1::DomainSpec& spec, std::uint32_t index);

// Adds where the device sits (bus, addr, port, nr, …) as its address says; nothing where QEMU is to choose.
void place(Props& device, const v1::Address& address, const v1::DomainSpec& spec);
// What a definition says about a card's option ROM.
void add_rom(Props& device, const v1::DeviceRom& rom);

// The full name of a virtio device: virtio_device("virtio-net", …) is "virtio-net-pci" or, as its address and the machine
// demand, …-device or …-ccw. `variant`: "", "transitional" or "non-transitional".
std::string virtio_device(std::string_view base, std::string_view variant, const v1::Address& address,
                          const v1::DomainSpec& spec);

void add_virtio_options(Props& device, const v1::VirtioOptions& options);

}  // namespace lodge::drivers::qemu
