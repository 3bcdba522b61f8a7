#pragma once

#include "base/pool.h"
#include "base/task.h"

namespace lodge::app {

// Before there are threads: few pools of freed memory, each of which keeps a little for the next large message.
void keep_little_memory();

// Ends with the loop it runs on: what a flood of connections or calls has made the daemon take goes back to the kernel
// within ten seconds of its end.
Task<void> give_memory_back(Pool& pool);

}  // namespace lodge::app
