#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "netdev/fake/steps.h"
#include "netdev/kernel.h"

namespace lodge::netdev {

// The kernel's links, in memory, with its rules: who may share a parent, whose MAC address may not be there twice, what
// goes when a parent goes. A tap ends when the last descriptor of its queues is closed, as a real one does. Any thread.
//
//     FakeKernel kernel;
//     kernel.add_link("eth0");
//     kernel.steps().fail_call(3);
class FakeKernel final : public Kernel {
 public:
  // Steps may be shared with other fakes, to count the calls to all of them in one row.
  explicit FakeKernel(std::shared_ptr<Steps> steps = std::make_shared<Steps>());

  // --- the world that is not ours ---
  // Hardware with the next free low ifindex, up, MTU 1500. Also "bridge" or another kind.
  std::uint32_t add_link(const std::string& name, const std::string& kind = {});
  // Any link: someone else's macvtap, or one that takes a number or name. An ifindex of 0 is replaced by the next free
  // one.
  std::uint32_t add_link(Link link);
  // Someone else's change or removal.
  void edit_link(std::uint32_t ifindex, const LinkChange& change);
  void remove_link(std::uint32_t ifindex);

  // --- looking, without counting ---
  std::optional<Link> link(std::uint32_t ifindex) const;
  std::optional<Link> link(std::string_view name) const;
  std::vector<Link> all() const;
  // True if there is what was added, as it was added, and nothing else.
  bool is_pristine() const;
  // What was asked of a link beside its properties.
  struct Tuning {
    Limits limits;
    BridgePort port;
    std::uint32_t frames = 1;  // gathered
    bool promiscuous = false;
    bool all_multicast = false;

    bool operator==(const Tuning&) const = default;
  };
  Tuning tuning(std::uint32_t ifindex) const;
  // What the switch behind this link has been told of and not yet been told to forget.
  std::vector<SwitchPort> stations(std::uint32_t ifindex) const;
  Steps& steps() { return *steps_; }

  // --- Kernel ---
  Result<std::optional<Link>> find_link(std::uint32_t ifindex) override;
  Result<std::optional<Link>> find_link(std::string_view name) override;
  Result<std::vector<Link>> links() override;
  Result<void> create_macvtap(const NewMacvtap& macvtap) override;
  Result<void> create_veth(const NewVeth& veth) override;
  Result<std::vector<Fd>> create_tap(const NewTap& tap) override;
  Result<std::vector<Fd>> open_macvtap(const MacvtapQueues& queues) override;
  Result<std::vector<Fd>> open_tap(const TapQueues& queues) override;
  Result<void> change_link(std::uint32_t ifindex, const LinkChange& change) override;
  Result<void> limit_link(std::uint32_t ifindex, const Limits& limits) override;
  Result<void> set_bridge_port(std::uint32_t ifindex, const BridgePort& port) override;
  Result<void> coalesce(std::uint32_t ifindex, std::uint32_t frames) override;
  Result<void> tell_switch(std::uint32_t parent_ifindex, const SwitchPort& port, SwitchRequest request) override;
  Result<void> delete_link(std::uint32_t ifindex) override;

 private:
  struct Entry {
    Link link;
    std::vector<Fd> queue_ends;  // the kernel's ends of the queues that were opened
    bool lives_by_queues = false;
    Tuning tuning;
    std::vector<SwitchPort> stations;
    std::optional<Mac> own_mac;  // of a parent whose address a passthrough macvtap has changed
  };
  struct World {
    std::map<std::uint32_t, Entry> links;
    std::map<std::uint32_t, Link> planted;
    std::uint32_t next_ifindex = 1;

    void drop_dead_taps();
    Entry* by_name(std::string_view name);
    bool taken(std::uint32_t ifindex, std::string_view name);
    void remove(std::uint32_t ifindex);
    Result<Entry*> entry(std::uint32_t ifindex);
    Result<void> apply(Entry& entry, const LinkChange& change);
    bool mac_is_busy(const Link& link) const;
    Result<std::vector<Fd>> open_queues(Entry& entry, int count);
  };

  std::shared_ptr<Steps> steps_;
  mutable Guarded<World> world_;
};

}  // namespace lodge::netdev
