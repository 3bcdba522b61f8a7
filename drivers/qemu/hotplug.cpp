#include <algorithm>
#include <utility>

#include "drivers/qemu/cancellation.h"
#include "drivers/qemu/qemu_guest.h"

// Network cards that come and go while the guest runs.
namespace lodge::drivers::qemu {

using qmp::Json;

namespace {

constexpr const char* kPeripheral = "/machine/peripheral";  // where QEMU keeps what has an id of ours

// QEMU refuses to ask a guest twice within a few seconds. The first question still stands. @source QEMU qdev-monitor.c
bool was_asked_already(const Error& error) { return error.message().find("process of unplug") != std::string::npos; }

void forget_interface(v1::DomainSpec& spec, std::string_view alias) {
  auto& interfaces = *spec.mutable_interfaces();
  const auto found = std::ranges::find(interfaces, alias,
                                       [](const auto& card) { return std::string_view(card.alias()); });
  if (found != interfaces.end()) interfaces.erase(found);
}

}  // namespace

void QemuGuest::heard_of_device(const qmp::Event& event) {
  if (event.name == "NIC_RX_FILTER_CHANGED") {
    if (const std::string alias = qmp::text(event.data, "name"); !alias.empty())
      tell({.kind = GuestEventKind::rx_filter_changed, .detail = alias});
    return;
  }
  const bool gone = event.name == "DEVICE_DELETED";
  if (!gone && event.name != "DEVICE_UNPLUG_GUEST_ERROR") return;
  const std::string alias = qmp::text(event.data, "device");
  if (const auto found = leaving_.find(alias); found != leaving_.end()) {
    found->second->refused = !gone;
    return found->second->decided.open();
  }
  if (gone && !alias.empty()) tell({.kind = GuestEventKind::device_removed, .detail = alias});
}

Task<Result<void>> QemuGuest::hand_over(std::string prefix, std::vector<Fd> fds, std::vector<std::string>& names,
                                        Deadline deadline) {
  const auto alive = alive_;
  for (std::size_t i = 0; i < fds.size(); ++i) {
    const std::string name = fmt::format("{}-{}", prefix, i);
    Json arguments = {{"fdname", name}};
    auto pending = link_.send("getfd", std::move(arguments), std::move(fds[i]));
    names.push_back(name);
    const auto answer = co_await link_.answer(std::move(pending), deadline);
    if (!*alive) co_return let_go();
    if (!answer) co_return Failure(answer.error());
  }
  co_return Result<void>{};
}

void QemuGuest::unplug_blindly(const v1::Interface& interface, const QueueNames& queues) {
  link_.send("device_del", {{"id", interface.alias()}});
  link_.send("netdev_del", {{"id", netdev_id(interface)}});
  for (const auto* names : {&queues.tap, &queues.vhost}) {
    for (const std::string& name : *names) link_.send("closefd", {{"fdname", name}});
  }
}

Task<Result<void>> QemuGuest::plug_in(v1::Interface interface, std::optional<netdev::NetworkPort> port,
                                      Deadline deadline) {
  const auto alive = alive_;
  std::vector<Fd> tap;
  if (port) tap = std::move(port->fds);
  const auto open = [interface, type = live_spec_.type(), queues = tap.size()] {
    return open_vhost(interface, type, queues);
  };
  CO_TRY_ASSIGN(std::vector<Fd> vhost, co_await pool_.run(open));
  if (!*alive) co_return let_go();

  const std::size_t queue_count = std::max<std::size_t>(tap.size(), 1);
  QueueNames queues;
  Result<void> done = co_await hand_over(interface.alias() + "-tap", std::move(tap), queues.tap, deadline);
  if (done) done = co_await hand_over(interface.alias() + "-vhost", std::move(vhost), queues.vhost, deadline);
  if (!*alive) co_return let_go();

  std::vector<std::pair<const char*, Json>> orders;
  orders.emplace_back("netdev_add", netdev_of(interface, queues));
  orders.emplace_back("device_add", card_of(interface, live_spec_, queue_count));
  if (interface.link() == v1::LINK_STATE_DOWN)
    orders.emplace_back("set_link", Json{{"name", interface.alias()}, {"up", false}});
  for (auto& [name, arguments] : orders) {
    if (!done) break;
    const auto answer = co_await command(name, std::move(arguments), deadline);
    if (!*alive) co_return let_go();
    if (!answer) done = Failure(answer.error());
  }
  if (!done) {
    unplug_blindly(interface, queues);
    co_return done;
  }
  *live_spec_.add_interfaces() = std::move(interface);
  co_return Result<void>{};
}

Task<Result<void>> QemuGuest::attach(v1::Interface interface, std::optional<netdev::NetworkPort> port,
                                     Deadline deadline) {
  // Whatever happens, it gets to where it takes back what it did.
  return without_throwing(plug_in(std::move(interface), std::move(port), deadline));
}

Task<Result<void>> QemuGuest::wait_unplugged(std::string alias, Deadline deadline) {
  const auto alive = alive_;
  const auto leaving = std::make_shared<Leaving>();
  leaving_[alias] = leaving;
  Json device = {{"id", alias}};
  const auto asked = co_await command("device_del", std::move(device), deadline);
  if (!*alive) co_return let_go();
  if (!asked && !was_asked_already(asked.error())) {
    leaving_.erase(alias);
    co_return Failure(asked.error());
  }
  const Latch::Wait how = co_await leaving->decided.wait(deadline);
  if (!*alive) co_return let_go();
  leaving_.erase(alias);
  if (how == Latch::Wait::cancelled)
    co_return fail(Code::cancelled, "cancelled; the guest has been asked to let go of {}", alias);
  if (how == Latch::Wait::deadline) {
    co_return fail(
        Code::deadline_exceeded,
        "the guest was asked to let go of {} and has not yet: it may be booting, halted, or without support for "
        "hotplug; if it does so later, the rest follows by itself",
        alias);
  }
  if (leaving->refused) co_return fail(Code::failed_precondition, "the guest refuses to let go of {}", alias);
  co_return Result<void>{};
}

Task<Result<void>> QemuGuest::detach(std::string alias, Deadline deadline) {
  const auto alive = alive_;
  CO_TRY_ASSIGN(const std::set<std::string> there, co_await attached(deadline));
  if (there.contains(alias)) {
    CO_TRY(co_await wait_unplugged(alias, deadline));
  }
  Json host_end = {{"id", "host" + alias}};
  const auto closed = co_await command("netdev_del", std::move(host_end), deadline);
  if (!*alive) co_return let_go();
  // It may have none any more.
  if (!closed && closed.error().code() != Code::failed_precondition) co_return Failure(closed.error());
  forget_interface(live_spec_, alias);
  co_return Result<void>{};
}

Task<Result<void>> QemuGuest::set_link(std::string alias, bool up, Deadline deadline) {
  const auto alive = alive_;
  Json link = {{"name", alias}, {"up", up}};
  const auto answer = co_await command("set_link", std::move(link), deadline);
  if (!answer) co_return Failure(answer.error());
  if (!*alive) co_return let_go();
  for (auto& interface : *live_spec_.mutable_interfaces()) {
    if (interface.alias() == alias) interface.set_link(up ? v1::LINK_STATE_UP : v1::LINK_STATE_DOWN);
  }
  co_return Result<void>{};
}

Task<Result<std::set<std::string>>> QemuGuest::attached(Deadline deadline) {
  Json where = {{"path", kPeripheral}};
  CO_TRY_ASSIGN(const Json list, co_await command("qom-list", std::move(where), deadline));
  std::set<std::string> aliases;
  if (!list.is_array()) co_return fail(Code::internal, "QEMU's qom-list gives no list");
  for (const Json& entry : list) {
    if (qmp::text(entry, "type").starts_with("child<")) aliases.insert(qmp::text(entry, "name"));
  }
  co_return aliases;
}

// @source QEMU qapi/net.json, RxFilterInfo
Task<Result<netdev::RxFilter>> QemuGuest::rx_filter(std::string alias, Deadline deadline) {
  Json which = {{"name", alias}};
  CO_TRY_ASSIGN(const Json answer, co_await command("query-rx-filter", std::move(which), deadline));
  if (!answer.is_array() || answer.empty()) co_return fail(Code::unsupported, "{} has no filters", alias);
  const Json& info = answer[0];
  netdev::RxFilter filter;
  CO_TRY_ASSIGN(filter.mac, netdev::Mac::parse(qmp::text(info, "main-mac")));
  const auto wants_more = [&](const char* state, const char* overflow, const char* table) {
    return qmp::text(info, state) == "all" || qmp::flag(info, overflow) || !qmp::member(info, table).empty();
  };
  filter.promiscuous = qmp::flag(info, "promiscuous") || wants_more("unicast", "unicast-overflow", "unicast-table");
  filter.all_multicast = wants_more("multicast", "multicast-overflow", "multicast-table");
  co_return filter;
}

}  // namespace lodge::drivers::qemu
