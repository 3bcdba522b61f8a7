#include <algorithm>
#include <cctype>

#include "conf/domain/defaults/defaults.h"

namespace lodge::conf::defaults {

namespace {

bool boots_by_order(const v1::DomainSpec& spec) {
  const auto ordered = [](const auto& device) { return device.has_boot() && device.boot().has_order(); };
  return std::ranges::any_of(spec.disks(), ordered) || std::ranges::any_of(spec.interfaces(), ordered) ||
         std::ranges::any_of(spec.hostdevs(), ordered) || std::ranges::any_of(spec.filesystems(), ordered) ||
         std::ranges::any_of(spec.redirdevs(), [](const auto& device) { return device.has_boot_order(); });
}

// s390x: the boot loader knows capitals only.
void complete_load_parameters(v1::DomainSpec& spec) {
  const auto to_capitals = [](auto& device) {
    if (device.boot().loadparm().empty()) return;
    auto& parameter = *device.mutable_boot()->mutable_loadparm();
    std::ranges::transform(parameter, parameter.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  };
  std::ranges::for_each(*spec.mutable_disks(), to_capitals);
  std::ranges::for_each(*spec.mutable_interfaces(), to_capitals);
}

// The host's own architecture, else the first that anything here can run.
std::string default_arch(const v1::Capabilities& host) {
  const auto& arch = host.host().cpu().arch();
  if (std::ranges::any_of(host.guests(), [&](const auto& guest) { return guest.arch() == arch; })) return arch;
  return host.guests().empty() ? std::string() : host.guests(0).arch();
}

}  // namespace

void complete_os(v1::DomainSpec& spec, const v1::Capabilities& host) {
  auto& os = *spec.mutable_os();
  if (os.type().empty()) os.set_type("hvm");
  if (os.arch().empty()) os.set_arch(default_arch(host));

  if (const auto* guest = find_guest(host, spec)) {
    if (spec.emulator().empty()) spec.set_emulator(guest->emulator());
    const auto* machine = os.machine().empty() ? default_machine(*guest) : find_machine(*guest, os.machine());
    if (machine) os.set_machine(machine->canonical().empty() ? machine->name() : machine->canonical());
  }

  if (os.type() == "hvm" && os.boot().empty() && !boots_by_order(spec)) os.add_boot(v1::BOOT_DEVICE_HD);
  complete_load_parameters(spec);
  // Nothing waits for the user of a menu that is off.
  if (os.has_bootmenu() && !os.bootmenu()) os.clear_bootmenu_timeout();
}

}  // namespace lodge::conf::defaults
