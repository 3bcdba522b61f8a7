#include "conf/domain/machine.h"

#include <algorithm>
#include <cctype>

namespace lodge::conf {

namespace {

Chipset x86_chipset(std::string_view machine) {
  if (machine == "q35" || machine.starts_with("pc-q35-")) return Chipset::q35;
  // Before 2.0 the versions had no chipset in them: pc-1.3, pc-0.12.
  if (machine == "pc" || machine.starts_with("pc-i440fx-") || machine.starts_with("pc-0.") ||
      machine.starts_with("pc-1.")) {
    return Chipset::i440fx;
  }
  return Chipset::other;
}

bool is_named(std::string_view machine, std::string_view board) {
  return machine == board ||
         (machine.starts_with(board) && machine.size() > board.size() && machine[board.size()] == '-');
}

// What the emulator calls a type of CPU, as its own documentation and libvirt call the model: POWER9 for power9_v2.0.
std::string power_model(std::string_view type) {
  std::string name(type.substr(0, type.find("_v")));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

}  // namespace

bool is_x86(std::string_view arch) { return arch == "x86_64" || arch == "i686"; }
bool is_arm(std::string_view arch) { return arch == "aarch64" || arch == "armv7l" || arch == "armv6l"; }
bool is_riscv(std::string_view arch) { return arch == "riscv64" || arch == "riscv32"; }
bool is_ppc64(std::string_view arch) { return arch == "ppc64" || arch == "ppc64le"; }

Chipset chipset_of(const v1::Os& os) {
  const std::string_view arch = os.arch();
  const std::string_view machine = os.machine();
  if (is_x86(arch)) return x86_chipset(machine);
  if (is_arm(arch) && machine == "versatilepb") return Chipset::pci;
  if (is_arm(arch) || is_riscv(arch)) return is_named(machine, "virt") ? Chipset::virt : Chipset::other;
  if (is_ppc64(arch)) return is_named(machine, "pseries") ? Chipset::pseries : Chipset::pci;
  if (arch == "s390x") return Chipset::ccw;
  if (arch == "ppc") return Chipset::pci;
  return Chipset::other;
}

bool has_pci(Chipset chipset) { return chipset != Chipset::other; }

bool has_pcie(Chipset chipset) { return chipset == Chipset::q35 || chipset == Chipset::virt; }

const v1::GuestCapabilities* find_guest(const v1::Capabilities& host, const v1::DomainSpec& spec) {
  const v1::GuestCapabilities* found = nullptr;
  for (const auto& guest : host.guests()) {
    if (guest.arch() != spec.os().arch()) continue;
    if (!spec.os().type().empty() && guest.os_type() != spec.os().type()) continue;
    if (guest.emulator() == spec.emulator()) return &guest;
    if (!found) found = &guest;
  }
  return found;
}

const v1::GuestMachine* find_machine(const v1::GuestCapabilities& guest, std::string_view name) {
  const auto it = std::ranges::find_if(guest.machines(), [&](const auto& machine) { return machine.name() == name; });
  return it == guest.machines().end() ? nullptr : &*it;
}

const v1::GuestMachine* default_machine(const v1::GuestCapabilities& guest) {
  if (guest.machines().empty()) return nullptr;
  const auto it = std::ranges::find_if(guest.machines(), [](const auto& machine) { return machine.is_default(); });
  return it == guest.machines().end() ? &guest.machines(0) : &*it;
}

std::string default_cpu_model(const v1::Capabilities& host, const v1::DomainSpec& spec) {
  // A 64-bit emulator may run a 32-bit guest: its default is what counts.
  const v1::GuestCapabilities* guest = nullptr;
  for (const auto& candidate : host.guests()) {
    if (candidate.emulator() == spec.emulator()) guest = &candidate;
  }
  if (!guest) guest = find_guest(host, spec);
  if (!guest) return {};
  const auto* machine = find_machine(*guest, spec.os().machine());
  std::string model = machine ? machine->default_cpu() : std::string();
  // The emulator's type is "MODEL-TARGET-cpu".
  constexpr std::string_view kType = "-cpu";
  if (!model.ends_with(kType)) return model;
  model.resize(model.size() - kType.size());
  if (const auto target = model.rfind('-'); target != std::string::npos) model.resize(target);
  return is_ppc64(spec.os().arch()) ? power_model(model) : model;
}

bool was_probed(const v1::GuestCapabilities& guest) { return !guest.emulator_version().empty(); }

}  // namespace lodge::conf
