#pragma once

#include <memory>

#include "base/result.h"
#include "daemon/access/access.h"
#include "daemon/app/settings.h"
#include "daemon/enrol/enrolment.h"
#include "daemon/rpc/rpc_door.h"

// What this process needs of the host before it can be wired together.
namespace lodge::app {

// Signals, descriptors and how the processor is shared, once, before there are threads.
void prepare_process();

// The folders of a daemon. Local users must be able to reach the socket; only we may look into the rest.
Result<void> make_folders(const Paths& paths);

// Identifies the running kernel: different after each boot.
Result<std::string> boot_id();

// Who may do what: the settings' rules and the policy file. Logs what they name and this host lacks. The error says what is wrong with
// the policy. `enrolled` outlives it.
Result<std::unique_ptr<access::Access>> open_access(const Settings& settings, const access::Enrolled& enrolled);

// Where the settings want it.
Result<std::unique_ptr<access::Auditor>> open_audit(const Settings& settings);

rpc::DoorSettings door_settings(const Paths& paths, const Settings& settings);
host::MigrationSettings migration_settings(const Settings& settings);

enrol::EnrolSettings enrol_settings(const Settings& settings);

// All that can be wrong with the settings and the files they name.
Result<void> check(const Settings& settings);

// Tells the service manager: "READY=1", "STOPPING=1".
void notify(const char* state);

}  // namespace lodge::app
