#pragma once

#include "base/result.h"
#include "daemon/access/access.h"
#include "daemon/app/settings.h"
#include "daemon/rpc/rpc_door.h"

// What this process needs of the host before it can be wired together.
namespace lodge::app {

// Signals, descriptors and file modes, once, before there are threads.
void prepare_process();

// The folders of a daemon. Local users must be able to reach the socket; only we may look into the rest.
Result<void> make_folders(const Paths& paths);

// Identifies the running kernel: different after each boot.
Result<std::string> boot_id();

// Logs, if the group does not exist, that only root may change anything.
access::Rules access_rules(const Settings& settings);

rpc::DoorSettings door_settings(const Settings& settings);

// All that can be wrong with the settings and the files they name.
Result<void> check(const Settings& settings);

// Tells the service manager: "READY=1", "STOPPING=1".
void notify(const char* state);

}  // namespace lodge::app
