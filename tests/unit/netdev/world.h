#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/uuid.h"
#include "netdev/claims/claims.h"
#include "netdev/claims/file.h"
#include "netdev/claims/folder.h"
#include "netdev/claims/port.h"
#include "netdev/fake/fake_cgroups.h"
#include "netdev/fake/fake_firewall.h"
#include "netdev/fake/fake_kernel.h"
#include "netdev/fake/fake_ledger.h"
#include "netdev/fake/fake_pci.h"
#include "netdev/fake/fake_processes.h"
#include "netdev/port.h"

namespace lodge::netdev {

inline Deadline soon() { return Deadline::after(std::chrono::seconds(10)); }
inline Deadline over() { return Deadline::after(std::chrono::seconds(-1)); }

inline Mac mac(std::uint8_t last) { return Mac{{0x52, 0x54, 0, 0x12, 0x34, last}}; }

// As a server that was killed leaves it.
void leave_dead_socket(const fs::path& path);

// A guest that runs, or what an earlier life of the daemon left of one.
struct TestGuest {
  std::string run_id;
  std::vector<Claim> claims;
};

// A host in memory with things on it that are not ours, and a daemon small enough to be read: it starts and stops
// guests with two ports, a process in a control group, a folder, a
// socket, a server's port and a PCI device, in the order in which the real one does.
class World {
 public:
  World();
  ~World() { fs::remove_all(folder); }

  std::shared_ptr<Steps> steps = std::make_shared<Steps>();
  FakeKernel kernel{steps};
  FakeLedger ledger{steps};
  FakeProcesses processes{steps};
  FakeCgroups cgroups{steps};
  FakeFirewall firewall{steps};
  fs::path folder = fs::temp_directory_path() / ("lodge-unit-" + Uuid::random().str());
  FakePci pci{folder / "pci", steps};
  std::uint32_t eth0 = 0;
  std::uint32_t br0 = 0;

  System system() { return System{kernel, processes, cgroups, firewall, pci}; }

  // Both throw Crash where the daemon was made to die.
  Result<TestGuest> start(const std::string& run_id, std::uint8_t last_of_mac = 1);
  Result<void> stop(TestGuest guest);
  // What the daemon does when it starts again; `living` are the runs it finds to go on.
  Result<RecoverReport> restart(const std::set<std::string>& living = {});

  // Nothing of ours is left, nothing of others was touched.
  bool is_pristine() const;
  // The requests of a guest: a macvtap on eth0 and a tap in br0.
  std::vector<PortRequest> requests(const std::string& run_id, std::uint8_t last_of_mac) const;

 private:
  Result<void> commit(std::vector<Claim>& claims, ClaimState state);
  Result<void> make(std::vector<PortPlan>& ports, std::vector<Claim>& claims);
};

}  // namespace lodge::netdev
