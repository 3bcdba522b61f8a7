#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "netdev/mac.h"

namespace lodge::netdev {

// How a guest's port introduces itself to the switch behind its parent.
struct SwitchPort {
  enum class Protocol {
    qbg,  // IEEE 802.1Qbg (VDP): told to lldpad, which speaks with the switch
    qbh,  // IEEE 802.1Qbh (VN-Link): told to the parent's driver
  };
  Protocol protocol = Protocol::qbg;
  Mac mac;                                 // the guest's
  std::array<std::uint8_t, 16> station{};  // qbg: this very station; qbh: the guest's uuid
  std::uint8_t manager_id = 0;             // qbg: the database in which the type is looked up
  std::uint32_t type_id = 0;               // qbg: 24 bits
  std::uint8_t type_version = 0;           // qbg
  std::string profile;                     // qbh: at most 39 characters

  bool operator==(const SwitchPort&) const = default;
};

enum class SwitchRequest { associate, disassociate };

}  // namespace lodge::netdev
