#include "drivers/qemu/emulator.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace lodge::drivers::qemu {

namespace {

std::int64_t nanoseconds(const timespec& t) { return t.tv_sec * 1'000'000'000LL + t.tv_nsec; }

// Where distributions put QEMU's loadable modules.
constexpr const char* kModuleFolders[] = {"/usr/lib/x86_64-linux-gnu/qemu", "/usr/lib/aarch64-linux-gnu/qemu",
                                          "/usr/lib/qemu", "/usr/lib64/qemu"};

std::uint32_t word_size(std::string_view arch) {
  static constexpr std::string_view kNarrow[] = {"i686", "arm",   "armv7l",  "armv6l", "mips", "mipsel",
                                                 "ppc",  "sparc", "riscv32", "m68k",   "sh4"};
  return std::ranges::find(kNarrow, arch) == std::end(kNarrow) ? 64 : 32;
}

v1::GuestMachine machine(const MachineType& type, std::string_view name, std::string_view canonical) {
  v1::GuestMachine out;
  out.set_name(std::string(name));
  out.set_canonical(std::string(canonical));
  if (type.max_cpus) out.set_max_cpus(type.max_cpus);
  out.set_is_default(type.is_default && canonical.empty());
  out.set_default_cpu(type.default_cpu);
  return out;
}

}  // namespace

Result<ProgramIdentity> identify_program(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail_errno(errno, "{}", path.string());
  if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) {
    return fail(Code::permission_denied, "{}: not a program", path.string());
  }
  ProgramIdentity identity{.path = path.string(),
                           .device = status.st_dev,
                           .inode = status.st_ino,
                           .size = static_cast<std::uint64_t>(status.st_size),
                           .mtime_ns = nanoseconds(status.st_mtim),
                           .ctime_ns = nanoseconds(status.st_ctim)};
  for (const char* folder : kModuleFolders) {
    if (::stat(folder, &status) == 0) {
      identity.modules_mtime_ns = std::max(identity.modules_mtime_ns, nanoseconds(status.st_mtim));
    }
  }
  return identity;
}

std::vector<std::string> Emulator::arches() const {
  if (arch == "arm") return {"armv7l", "armv6l"};
  if (arch == "ppc64") return {"ppc64", "ppc64le"};
  return {arch};
}

std::string program_arch(std::string_view arch) {
  if (arch == "i686") return "i386";
  if (arch == "armv7l" || arch == "armv6l") return "arm";
  if (arch == "ppc64le") return "ppc64";
  return std::string(arch);
}

std::string Emulator::version() const { return fmt::format("{}.{}.{}", major, minor, micro); }

const MachineType* Emulator::machine(std::string_view name) const {
  const auto found = std::ranges::find_if(
      machines, [&](const MachineType& type) { return type.name == name || (!name.empty() && type.alias == name); });
  return found == machines.end() ? nullptr : &*found;
}

v1::GuestCapabilities guest_capabilities(const Emulator& emulator, std::string_view arch, bool kvm_usable) {
  v1::GuestCapabilities guest;
  guest.set_os_type("hvm");
  guest.set_arch(std::string(arch));
  guest.set_wordsize(word_size(arch));
  guest.set_emulator(emulator.identity.path);
  guest.set_emulator_version(emulator.version());
  for (const auto& type : emulator.machines) {
    if (!type.alias.empty()) *guest.add_machines() = machine(type, type.alias, type.name);
    *guest.add_machines() = machine(type, type.name, "");
  }
  guest.add_domains()->set_type(v1::DOMAIN_TYPE_QEMU);
  if (kvm_usable && emulator.kvm) guest.add_domains()->set_type(v1::DOMAIN_TYPE_KVM);
  for (const auto& device : emulator.devices) guest.add_device_models(device);
  for (const auto& cpu : emulator.cpus) guest.add_cpu_models(cpu);

  auto& features = *guest.mutable_features();
  const bool x86 = emulator.arch == "x86_64" || emulator.arch == "i686";
  if (x86) {
    features.mutable_acpi()->set_default_on(true);
    features.mutable_acpi()->set_toggle(true);
    features.mutable_apic()->set_default_on(true);
    features.mutable_apic()->set_toggle(false);
  }
  features.set_pae(emulator.arch == "i686");
  features.set_nonpae(emulator.arch == "i686");
  features.set_cpuselection(true);
  features.set_deviceboot(true);
  features.mutable_disksnapshot()->set_default_on(true);
  features.mutable_disksnapshot()->set_toggle(false);
  return guest;
}

}  // namespace lodge::drivers::qemu
