#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "drivers/qemu/emulator.h"
#include "lodge/v1/domain.pb.h"
#include "netdev/port.h"

namespace lodge::drivers::qemu {

// All that a command line is made of. The specification is a live one: checked, and with its aliases and paths.
struct Launch {
  const v1::DomainSpec& spec;
  const Emulator& emulator;
  std::string folder;                               // of the run
  int monitor = -1;                                 // the listening socket of the monitor
  const std::map<int, netdev::NetworkPort>& ports;  // by the index of the interface
  const std::map<int, std::vector<Fd>>& vhost;      // open /dev/vhost-net, one per queue, where it is to be used
  std::chrono::system_clock::time_point now;
  bool incoming = false;  // from another host: waits to be told where to listen

  bool kvm() const { return spec.type() == v1::DOMAIN_TYPE_KVM; }
};

// The order in which the firmware tries devices, from 1: as each device says, or from <os><boot>, whose entries mean the
// first device of that kind.
struct BootOrder {
  std::map<int, std::uint32_t> disks;       // by index
  std::map<int, std::uint32_t> interfaces;  // by index
};
BootOrder boot_order(const v1::DomainSpec& spec);

}  // namespace lodge::drivers::qemu
