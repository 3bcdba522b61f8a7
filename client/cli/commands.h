#pragma once

#include <span>
#include <string_view>

#include "client/cli/command.h"

namespace lodge::cli {

// Every command of `lodge`, in the order of its help. Each group is one file's own table.
std::span<const CommandGroup> commands();
const Command* find_command(std::string_view name);

CommandGroup looking_commands();    // commands_look.cpp
CommandGroup defining_commands();   // commands_define.cpp
CommandGroup running_commands();    // commands_run.cpp
CommandGroup device_commands();     // commands_devices.cpp
CommandGroup migration_commands();  // commands_migrate.cpp
CommandGroup following_commands();  // commands_follow.cpp
CommandGroup host_commands();       // commands_host.cpp
CommandGroup remote_commands();     // commands_remote.cpp
CommandGroup policy_commands();     // commands_policy.cpp
CommandGroup pki_commands();        // commands_pki.cpp
CommandGroup doctor_commands();     // commands_doctor.cpp
CommandGroup local_commands();      // commands_local.cpp

}  // namespace lodge::cli
