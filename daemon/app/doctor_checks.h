#pragma once

#include <vector>

#include "daemon/app/settings.h"
#include "daemon/doctor/check.h"

namespace lodge::app {

// What `lodge doctor` looks at on this host beside ledger, work and drivers.
std::vector<doctor::Check> doctor_checks(const Paths& paths, const Settings& settings);

}  // namespace lodge::app
