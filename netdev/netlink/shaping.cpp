#include "netdev/netlink/shaping.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>

#include "netdev/netlink/socket.h"

// Traffic control, told as tc(8) tells it. @source Linux include/uapi/linux/pkt_sched.h, pkt_cls.h
namespace lodge::netdev::netlink {
namespace {

constexpr std::uint32_t kQueue = 1u << 16;           // 1:
constexpr std::uint32_t kClass = kQueue | 1;         // 1:1
constexpr std::uint32_t kIngressQueue = 0xffff0000;  // ffff:
constexpr std::uint64_t kTick = 64;                  // ns; what the kernel counts times in. @source PSCHED_SHIFT
constexpr std::uint64_t kUsualBurst = 1600;          // bytes: one frame
constexpr std::uint32_t kLargestFrame = 64 * 1024;   // what a guest hands over at once, before it is cut
constexpr int kPoliceCells = 9;                      // the policer's table has a cell per 2^9 bytes

// A message about queues, classes and filters of one link.
class TrafficMessage {
 public:
  TrafficMessage(int type, int flags, std::uint32_t ifindex, std::uint32_t parent, std::uint32_t handle,
                 std::uint32_t info = 0)
      : message_(type, flags | NLM_F_ACK) {
    tcmsg fixed{};
    fixed.tcm_family = AF_UNSPEC;
    fixed.tcm_ifindex = static_cast<int>(ifindex);
    fixed.tcm_parent = parent;
    fixed.tcm_handle = handle;
    fixed.tcm_info = info;
    message_.header(&fixed, sizeof fixed);
  }

  TrafficMessage& kind(const char* name) { return checked(nla_put_string(message_.get(), TCA_KIND, name)); }
  template <class Struct>
  TrafficMessage& put(int type, const Struct& value) {
    return checked(nla_put(message_.get(), type, sizeof value, &value));
  }
  template <class Fill>
  TrafficMessage& nest(int type, Fill fill) {
    nlattr* const outer = nla_nest_start(message_.get(), type);
    if (!outer) throw std::bad_alloc();
    fill(*this);
    nla_nest_end(message_.get(), outer);
    return *this;
  }
  Result<void> send() const {
    TRY_ASSIGN(Socket socket, Socket::open());
    return socket.request(message_);
  }

 private:
  TrafficMessage& checked(int result) {
    if (result != 0) throw std::bad_alloc();
    return *this;
  }

