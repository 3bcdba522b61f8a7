#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "lodge/v1/capabilities.pb.h"

namespace lodge::drivers::qemu {

// By what a program on disk is known: if any of this changes, it is another one. Package upgrades that leave size and
// times of modification alone still change the inode and its ctime.
struct ProgramIdentity {
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::int64_t modules_mtime_ns = 0;  // of the newest folder of loadable modules: installing one adds devices

  bool operator==(const ProgramIdentity&) const = default;
};

// Blocks. not_found, permission_denied.
Result<ProgramIdentity> identify_program(const fs::path& path);

struct MachineType {
  std::string name;         // pc-q35-7.2
  std::string alias;        // q35, or empty
  bool is_default = false;  // taken when none is named
  std::uint32_t max_cpus = 0;
  std::string default_cpu;     // qemu64-x86_64-cpu
  std::string default_ram_id;  // pc.ram: the id its memory must have
};

// What one QEMU program says about itself. Immutable once probed.
struct Emulator {
  ProgramIdentity identity;
  int major = 0, minor = 0, micro = 0;
  std::string package;  // "Debian 1:7.2+dfsg-7+deb12u18+b3"
  std::string arch;     // x86_64; of 32-bit ARM, where libvirt knows several, QEMU's "arm"
  bool kvm = false;     // it was built with KVM; whether the host lets us is another question
  std::vector<MachineType> machines;
  std::set<std::string, std::less<>> devices;   // what -device takes
  std::set<std::string, std::less<>> objects;   // what -object takes
  std::set<std::string, std::less<>> chardevs;  // kinds of -chardev
  std::set<std::string, std::less<>> options;   // command line options: "spice", "sandbox"
  std::vector<std::string> cpus;                // what -cpu takes

  // The architectures it runs guests of, as libvirt spells them: armv7l and armv6l for arm.
  std::vector<std::string> arches() const;
  std::string version() const;  // "7.2.22"
  // By name or alias; null if it has no such machine.
  const MachineType* machine(std::string_view name) const;
  bool has_device(std::string_view name) const { return devices.contains(name); }
  // Built in or as a module that is installed.
  bool has_spice() const { return options.contains("spice") || chardevs.contains("spicevmc"); }
};

using EmulatorPtr = std::shared_ptr<const Emulator>;

// Versions before this lack JSON for -netdev. Older emulators are not used.
inline constexpr int kOldestMajor = 7, kOldestMinor = 2;

// What QEMU calls the architecture in its programs' names: i386 for i686, arm for armv7l.
std::string program_arch(std::string_view arch);

// As libvirt's <guest> tells it, for one of its arches(). `kvm_usable`: this host lets us use KVM for this architecture.
v1::GuestCapabilities guest_capabilities(const Emulator& emulator, std::string_view arch, bool kvm_usable);

}  // namespace lodge::drivers::qemu
