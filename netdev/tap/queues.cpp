#include "netdev/tap/queues.h"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/file.h"

namespace lodge::netdev {
namespace {

ifreq flags_of(bool vnet_hdr, bool one_of_many) {
  ifreq request{};
  int flags = IFF_TAP | IFF_NO_PI;
  if (vnet_hdr) flags |= IFF_VNET_HDR;
  if (one_of_many) flags |= IFF_MULTI_QUEUE;
  request.ifr_flags = static_cast<short>(flags);
  return request;
}

// The first queue makes the device and must not find one of that name; the others join it. The number given to each
// keeps a queue from making a second device should the first have been renamed meanwhile.
Result<Fd> open_queue(const NewTap& tap, bool first) {
  TRY_ASSIGN(Fd queue, open_file(tap.tun, O_RDWR | O_NONBLOCK));
  unsigned int ifindex = tap.ifindex;
  if (::ioctl(queue.get(), TUNSETIFINDEX, &ifindex) != 0) return fail_errno(errno, "choose the number of {}", tap.name);
  ifreq request = flags_of(tap.vnet_hdr, tap.queues > 1);
  if (first) request.ifr_flags |= static_cast<short>(IFF_TUN_EXCL);
  std::ranges::copy(tap.name.substr(0, IFNAMSIZ - 1), request.ifr_name);
  if (::ioctl(queue.get(), TUNSETIFF, &request) == 0) return queue;
  // The kernel says "busy" where a link of that number or name exists.
  if (first && (errno == EBUSY || errno == EEXIST))
    return fail(Code::already_exists, "make {}: its name or its number {} is taken", tap.name, tap.ifindex);
  return fail_errno(errno, "make {}", tap.name);
}

}  // namespace

Result<std::vector<Fd>> open_new_tap(const NewTap& tap) {
  std::vector<Fd> queues;
  for (int i = 0; i < tap.queues; ++i) {
    TRY_ASSIGN(Fd queue, open_queue(tap, i == 0));
    queues.push_back(std::move(queue));
  }
  return queues;
}

Result<std::vector<Fd>> open_existing_tap(const TapQueues& queues) {
  std::vector<Fd> opened;
  for (int i = 0; i < queues.count; ++i) {
    TRY_ASSIGN(Fd queue, open_file(queues.tun, O_RDWR | O_NONBLOCK));
    ifreq request = flags_of(queues.vnet_hdr, queues.count > 1);
    std::ranges::copy(queues.name.substr(0, IFNAMSIZ - 1), request.ifr_name);
    if (::ioctl(queue.get(), TUNSETIFF, &request) != 0) {
      // @source Linux drivers/net/tun.c, tun_set_iff
      if (errno == EINVAL)
        return fail(
            Code::failed_precondition, "{} was made for {}", queues.name,
            queues.count > 1 ? "one queue: make it with multi_queue" : "several queues, or is no tap: set queues='2'");
      if (errno == EBUSY) return fail(Code::busy, "{} is in use by another process", queues.name);
      return fail_errno(errno, "open {}", queues.name);
    }
    opened.push_back(std::move(queue));
  }
  return opened;
}

Result<void> coalesce_tap(const std::string& name, std::uint32_t frames) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno(errno, "open a socket");
  ethtool_coalesce setting{};
  setting.cmd = ETHTOOL_SCOALESCE;
  setting.rx_max_coalesced_frames = frames;
  ifreq request{};
  std::ranges::copy(name.substr(0, IFNAMSIZ - 1), request.ifr_name);
  request.ifr_data = reinterpret_cast<char*>(&setting);
  if (::ioctl(socket.get(), SIOCETHTOOL, &request) == 0) return {};
  if (errno == EOPNOTSUPP || errno == EINVAL)
    return fail(Code::unsupported, "{} cannot gather frames: only a tap can", name);
  return fail_errno(errno, "have {} gather frames", name);
}

Result<void> set_up_macvtap_queue(const Fd& queue, bool vnet_hdr, bool one_of_many) {
  ifreq request = flags_of(vnet_hdr, one_of_many);
  if (::ioctl(queue.get(), TUNSETIFF, &request) != 0) return fail_errno(errno, "set up a queue of a macvtap");
  return {};
}

}  // namespace lodge::netdev
