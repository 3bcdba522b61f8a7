#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/bandwidth.pb.h"
#include "lodge/v1/virtualport.pb.h"
#include "lodge/v1/vlan.pb.h"

// What networks, portgroups, ports and guests' cards all may say of a port: libvirt 9.0's rules for it. `path` is that
// of the element.
namespace lodge::conf {

void check_vlan(const std::string& path, const v1::Vlan& vlan, Findings& findings);

// `may_have_floor`: it is of someone who can be promised what he receives, which takes a network of the daemon's own.
void check_bandwidth(const std::string& path, const v1::Bandwidth& bandwidth, bool may_have_floor, Findings& findings);

// How much of a virtual port must be said: the rest of a part comes from the network, the portgroup or the card.
enum class VirtualPortExtent { part, whole };

void check_virtualport(const std::string& path, const v1::VirtualPort& port, VirtualPortExtent extent,
                       Findings& findings);

}  // namespace lodge::conf
