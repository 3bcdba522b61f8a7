#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "netdev/claims/claims.h"
#include "netdev/fake/fake_ledger.h"
#include "netdev/firewall/host_firewall.h"
#include "netdev/host_cgroups.h"
#include "netdev/host_kernel.h"
#include "netdev/host_pci.h"
#include "netdev/port.h"

namespace lodge::netdev {

// Runs `ip …`; the test ends if that fails.
void ip(const std::string& arguments);

Mac mac(std::uint8_t last);

// The real kernel with a pair of links, "wire0" and "wire1", to hang guests on and to look at from the other end. Both
// and all that hangs on them are gone afterwards.
class Bench {
 public:
  Bench();
  ~Bench();

  HostKernel kernel;
  FakeLedger ledger;
  HostProcesses processes;
  HostFirewall firewall;
  HostPci pci;
  HostCgroups cgroups = HostCgroups::find_own();

  System system() { return System{kernel, processes, cgroups, firewall, pci}; }
  PortPlan plan(const PortRequest& request);
  NetworkPort make(const PortPlan& plan);
  ReleaseReport release_one(const Claim& claim);
  // The test ends if there is none.
  Link link(std::uint32_t ifindex);
  Link link(const std::string& name);
  bool exists(std::uint32_t ifindex);
};

Deadline soon();
PortRequest on_parent(std::string parent, MacvtapMode mode = MacvtapMode::bridge);
PortRequest on_bridge(std::string bridge);
std::uint32_t ifindex_of(const PortPlan& plan);

}  // namespace lodge::netdev
