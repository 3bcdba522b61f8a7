#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "netdev/link.h"

namespace lodge::netdev {

// The character device of a macvtap: one more queue of it, non-blocking.
//
// /dev/tapN is one name space for the whole machine while ifindexes are counted per network namespace, so the name
// proves nothing. The device number is taken from sysfs, after making sure that sysfs shows this very link; then a node
// with this number is looked for in /dev and, if there is none, made in a file system that nobody else sees.
Result<Fd> open_macvtap_node(const Link& macvtap);

}  // namespace lodge::netdev
