#include "drivers/qemu/command_line/command_line.h"

#include "drivers/qemu/command_line/sections.h"
#include "drivers/qemu/command_line/vocabulary.h"

namespace lodge::drivers::qemu {

namespace {

void add_identity(Arguments& arguments, const Launch& launch) {
  arguments.add("-name", Keyval().add("guest", launch.spec.name()).add("debug-threads", "on"));
  // Nothing runs before the monitor says so.
  arguments.add("-S");
  if (launch.incoming) arguments.add("-incoming", "defer");
  // Only what the definition says; nothing of the host's own configuration.
  arguments.add("-no-user-config");
  arguments.add("-nodefaults");
  // For people and their tools; we know the process by its claim. QEMU removes it when it ends.
  arguments.add("-pidfile", launch.folder + "/qemu.pid");
}

void add_monitor(Arguments& arguments, const Launch& launch) {
  Keyval socket("socket");
  socket.add("id", "monitor").add("fd", static_cast<std::uint64_t>(arguments.inherit(launch.monitor)));
  arguments.add("-chardev", socket.add("server", "on").add("wait", "off"));
  arguments.add("-mon", Keyval().add("chardev", "monitor").add("mode", "control"));
}

// A guest that ends by itself stays, stopped, until somebody has seen it: also while no daemon listens.
void add_actions(Arguments& arguments, const v1::DomainSpec& spec) {
  arguments.add("-no-shutdown");
  Keyval action;
  const bool runs_on = spec.on_reboot() == v1::LIFECYCLE_ACTION_RESTART ||
                       spec.on_reboot() == v1::LIFECYCLE_ACTION_UNSPECIFIED;
  action.add("reboot", runs_on ? "reset" : "shutdown").add("panic", "pause");
  arguments.add("-action", action);
}

}  // namespace

CommandLine command_line(const Launch& launch) {
  const auto& spec = launch.spec;
  Arguments arguments;
  add_identity(arguments, launch);
  add_firmware(arguments, launch);
  add_machine(arguments, launch);
  add_cpu(arguments, launch);
  add_memory(arguments, launch);
  add_monitor(arguments, launch);
  add_clock(arguments, launch);
  add_actions(arguments, spec);
  add_boot(arguments, launch);
  add_controllers(arguments, launch);
  add_disks(arguments, launch);
  add_interfaces(arguments, launch);
  add_chardevs(arguments, launch);
  add_audio(arguments, launch);
  add_graphics(arguments, launch);
  add_hostdevs(arguments, launch);
  add_small_devices(arguments, launch);
  if (launch.emulator.options.contains("sandbox")) {
    arguments.add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
  }
  arguments.add("-msg", "timestamp=on");

  CommandLine out{.arguments = arguments.list(), .fds = arguments.fds()};
  for (const auto& argument : spec.qemu_commandline().args()) out.arguments.push_back(argument);
  if (spec.clock().offset() == v1::CLOCK_OFFSET_TIMEZONE) out.environment.push_back("TZ=" + spec.clock().timezone());
  for (const auto& variable : spec.qemu_commandline().env()) {
    out.environment.push_back(variable.name() + "=" + variable.value());
  }
  return out;
}

void Refusals::need_device(std::string path, std::string_view device, const Emulator& emulator) {
  if (!device.empty() && emulator.has_device(device)) return;
  add(std::move(path), "{} {} has no device '{}'", emulator.identity.path, emulator.version(), device);
}

std::vector<Finding> find_unsupported(const v1::DomainSpec& spec, const Emulator& emulator) {
  Refusals refusals;
  check_vocabulary(refusals, spec);
  check_machine(refusals, spec, emulator);
  check_cpu(refusals, spec);
  check_memory(refusals, spec);
  check_clock(refusals, spec);
  check_boot(refusals, spec);
  check_controllers(refusals, spec, emulator);
  check_disks(refusals, spec, emulator);
  check_interfaces(refusals, spec, emulator);
  check_chardevs(refusals, spec, emulator);
  check_graphics(refusals, spec, emulator);
  check_audio(refusals, spec);
  check_hostdevs(refusals, spec, emulator);
  check_small_devices(refusals, spec, emulator);
  return refusals.take();
}

}  // namespace lodge::drivers::qemu
