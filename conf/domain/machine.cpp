#include "conf/domain/machine.h"

#include <algorithm>

namespace lodge::conf {

bool is_x86(std::string_view arch) { return arch == "x86_64" || arch == "i686"; }

Chipset chipset_of(const v1::Os& os) {
  if (!is_x86(os.arch())) return Chipset::other;
  const std::string_view machine = os.machine();
  if (machine == "q35" || machine.starts_with("pc-q35-")) return Chipset::q35;
  // Before 2.0 the versions had no chipset in them: pc-1.3, pc-0.12.
  if (machine == "pc" || machine.starts_with("pc-i440fx-") || machine.starts_with("pc-0.") ||
      machine.starts_with("pc-1.")) {
    return Chipset::i440fx;
  }
  return Chipset::other;
}

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
  for (std::string_view suffix : {"-x86_64-cpu", "-i386-cpu"}) {
    if (model.ends_with(suffix)) model.resize(model.size() - suffix.size());
  }
  return model;
}

bool was_probed(const v1::GuestCapabilities& guest) { return !guest.emulator_version().empty(); }

}  // namespace lodge::conf
