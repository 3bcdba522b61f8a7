#pragma once

#include "conf/domain/machine.h"
#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/domain.pb.h"

// The steps of normalize(), each completing one part of a definition. They are called in the order in which they stand
// here, and rely on what the steps before them have filled in.
namespace lodge::conf::defaults {

// Architecture, machine type, emulator, boot order, CPU: what the host's capabilities decide.
void complete_os(v1::DomainSpec& spec, const v1::Capabilities& host);
void complete_cpu(v1::DomainSpec& spec, const v1::Capabilities& host);

// Identity, memory, processors, clock, lifecycle actions.
void complete_general(v1::DomainSpec& spec);

// Fields of devices that the document names.
void complete_disks(v1::DomainSpec& spec);
void complete_interfaces(v1::DomainSpec& spec);
void complete_graphics(v1::DomainSpec& spec);
void complete_small_devices(v1::DomainSpec& spec);
void complete_hostdevs(v1::DomainSpec& spec);
// Memory modules and memory shared with other guests.
void complete_memory_devices(v1::DomainSpec& spec);
// Schedulers, NUMA placement, limits, security labels.
void complete_tuning(v1::DomainSpec& spec);

// Serial ports, consoles and channels; the first serial port and the first console mirror each other.
void complete_chardevs(v1::DomainSpec& spec);

// The place of the first serial port is shown with its console too, once it has one.
void mirror_first_serial(v1::DomainSpec& spec);

// Indexes and models of the controllers in the document, those that the host's SCSI devices need, and those that every
// machine of this kind has.
void complete_controllers(v1::DomainSpec& spec, Chipset chipset);

// Controllers that disks and channels need, once the disks have their drive addresses.
void add_needed_controllers(v1::DomainSpec& spec);

// Mouse and keyboard, panic device, memory balloon: what a machine of this kind is expected to have.
void add_implicit_devices(v1::DomainSpec& spec);

}  // namespace lodge::conf::defaults
