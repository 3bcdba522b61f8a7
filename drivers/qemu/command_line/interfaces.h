#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "drivers/qemu/command_line/arguments.h"
#include "lodge/v1/domain.pb.h"
#include "netdev/port.h"

// A network card in QEMU's words, for the command line and for the monitor alike.
namespace lodge::drivers::qemu {

// The queues of a card as QEMU knows them: by the number of an inherited descriptor, or by the name of one that was sent.
struct QueueNames {
  std::vector<std::string> tap;
  std::vector<std::string> vhost;  // none, or one per queue
};

// "hostnet0", the id of the host's end of the card net0.
std::string netdev_id(const v1::Interface& interface);
// The host's end. `queues` are those of its port, where it has one.
Props netdev_of(const v1::Interface& interface, const QueueNames& queues);
// The card itself, but for what a definition says about its place in the boot order. `queues`: how many it has.
Props card_of(const v1::Interface& interface, const v1::DomainSpec& spec, std::size_t queues);

// /dev/vhost-net, once per queue, for a virtio card on a port: where it is asked for, and with KVM where it can be had.
// Empty: not for this card. Blocks.
Result<std::vector<Fd>> open_vhost(const v1::Interface& interface, v1::DomainType type, std::size_t queues);

}  // namespace lodge::drivers::qemu
