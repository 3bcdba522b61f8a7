#include "tests/e2e/netdev/frames.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cstring>

namespace lodge::netdev {
namespace {

constexpr std::uint16_t kEthertype = 0x88b5;  // "local experimental" by IEEE 802
constexpr std::size_t kHeader = 14;
constexpr std::size_t kVnetHeader = 10;  // of virtio 0.9, which the kernel starts with
constexpr std::chrono::seconds kWait{5};

Deadline soon() { return Deadline::after(kWait); }

// Empty if it is not a test frame. A veth pads nothing, so what follows the header is the text.
std::string text_of(std::string_view frame) {
  if (frame.size() < kHeader || frame[12] != static_cast<char>(kEthertype >> 8) ||
      frame[13] != static_cast<char>(kEthertype & 0xff))
    return {};
  return std::string(frame.substr(kHeader));
}

bool is_from(std::string_view frame, Mac from) {
  return frame.size() >= kHeader && std::memcmp(frame.data() + 6, from.bytes.data(), from.bytes.size()) == 0;
}

}  // namespace

std::string make_frame(Mac to, Mac from, std::string_view text) {
  std::string frame(reinterpret_cast<const char*>(to.bytes.data()), to.bytes.size());
  frame.append(reinterpret_cast<const char*>(from.bytes.data()), from.bytes.size());
  frame += static_cast<char>(kEthertype >> 8);
  frame += static_cast<char>(kEthertype & 0xff);
  return frame.append(text);
}

Wire::Wire(const std::string& link)
    : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL))) {
  REQUIRE(socket_);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(link.c_str()));
  REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

void Wire::send(const std::string& frame) {
  REQUIRE(::send(socket_.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()));
}

std::string Wire::receive(Mac from) {
  const Deadline deadline = soon();
  char buffer[2048];
  for (;;) {
    pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, deadline.left_ms()) <= 0) return {};
    const ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (size <= 0) continue;
    const std::string_view frame(buffer, static_cast<std::size_t>(size));
    if (!text_of(frame).empty() && is_from(frame, from)) return text_of(frame);
  }
}

void write_queue(const Fd& queue, const std::string& frame, bool vnet_hdr) {
  const std::string whole = std::string(vnet_hdr ? kVnetHeader : 0, '\0') + frame;
  REQUIRE(::write(queue.get(), whole.data(), whole.size()) == static_cast<ssize_t>(whole.size()));
}

std::vector<std::string> read_queues(std::span<const Fd> queues, std::size_t count, bool vnet_hdr) {
  const Deadline deadline = soon();
  std::vector<pollfd> waits;
  for (const Fd& queue : queues) waits.push_back({.fd = queue.get(), .events = POLLIN, .revents = 0});
  std::vector<std::string> texts;
  char buffer[4096];
  const std::size_t skip = vnet_hdr ? kVnetHeader : 0;
  while (texts.size() < count && ::poll(waits.data(), waits.size(), deadline.left_ms()) > 0) {
    for (const pollfd& ready : waits) {
      if (ready.revents == 0) continue;
      const ssize_t size = ::read(ready.fd, buffer, sizeof buffer);
      if (size <= static_cast<ssize_t>(skip)) continue;
      const std::string text = text_of(std::string_view(buffer, static_cast<std::size_t>(size)).substr(skip));
      if (!text.empty()) texts.push_back(text);
    }
  }
  return texts;
}

}  // namespace lodge::netdev
