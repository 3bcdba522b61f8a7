#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "drivers/qemu/command_line/launch.h"

namespace lodge::drivers::qemu {

struct CommandLine {
  std::vector<std::string> arguments;    // without the program
  std::vector<std::string> environment;  // what the definition adds: NAME=value
  std::vector<int> fds;                  // to inherit, see spawn.h
};

// How QEMU is started for this guest: paused, and staying when the guest powers off. Pure; the specification passed
// find_unsupported(). Options that take JSON get JSON.
CommandLine command_line(const Launch& launch);

// What a definition asks for and this driver or this emulator cannot do, each with its path. Nothing is passed over in
// silence. Pure.
std::vector<Finding> find_unsupported(const v1::DomainSpec& spec, const Emulator& emulator);

}  // namespace lodge::drivers::qemu
