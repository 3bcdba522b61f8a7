#pragma once

#include "base/pool.h"
#include "drivers/api/driver.h"
#include "drivers/qemu/emulator.h"

namespace lodge::drivers::qemu {

struct StartTools {
  asio::any_io_executor control;
  Pool& pool;
  EmulatorPtr emulator;
  fs::path nvram_dir;
};

// Everything from a checked definition to a guest that runs. On any error, also when cancelled, QEMU is gone and reaped.
// The caller has seen to it that awaiting does not throw when cancelled (without_throwing()).
Task<Result<RunningGuest>> start_guest(StartTools tools, StartRequest request, Deadline deadline);

}  // namespace lodge::drivers::qemu
