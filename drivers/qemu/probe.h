#pragma once

#include <string>
#include <vector>

#include "base/pool.h"
#include "base/task.h"
#include "drivers/qemu/emulator.h"
#include "drivers/qemu/qmp/message.h"

namespace lodge::drivers::qemu {

// Starts the program without a machine, with `environment` besides what it needs, asks it over QMP what it can do, and ends it;
// some 20 ms. unavailable, with its own words, if it is no QEMU or broken.
Task<Result<Emulator>> probe_emulator(asio::any_io_executor control, Pool& pool, std::string path,
                                      std::vector<std::string> environment, Deadline deadline);

// The answers to kProbeCommands, in order, made into an Emulator without an identity. Pure; tolerates what it does not know.
Emulator emulator_from(const std::vector<qmp::Json>& answers);

// What is asked.
struct ProbeCommand {
  const char* name;
  const char* arguments;   // JSON
  bool everywhere = true;  // false: emulators of some architectures do not know it, and then the answer is nothing
};
extern const std::vector<ProbeCommand> kProbeCommands;

// The qemu-system-* programs in these folders, in their order; of several with one name the first. Blocks.
std::vector<std::string> find_emulators(const std::vector<std::string>& folders);

}  // namespace lodge::drivers::qemu
