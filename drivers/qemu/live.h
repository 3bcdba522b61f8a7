#pragma once

#include <map>

#include "conf/domain/validated.h"
#include "drivers/api/driver.h"
#include "drivers/qemu/qmp/message.h"

namespace lodge::drivers::qemu {

// Where QEMU puts what it makes while it runs: the run's folder, or, if it runs as another user, one of that user's in it.
fs::path work_folder(const Run& run);

// The specification of a run before it begins: with aliases, the names of its network devices, and a path for each
// socket and file that the definition left to us. Pure.
v1::DomainSpec live_spec(const v1::DomainSpec& definition, const Run& run,
                         const std::map<int, netdev::NetworkPort>& ports, const fs::path& nvram_dir);

// Adds what only QEMU knows: the pseudo terminals (query-chardev) and VNC's port (query-vnc). Pure.
void add_chardev_facts(v1::DomainSpec& live, const qmp::Json& query_chardev);
void add_vnc_facts(v1::DomainSpec& live, const qmp::Json& query_vnc);

}  // namespace lodge::drivers::qemu
