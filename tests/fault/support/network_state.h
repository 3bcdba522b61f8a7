#pragma once

#include <map>
#include <string>
#include <vector>

namespace lodge::test {

// What a host's network has that is neither link, nor process, nor file.

// Queues, classes and filters of each link that has any but the kernel's own, as tc shows them, without what they count.
std::map<std::string, std::string> traffic_control();
// Whether what this says of a link limits what it sends.
bool limits_sending(const std::string& traffic);

// A table of nftables.
struct PacketFilter {
  std::string name;    // "netdev lodge-0123456789abcdef"
  std::string text;    // with handles, without what it counts
  std::string device;  // that it filters; empty if it is of no device
};
std::vector<PacketFilter> packet_filters();

}  // namespace lodge::test
