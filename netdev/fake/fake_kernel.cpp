#include "netdev/fake/fake_kernel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

namespace lodge::netdev {
namespace {

constexpr std::uint32_t kMtu = 1500;

// True if nobody holds the other end any more.
bool is_hung_up(const Fd& end) {
  pollfd look{.fd = end.get(), .events = 0, .revents = 0};
  return ::poll(&look, 1, 0) > 0 && (look.revents & POLLHUP) != 0;
}

bool is_macvtap(const Link& link) { return link.kind == "macvtap" || link.kind == "macvlan"; }

}  // namespace

void FakeKernel::World::drop_dead_taps() {
  std::vector<std::uint32_t> dead;
  for (const auto& [ifindex, entry] : links)
    if (entry.lives_by_queues && std::ranges::all_of(entry.queue_ends, is_hung_up)) dead.push_back(ifindex);
  for (const std::uint32_t ifindex : dead) links.erase(ifindex);
}

FakeKernel::Entry* FakeKernel::World::by_name(std::string_view name) {
  const auto found = std::ranges::find(links, name, [](const auto& pair) { return pair.second.link.name; });
  return found == links.end() ? nullptr : &found->second;
}

bool FakeKernel::World::taken(std::uint32_t ifindex, std::string_view name) {
  return links.contains(ifindex) || by_name(name) != nullptr;
}

void FakeKernel::World::remove(std::uint32_t ifindex) {
  const auto found = links.find(ifindex);
  if (found == links.end()) return;
  const Link gone = found->second.link;
  links.erase(found);
  if (gone.macvtap_mode == MacvtapMode::passthrough) {
    if (const auto parent = links.find(gone.parent_ifindex); parent != links.end() && parent->second.own_mac)
      parent->second.link.mac = *std::exchange(parent->second.own_mac, std::nullopt);
  }
  std::erase_if(links, [&](const auto& pair) {
    const Link& other = pair.second.link;
    return (is_macvtap(other) || other.kind == "veth") && other.parent_ifindex == ifindex;
  });
}

bool FakeKernel::World::mac_is_busy(const Link& link) const {
  return std::ranges::any_of(links, [&](const auto& pair) {
    const Link& other = pair.second.link;
    return other.ifindex != link.ifindex && is_macvtap(other) && other.parent_ifindex == link.parent_ifindex &&
           other.up && other.mac == link.mac;
  });
}

Result<void> FakeKernel::World::apply(Entry& entry, const LinkChange& change) {
  Link& link = entry.link;
  if (change.mtu && is_macvtap(link) && *change.mtu > links.at(link.parent_ifindex).link.mtu)
    return fail_errno(EINVAL, "change link {}", link.ifindex);
  if (change.master && *change.master != 0 && !links.contains(*change.master))
    return fail_errno(ENODEV, "change link {}", link.ifindex);
  if (change.mac) {
    link.mac = *change.mac;
    if (link.macvtap_mode == MacvtapMode::passthrough) {
      Entry& parent = links.at(link.parent_ifindex);
      if (!parent.own_mac) parent.own_mac = parent.link.mac;
      parent.link.mac = *change.mac;
    }
  }
  link.mtu = change.mtu.value_or(link.mtu);
  link.alias = change.alias.value_or(link.alias);
  link.group = change.group.value_or(link.group);
  if (change.master && *change.master != link.master) entry.tuning.port = {};  // is the bridge's, and goes with it
  link.master = change.master.value_or(link.master);
  entry.tuning.promiscuous = change.promiscuous.value_or(entry.tuning.promiscuous);
  entry.tuning.all_multicast = change.all_multicast.value_or(entry.tuning.all_multicast);
  if (change.up.value_or(false) && !link.up && is_macvtap(link) && mac_is_busy(link))
    return fail_errno(EADDRINUSE, "change link {}", link.ifindex);
  link.up = change.up.value_or(link.up);
  return {};
}

Result<FakeKernel::Entry*> FakeKernel::World::entry(std::uint32_t ifindex) {
  drop_dead_taps();
  const auto found = links.find(ifindex);
  if (found == links.end()) return fail_errno(ENODEV, "change link {}", ifindex);
  return &found->second;
}

Result<std::vector<Fd>> FakeKernel::World::open_queues(Entry& entry, int count) {
  std::vector<Fd> queues;
  for (int i = 0; i < count; ++i) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
      return fail_errno(errno, "open a queue of {}", entry.link.name);
    entry.queue_ends.emplace_back(ends[0]);
    queues.emplace_back(ends[1]);
  }
  return queues;
}

FakeKernel::FakeKernel(std::shared_ptr<Steps> steps) : steps_(std::move(steps)) {
  add_link(Link{.name = "lo", .mtu = 65536, .up = true});
}

std::uint32_t FakeKernel::add_link(const std::string& name, const std::string& kind) {
  return add_link(Link{.name = name, .kind = kind, .mtu = kMtu, .up = true});
}

