#pragma once

#include "conf/domain/device.h"
#include "conf/domain/findings.h"
#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/domain.pb.h"

// The parts of validate(). Each reports what cannot mean anything in one part of a normalized definition.
namespace lodge::conf::checks {

// Hypervisor, emulator, architecture and machine, against what the host has.
void check_host(const v1::DomainSpec& spec, const v1::Capabilities& host, Findings& findings);
// Name, uuid, title, processors, boot, firmware, lifecycle, security labels.
void check_general(const v1::DomainSpec& spec, Findings& findings);
void check_machine_features(const v1::DomainSpec& spec, Findings& findings);
// What there is of it, and modules that are plugged in.
void check_memory(const v1::DomainSpec& spec, Findings& findings);
void check_cpu(const v1::DomainSpec& spec, Findings& findings);
// Processors one by one: their states, their places, their share of time, their NUMA nodes.
void check_processors(const v1::DomainSpec& spec, Findings& findings);
// What the architecture and its boards do not have.
void check_architecture(const v1::DomainSpec& spec, Findings& findings);
void check_disks(const v1::DomainSpec& spec, Findings& findings);
// Where disks' contents come from: files, servers, credentials, formats, encryption.
void check_disk_sources(const v1::DomainSpec& spec, Findings& findings);
void check_filesystems(const v1::DomainSpec& spec, Findings& findings);
void check_interfaces(const v1::DomainSpec& spec, Findings& findings);
void check_controllers(const v1::DomainSpec& spec, Findings& findings);
void check_chardevs(const v1::DomainSpec& spec, Findings& findings);
void check_displays(const v1::DomainSpec& spec, Findings& findings);
// Sound cards, and where on the host they are heard.
void check_audio(const v1::DomainSpec& spec, Findings& findings);
void check_small_devices(const v1::DomainSpec& spec, Findings& findings);
// Devices of the host, shared memory, IOMMU.
void check_host_devices(const v1::DomainSpec& spec, Findings& findings);
// How threads of the guest are scheduled, and what of the host's caches and memory they may use.
void check_scheduling(const v1::DomainSpec& spec, Findings& findings);
// NUMA placement, huge pages, what the guest is told of itself.
void check_tuning(const v1::DomainSpec& spec, Findings& findings);
// The order in which devices are booted: each number once, and not beside <os><boot>.
void check_boot_order(const v1::DomainSpec& spec, Findings& findings);
// Names that users gave to devices: each once.
void check_aliases(const v1::DomainSpec& spec, Findings& findings);
// Every device's place: of the right kind, there, and its own.
void check_addresses(const v1::DomainSpec& spec, Findings& findings);

// Whether there is an I/O thread of that number.
bool has_iothread(const v1::DomainSpec& spec, std::uint32_t id);
// `what`, at `path`, is served by another process, which must reach all of the guest's memory.
void check_shared_memory(const v1::DomainSpec& spec, const std::string& path, std::string_view what,
                         Findings& findings);

// Credentials for a server, at `path`.
void check_auth(const v1::DiskAuth& auth, const std::string& path, Findings& findings);
// A PCI function of the host, at `path`: its numbers are those of one.
void check_function(const v1::PciAddress& address, const std::string& path, Findings& findings);
// Of two cards that the guest uses as one, at `path`; `stays`: whether this one can be the one that stays.
void check_teaming(const v1::Teaming& teaming, bool stays, const std::string& path, Findings& findings);
// `options`, at `path`, are of a device that is not virtio: there are none.
void check_no_virtio(const v1::VirtioOptions& options, const std::string& path, Findings& findings);
// Who calls and who waits: a connection that is lost is only sought again by who calls. `path`: of <reconnect>.
void check_reconnect(const v1::CharReconnect& reconnect, bool waits, const std::string& path, Findings& findings);

// Calls check(device, path) for each of `list`, whose elements are called `element`.
template <class List, class Check>
void each(std::string_view element, const List& list, Check check) {
  for (int i = 0; i < list.size(); ++i) check(list[i], device_path(element, i, list));
}

}  // namespace lodge::conf::checks
