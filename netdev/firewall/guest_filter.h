#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lodge/v1/interface.pb.h"
#include "netdev/mac.h"

namespace lodge::netdev {

// What a guest may not send. What reaches it is not filtered: no predefined filter that is known here does that.
struct GuestFilter {
  Mac mac;                             // the guest's
  std::vector<std::string> addresses;  // its IPv4 addresses, checked
  bool other_macs = false;             // drop frames from another MAC address
  bool other_ips = false;              // drop IPv4 from another address; DHCP may ask from 0.0.0.0
  bool other_arp_macs = false;         // drop ARP that speaks for another MAC address
  bool other_arp_ips = false;          // drop ARP that speaks for another address
  bool other_protocols = false;        // drop all but IPv4, ARP and RARP
  bool multicast = false;              // drop IPv4 to groups
  bool broadcast = false;              // drop IPv4 to everybody

  bool operator==(const GuestFilter&) const = default;
};

// The filters that libvirt predefines and that mean something for one guest alone: clean-traffic and what it is made of.
// unsupported, naming those that there are, for any other; invalid_argument if an address is missing or broken.
// @source libvirt formatnwfilter, Pre-existing network filters
Result<GuestFilter> guest_filter(const v1::FilterRef& reference, Mac mac);

}  // namespace lodge::netdev
