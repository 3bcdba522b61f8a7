#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "conf/domain/device.h"
#include "drivers/qemu/command_line/arguments.h"
#include "drivers/qemu/command_line/launch.h"

// The parts of a command line, one file each: what it can do (add_…) beside what it cannot (check_…).
namespace lodge::drivers::qemu {

// Collects what is not supported.
class Refusals {
 public:
  template <class... Args>
  void add(std::string path, fmt::format_string<Args...> format, Args&&... args) {
    list_.push_back({.path = std::move(path), .message = fmt::format(format, std::forward<Args>(args)...)});
  }
  // The emulator must have this device.
  void need_device(std::string path, std::string_view device, const Emulator& emulator);

  std::vector<Finding> take() { return std::move(list_); }

 private:
  std::vector<Finding> list_;
};

using conf::device_path;

void add_machine(Arguments& arguments, const Launch& launch);
void check_machine(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator);

void add_cpu(Arguments& arguments, const Launch& launch);
void check_cpu(Refusals& refusals, const v1::DomainSpec& spec);

// The id of the object that is the machine's memory; empty if QEMU allocates it by itself.
std::string memory_backend_id(const Launch& launch);
void add_memory(Arguments& arguments, const Launch& launch);
void check_memory(Refusals& refusals, const v1::DomainSpec& spec);

void add_clock(Arguments& arguments, const Launch& launch);
void check_clock(Refusals& refusals, const v1::DomainSpec& spec);

// Firmware, kernel, boot menu.
void add_firmware(Arguments& arguments, const Launch& launch);
void add_boot(Arguments& arguments, const Launch& launch);
void check_boot(Refusals& refusals, const v1::DomainSpec& spec);

void add_controllers(Arguments& arguments, const Launch& launch);
void check_controllers(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator);

void add_disks(Arguments& arguments, const Launch& launch);
void check_disks(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator);

void add_interfaces(Arguments& arguments, const Launch& launch);
void check_interfaces(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator);

// Serial and parallel ports, consoles, channels, redirected USB devices.
void add_chardevs(Arguments& arguments, const Launch& launch);
void check_chardevs(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator);

void add_graphics(Arguments& arguments, const Launch& launch);
void check_graphics(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator);

void add_audio(Arguments& arguments, const Launch& launch);
void check_audio(Refusals& refusals, const v1::DomainSpec& spec);

void add_hostdevs(Arguments& arguments, const Launch& launch);
void check_hostdevs(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator);

// Input, video, hub, watchdog, rng, memballoon, panic.
void add_small_devices(Arguments& arguments, const Launch& launch);
void check_small_devices(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator);

// The host's end of a character device; returns its id. `alias` is the device's. Also for rng's egd.
std::string add_chardev(Arguments& arguments, const v1::CharBackend& backend, std::string_view alias,
                        std::string_view spice_name = {});

}  // namespace lodge::drivers::qemu
