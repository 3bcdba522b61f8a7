#pragma once

#include "base/result.h"
#include "conf/xml/source_map.h"
#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::conf {

// Completes a definition the way libvirt 9.0 completes what it is given to define: everything that was left to the host
// is chosen and written down, so that the guest is the same machine at every start. uuid, MAC addresses, machine alias
// to its versioned name, emulator, CPU, default controllers and devices, every bus and address.
//
// What cannot make sense (an unknown machine, two devices at one address) is left as it is: validate() refuses it, together
// with everything else that is wrong. Repeating it adds nothing; only controllers may move among those of other types.
// Any thread.
// Error: invalid_argument with findings if the guest has no room left for a device.
Result<v1::DomainSpec> normalize(v1::DomainSpec spec, const v1::Capabilities& host, const xml::SourceMap& source);

}  // namespace lodge::conf
