#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/pool.h"
#include "base/task.h"
#include "daemon/app/settings.h"
#include "drivers/api/driver.h"

namespace lodge::app {

// The drivers of this daemon, in the order in which they are asked who runs a guest. `pool` outlives them. `instance` is the
// ledger's name: short-lived helpers bear it, so that the next life ends what this one could not.
std::vector<std::unique_ptr<drivers::Driver>> builtin_drivers(const asio::any_io_executor& control, Pool& pool,
                                                              const Paths& paths, const Settings& settings,
                                                              const std::string& instance);

}  // namespace lodge::app
