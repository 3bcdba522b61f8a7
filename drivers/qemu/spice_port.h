#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/guarded.h"
#include "base/result.h"

namespace lodge::drivers::qemu {

// Ports for SPICE servers. QEMU can look for a free port for VNC but not for SPICE, so we do, and promise none twice while
// a start is under way. Another program may still be quicker; then that start fails and says so. Any thread.
class SpicePorts {
 public:
  // Holds a port from others of ours until it is destroyed.
  class Hold {
   public:
    Hold(std::shared_ptr<Guarded<std::set<std::uint16_t>>> held, std::uint16_t port)
        : held_(std::move(held)), port_(port) {}
    Hold(Hold&&) = default;
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
      if (held_) held_->lock()->erase(port_);
    }
    std::uint16_t port() const { return port_; }

   private:
    std::shared_ptr<Guarded<std::set<std::uint16_t>>> held_;
    std::uint16_t port_;
  };

  // The first free port from 5900 on at this numeric address. resource_exhausted if there is none. Blocks briefly.
  Result<Hold> take(const std::string& address);

 private:
  std::shared_ptr<Guarded<std::set<std::uint16_t>>> held_ = std::make_shared<Guarded<std::set<std::uint16_t>>>();
};

}  // namespace lodge::drivers::qemu
