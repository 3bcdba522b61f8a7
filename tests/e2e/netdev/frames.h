#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/fd.h"
#include "netdev/mac.h"

namespace lodge::netdev {

// A test frame: its own ethertype, so that it cannot be mistaken for what the kernel sends by itself.
std::string make_frame(Mac to, Mac from, std::string_view text);

// A raw socket on this link.
class Wire {
 public:
  explicit Wire(const std::string& link);
  void send(const std::string& frame);
  // The text of the next test frame from `from`; empty if none comes in time.
  std::string receive(Mac from);

 private:
  Fd socket_;
};

// What a hypervisor does with a queue: frames behind a virtio header, if there is one.
void write_queue(const Fd& queue, const std::string& frame, bool vnet_hdr);
// The texts of the next `count` test frames from any of the queues, or fewer if they do not come in time.
std::vector<std::string> read_queues(std::span<const Fd> queues, std::size_t count, bool vnet_hdr);

}  // namespace lodge::netdev
