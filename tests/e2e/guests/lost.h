#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/e2e/support/world.h"

namespace lodge::test {

// Does it in a life of the daemon that the state folder then knows nothing of, as after a backup was restored. The daemon
// runs before, and not after.
void forgetting(World& world, const std::function<void()>& what);

// What `lodge doctor` says of claims, by subject.
std::map<std::string, nlohmann::json> claim_findings(const World& world);

// How it names a process.
std::string subject_of(pid_t process);

bool runs(pid_t process);

// Waits until it is gone, and collected by whoever has to.
bool ends(pid_t process);

}  // namespace lodge::test
