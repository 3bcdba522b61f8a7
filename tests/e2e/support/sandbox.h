#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace lodge::test {

// Runs `body` in a small world of its own: new pid, network, mount, uts and ipc namespaces. In it `lo` is up and there is no
// other link; /proc and /sys are its own; /run is an empty tmpfs (so are network namespaces' names). When the body
// returns, or this process is killed in any way, the kernel ends every process in it and removes every link and mount.
//
// Returns the body's exit status, 128 + the signal that ended it, or 0 after printing "SKIPPED: …" where such a world
// cannot be made. To be called before there are threads.
int in_sandbox(const std::function<int()>& body);

// Whether this process is in one. Whoever touches links asks first.
bool sandboxed();

}  // namespace lodge::test
