#pragma once

#include <optional>

#include "base/result.h"
#include "lodge/v1/interface.pb.h"
#include "netdev/port.h"

namespace lodge::netdev {

// What a guest's interface asks of the host: the one place that reads its description. Empty if it asks nothing of it
// (user, server, client, mcast, udp): the hypervisor makes the connection itself.
//
// A target name is the user's unless it is marked as generated. A virtio card gets as many queues as its driver asks
// for and virtio headers, any other card one queue. A device with managed='no' is only opened. unsupported, naming all of it: what this host side
// cannot do.
// invalid_argument: no MAC address, or a broken one.
Result<std::optional<PortRequest>> port_request(const v1::Interface& interface, const Owner& owner);

// Where the hypervisor listens for this card (server, and udp with a port of its own); none for any other.
std::optional<PortIdentity> listening_port(const v1::Interface& interface);

// What a change of a card in use asks of the host. unsupported for what this host side cannot change.
Result<PortChange> port_change(const v1::Interface& before, const v1::Interface& after);

// All that a card in use can ask of the host, for one of which nobody knows how it is.
Result<PortChange> whole_port(const v1::Interface& card);

}  // namespace lodge::netdev
