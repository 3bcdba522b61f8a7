#pragma once

#include <memory>
#include <vector>

#include "base/pool.h"
#include "base/task.h"
#include "daemon/app/settings.h"
#include "drivers/api/driver.h"

namespace lodge::app {

// The drivers of this daemon, in the order in which they are asked who runs a guest. `pool` outlives them.
std::vector<std::unique_ptr<drivers::Driver>> builtin_drivers(const asio::any_io_executor& control, Pool& pool,
                                                              const Paths& paths, const Settings& settings);

}  // namespace lodge::app