  Message message_;
};

constexpr int kNew = NLM_F_CREATE | NLM_F_EXCL;

std::uint32_t narrow(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

// How long so many bytes take at this rate, in the kernel's ticks.
std::uint32_t ticks(std::uint64_t bytes, std::uint64_t rate) {
  return narrow(static_cast<std::uint64_t>(static_cast<long double>(bytes) * 1e9L / static_cast<long double>(rate)) /
                kTick);
}

tc_ratespec spec_of(std::uint64_t rate, int cell_log) {
  tc_ratespec spec{};
  spec.cell_log = static_cast<unsigned char>(cell_log);
  spec.linklayer = TC_LINKLAYER_ETHERNET;
  spec.cell_align = -1;
  spec.rate = narrow(rate);
  return spec;
}

bool is_wide(std::uint64_t rate) { return rate > std::numeric_limits<std::uint32_t>::max(); }

// ENOENT, EINVAL: there was none. A kernel without traffic control says EOPNOTSUPP.
Result<void> remove_queue(std::uint32_t ifindex, std::uint32_t parent, std::uint32_t handle) {
  auto removed = TrafficMessage(RTM_DELQDISC, 0, ifindex, parent, handle).send();
  if (removed || removed.error().sys() == ENOENT || removed.error().sys() == EINVAL ||
      removed.error().sys() == EOPNOTSUPP)
    return {};
  return removed;
}

Result<void> limit_sent(std::uint32_t ifindex, const Rate& rate) {
  tc_htb_glob all{};
  all.version = 3;  // of the structure
  all.rate2quantum = 10;
  all.defcls = TC_H_MIN(kClass);
  TRY(TrafficMessage(RTM_NEWQDISC, kNew, ifindex, TC_H_ROOT, kQueue)
          .kind("htb")
          .nest(TCA_OPTIONS, [&](auto& options) { options.put(TCA_HTB_INIT, all); })
          .send());

  // Without a peak, a burst goes as fast as the link.
  const std::uint64_t ceiling = std::max(rate.peak, rate.average);
  tc_htb_opt limit{};
  limit.rate = spec_of(rate.average, 3);
  limit.ceil = spec_of(ceiling, 3);
  limit.buffer = ticks(rate.burst == 0 ? kUsualBurst : rate.burst, rate.average);
  limit.cbuffer = ticks(rate.peak == 0 && rate.burst != 0 ? rate.burst : kUsualBurst, ceiling);
  limit.quantum = narrow(std::clamp<std::uint64_t>(rate.average / 10, 1514, 60'000));
  return TrafficMessage(RTM_NEWTCLASS, kNew, ifindex, kQueue, kClass)
      .kind("htb")
      .nest(TCA_OPTIONS,
            [&](auto& options) {
              options.put(TCA_HTB_PARMS, limit);
              if (is_wide(rate.average)) options.put(TCA_HTB_RATE64, rate.average);
              if (is_wide(ceiling)) options.put(TCA_HTB_CEIL64, ceiling);
            })
      .send();
}

void put_police(TrafficMessage& options, const Rate& rate) {
  tc_police police{};
  police.action = TC_POLICE_SHOT;
  police.mtu = kLargestFrame;
  police.rate = spec_of(rate.average, kPoliceCells);
  // As long as a second's worth where nothing is said, as libvirt has it; never less than a guest hands over at once.
  const std::uint64_t burst = rate.burst == 0 ? rate.average : rate.burst;
  police.burst = ticks(std::max<std::uint64_t>(burst, kLargestFrame), rate.average);
  std::array<std::uint32_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = ticks((i + 1) << kPoliceCells, rate.average);
  options.nest(TCA_U32_POLICE, [&](auto& nested) {
    nested.put(TCA_POLICE_TBF, police).put(TCA_POLICE_RATE, table);
    if (is_wide(rate.average)) nested.put(TCA_POLICE_RATE64, rate.average);
  });
}

// A selector with one key that every frame matches. The two stand behind each other, as the kernel reads them.
std::array<char, sizeof(tc_u32_sel) + sizeof(tc_u32_key)> match_all() {
  tc_u32_sel selector{};
  selector.flags = TC_U32_TERMINAL;
  selector.nkeys = 1;
  std::array<char, sizeof(tc_u32_sel) + sizeof(tc_u32_key)> bytes{};
  std::memcpy(bytes.data(), &selector, sizeof selector);
  return bytes;
}

Result<void> limit_received(std::uint32_t ifindex, const Rate& rate) {
  TRY(TrafficMessage(RTM_NEWQDISC, kNew, ifindex, TC_H_INGRESS, kIngressQueue).kind("ingress").send());
  const std::uint32_t any_class = 1;
  const std::uint32_t protocol = htons(ETH_P_ALL);
  return TrafficMessage(RTM_NEWTFILTER, kNew, ifindex, kIngressQueue, 0, protocol)
      .kind("u32")
      .nest(TCA_OPTIONS,
            [&](auto& options) {
              put_police(options, rate);
              options.put(TCA_U32_CLASSID, any_class).put(TCA_U32_SEL, match_all());
            })
      .send();
}

// The kernel's ENOENT says that it does not know a kind of queue, filter or action.
Result<void> explain(Result<void> set, std::string_view what, std::string_view modules) {
  if (set) return set;
  if (set.error().sys() != ENOENT && set.error().sys() != EOPNOTSUPP) return wrap(std::move(set).error(), "{}", what);
  return fail(Code::unsupported, "{}: this kernel lacks what it takes (modules {}): {}", what, modules,
              set.error().message());
}

}  // namespace

Result<void> limit_link(std::uint32_t ifindex, const Limits& limits) {
  TRY(remove_queue(ifindex, TC_H_ROOT, 0));
  TRY(remove_queue(ifindex, TC_H_INGRESS, kIngressQueue));
  if (limits.sent) TRY(explain(limit_sent(ifindex, *limits.sent), "limit what it sends", "sch_htb"));
  if (limits.received) {
    auto set = explain(limit_received(ifindex, *limits.received), "limit what it receives",
                       "sch_ingress, cls_u32, act_police");
    if (!set) {
      // Half a limit is none.
      TRY(remove_queue(ifindex, TC_H_INGRESS, kIngressQueue));
      return set;
    }
  }
  return {};
}

}  // namespace lodge::netdev::netlink