std::uint32_t FakeKernel::add_link(Link link) {
  auto world = world_.lock();
  if (link.ifindex == 0) link.ifindex = world->next_ifindex++;
  if (link.mac == Mac{} && link.name != "lo")
    link.mac = Mac{
        {0x02, 0, 0, 0, static_cast<std::uint8_t>(link.ifindex >> 8), static_cast<std::uint8_t>(link.ifindex)}};
  world->planted[link.ifindex] = link;
  world->links[link.ifindex].link = link;
  return link.ifindex;
}

void FakeKernel::edit_link(std::uint32_t ifindex, const LinkChange& change) {
  auto world = world_.lock();
  const auto found = world->links.find(ifindex);
  if (found == world->links.end() || !world->apply(found->second, change)) return;
  if (const auto planted = world->planted.find(ifindex); planted != world->planted.end())
    planted->second = found->second.link;
}

void FakeKernel::remove_link(std::uint32_t ifindex) {
  auto world = world_.lock();
  world->planted.erase(ifindex);
  world->remove(ifindex);
}

std::optional<Link> FakeKernel::link(std::uint32_t ifindex) const {
  auto world = world_.lock();
  world->drop_dead_taps();
  const auto found = world->links.find(ifindex);
  return found == world->links.end() ? std::nullopt : std::optional(found->second.link);
}

std::optional<Link> FakeKernel::link(std::string_view name) const {
  auto world = world_.lock();
  world->drop_dead_taps();
  const Entry* found = world->by_name(name);
  return found ? std::optional(found->link) : std::nullopt;
}

FakeKernel::Tuning FakeKernel::tuning(std::uint32_t ifindex) const {
  auto world = world_.lock();
  const auto found = world->links.find(ifindex);
  return found == world->links.end() ? Tuning{} : found->second.tuning;
}

std::vector<Link> FakeKernel::all() const {
  auto world = world_.lock();
  world->drop_dead_taps();
  std::vector<Link> links;
  for (const auto& [ifindex, entry] : world->links) links.push_back(entry.link);
  return links;
}

bool FakeKernel::is_pristine() const {
  auto world = world_.lock();
  world->drop_dead_taps();
  return std::ranges::equal(world->links, world->planted, [](const auto& have, const auto& planted) {
    return have.second.link == planted.second && have.second.stations.empty();
  });
}

Result<std::optional<Link>> FakeKernel::find_link(std::uint32_t ifindex) {
  TRY(steps_->begin());
  auto found = link(ifindex);
  steps_->end();
  return found;
}

Result<std::optional<Link>> FakeKernel::find_link(std::string_view name) {
  TRY(steps_->begin());
  auto found = link(name);
  steps_->end();
  return found;
}

Result<std::vector<Link>> FakeKernel::links() {
  TRY(steps_->begin());
  auto links = all();
  steps_->end();
  return links;
}

Result<void> FakeKernel::create_macvtap(const NewMacvtap& macvtap) {
  TRY(steps_->begin());
  {
    auto world = world_.lock();
    world->drop_dead_taps();
    if (world->taken(macvtap.ifindex, macvtap.name)) return fail_errno(EEXIST, "make {}", macvtap.name);
    const auto found = world->links.find(macvtap.parent_ifindex);
    if (found == world->links.end()) return fail_errno(ENODEV, "make {}", macvtap.name);
    const Link& parent = found->second.link;
    if (parent.master != 0) return fail_errno(EBUSY, "make {}", macvtap.name);
    const bool alone = macvtap.mode == MacvtapMode::passthrough;
    const bool excluded = std::ranges::any_of(world->links, [&](const auto& pair) {
      const Link& other = pair.second.link;
      return is_macvtap(other) && other.parent_ifindex == parent.ifindex &&
             (alone || other.macvtap_mode == MacvtapMode::passthrough);
    });
    if (excluded || parent.name == "lo" || macvtap.mtu > parent.mtu) return fail_errno(EINVAL, "make {}", macvtap.name);
    world->links[macvtap.ifindex].link = Link{.ifindex = macvtap.ifindex,
                                              .name = macvtap.name,
                                              .kind = macvtap.has_queues ? "macvtap" : "macvlan",
                                              .parent_ifindex = parent.ifindex,
                                              .group = macvtap.group,
                                              .mac = alone ? parent.mac : macvtap.mac,
                                              .mtu = macvtap.mtu == 0 ? parent.mtu : macvtap.mtu,
                                              .macvtap_mode = macvtap.mode};
  }
  steps_->end();
  return {};
}

Result<void> FakeKernel::create_veth(const NewVeth& veth) {
  TRY(steps_->begin());
  {
    auto world = world_.lock();
    world->drop_dead_taps();
    if (world->taken(veth.ifindex, veth.name) || world->taken(veth.peer_ifindex, veth.peer_name))
      return fail_errno(EEXIST, "make {} and {}", veth.name, veth.peer_name);
    const auto add = [&](std::uint32_t ifindex, const std::string& name, std::uint32_t peer) {
      world->links[ifindex].link = Link{.ifindex = ifindex,
                                        .name = name,
                                        .kind = "veth",
                                        .parent_ifindex = peer,
                                        .group = veth.group,
                                        .mtu = veth.mtu == 0 ? kMtu : veth.mtu};
    };
    add(veth.ifindex, veth.name, veth.peer_ifindex);
    add(veth.peer_ifindex, veth.peer_name, veth.ifindex);
  }
  steps_->end();
  return {};
}

