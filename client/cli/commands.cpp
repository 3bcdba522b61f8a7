#include "client/cli/commands.h"

namespace lodge::cli {

std::span<const CommandGroup> commands() {
  static const std::vector<CommandGroup> kGroups = {
      looking_commands(),   defining_commands(),  running_commands(), device_commands(),
      migration_commands(), following_commands(), host_commands(),    policy_commands(),
      doctor_commands(),    remote_commands(),    pki_commands(),     local_commands(),
  };
  return kGroups;
}

const Command* find_command(std::string_view name) {
  for (const CommandGroup& group : commands())
    for (const Command& command : group.commands)
      if (command.name == name) return &command;
  return nullptr;
}

}  // namespace lodge::cli
