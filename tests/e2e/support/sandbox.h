#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace lodge::test {

// Runs `body` in a small world of its own: new pid, network, mount, uts and ipc namespaces. In it `lo` is up and there is no
// other link; /proc and /sys are its own; /run is an empty tmpfs (so are network namespaces' names). When the body
// returns, or this process is killed in any way, the kernel ends every process in it and removes every link and mount.
//
// Returns the body's exit status, 128 + the signal that ended it, or 0 after printing "SKIPPED: …" where such a world
// cannot be made. To be called before there are threads.
int in_sandbox(const std::function<int()>& body);

// This process's own control group, as a folder; none where version 2 is not mounted.
std::optional<fs::path> own_control_group();

// Whether this process is in one. Whoever touches links asks first.
bool sandboxed();

// From here on nobody in this sandbox can open /dev/kvm.
void forbid_kvm();

}  // namespace lodge::test