Result<std::vector<Fd>> FakeKernel::create_tap(const NewTap& tap) {
  TRY(steps_->begin());
  std::vector<Fd> queues;
  {
    auto world = world_.lock();
    world->drop_dead_taps();
    if (world->taken(tap.ifindex, tap.name))
      return fail(Code::already_exists, "make {}: its name or its number {} is taken", tap.name, tap.ifindex);
    Entry& entry = world->links[tap.ifindex];
    entry.link = Link{.ifindex = tap.ifindex, .name = tap.name, .kind = "tun", .mtu = kMtu};
    entry.lives_by_queues = true;
    TRY_ASSIGN(queues, world->open_queues(entry, tap.queues));
  }
  steps_->end();
  return queues;
}

Result<std::vector<Fd>> FakeKernel::open_macvtap(const MacvtapQueues& queues) {
  TRY(steps_->begin());
  std::vector<Fd> opened;
  {
    auto world = world_.lock();
    const auto found = world->links.find(queues.ifindex);
    if (found == world->links.end()) return fail(Code::not_found, "link {} has gone", queues.ifindex);
    if (found->second.link.kind != "macvtap")
      return fail(Code::failed_precondition, "{} has no queues", found->second.link.name);
    TRY_ASSIGN(opened, world->open_queues(found->second, queues.count));
  }
  steps_->end();
  return opened;
}

Result<void> FakeKernel::change_link(std::uint32_t ifindex, const LinkChange& change) {
  TRY(steps_->begin());
  {
    auto world = world_.lock();
    world->drop_dead_taps();
    const auto found = world->links.find(ifindex);
    if (found == world->links.end()) return fail_errno(ENODEV, "change link {}", ifindex);
    TRY(world->apply(found->second, change));
  }
  steps_->end();
  return {};
}

Result<std::vector<Fd>> FakeKernel::open_tap(const TapQueues& queues) {
  TRY(steps_->begin());
  std::vector<Fd> opened;
  {
    auto world = world_.lock();
    Entry* const found = world->by_name(queues.name);
    if (!found || found->link.kind != "tun") return fail(Code::not_found, "no tap is called {}", queues.name);
    TRY_ASSIGN(opened, world->open_queues(*found, queues.count));
  }
  steps_->end();
  return opened;
}

Result<void> FakeKernel::limit_link(std::uint32_t ifindex, const Limits& limits) {
  TRY(steps_->begin());
  {
    auto world = world_.lock();
    TRY_ASSIGN(Entry* const entry, world->entry(ifindex));
    entry->tuning.limits = limits;
  }
  steps_->end();
  return {};
}

Result<void> FakeKernel::set_bridge_port(std::uint32_t ifindex, const BridgePort& port) {
  TRY(steps_->begin());
  {
    auto world = world_.lock();
    TRY_ASSIGN(Entry* const entry, world->entry(ifindex));
    if (entry->link.master == 0) return fail_errno(EOPNOTSUPP, "link {} is no port of a bridge", ifindex);
    entry->tuning.port = port;
  }
  steps_->end();
  return {};
}

Result<void> FakeKernel::coalesce(std::uint32_t ifindex, std::uint32_t frames) {
  TRY(steps_->begin());
  {
    auto world = world_.lock();
    TRY_ASSIGN(Entry* const entry, world->entry(ifindex));
    if (entry->link.kind != "tun") return fail(Code::unsupported, "{} cannot gather frames", entry->link.name);
    entry->tuning.frames = frames;
  }
  steps_->end();
  return {};
}

std::vector<SwitchPort> FakeKernel::stations(std::uint32_t ifindex) const {
  auto world = world_.lock();
  const auto found = world->links.find(ifindex);
  return found == world->links.end() ? std::vector<SwitchPort>() : found->second.stations;
}

Result<void> FakeKernel::tell_switch(std::uint32_t parent_ifindex, const SwitchPort& port, SwitchRequest request) {
  TRY(steps_->begin());
  {
    auto world = world_.lock();
    TRY_ASSIGN(Entry* const entry, world->entry(parent_ifindex));
    std::erase(entry->stations, port);
    if (request == SwitchRequest::associate) entry->stations.push_back(port);
  }
  steps_->end();
  return {};
}

Result<void> FakeKernel::delete_link(std::uint32_t ifindex) {
  TRY(steps_->begin());
  {
    auto world = world_.lock();
    world->drop_dead_taps();
    if (!world->links.contains(ifindex)) return fail_errno(ENODEV, "delete link {}", ifindex);
    world->remove(ifindex);
  }
  steps_->end();
  return {};
}

}  // namespace lodge::netdev
