#include "drivers/qemu/command_line/interfaces.h"

#include <fcntl.h>

#include <algorithm>

#include "base/file.h"
#include "drivers/qemu/command_line/machine.h"
#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

bool is_virtio(const v1::Interface& interface) { return interface.model().starts_with("virtio"); }

std::string device_of(const v1::Interface& interface, const v1::DomainSpec& spec) {
  if (interface.model() == "virtio") return virtio_device("virtio-net", "", interface.address(), spec);
  if (is_virtio(interface)) return virtio_device("virtio-net", interface.model().substr(7), interface.address(), spec);
  return interface.model();
}

// As -netdev takes descriptors: one alone, several with colons.
void put_fds(Props& netdev, std::string_view key, const std::vector<std::string>& names) {
  if (names.empty()) return;
  netdev[names.size() == 1 ? std::string(key) : std::string(key) + "s"] = fmt::format("{}", fmt::join(names, ":"));
}

Props tap(const QueueNames& queues) {
  Props netdev{{"type", "tap"}};
  put_fds(netdev, "fd", queues.tap);
  if (queues.vhost.empty()) return netdev;
  netdev["vhost"] = true;
  put_fds(netdev, "vhostfd", queues.vhost);
  return netdev;
}

Props user(const v1::Interface& interface) {
  Props netdev{{"type", "user"}};
  for (const auto& ip : interface.ips()) {
    const bool v6 = ip.family() == v1::IP_FAMILY_IPV6;
    const std::string net = ip.has_prefix() ? fmt::format("{}/{}", ip.address(), ip.prefix()) : ip.address();
    if (!v6) netdev["net"] = net;
    if (v6) netdev["ipv6-prefix"] = ip.address();
    if (v6 && ip.has_prefix()) netdev["ipv6-prefixlen"] = ip.prefix();
  }
  return netdev;
}

std::string endpoint(const std::string& address, std::int32_t port) { return fmt::format("{}:{}", address, port); }

Props backend_of(const v1::Interface& interface, const QueueNames& queues) {
  switch (interface.type_case()) {
    case v1::Interface::kUser: return user(interface);
    case v1::Interface::kServer:
      return {{"type", "socket"}, {"listen", endpoint(interface.server().address(), interface.server().port())}};
    case v1::Interface::kClient:
      return {{"type", "socket"}, {"connect", endpoint(interface.client().address(), interface.client().port())}};
    case v1::Interface::kMcast:
      return {{"type", "socket"}, {"mcast", endpoint(interface.mcast().address(), interface.mcast().port())}};
    case v1::Interface::kUdp:
      return {{"type", "socket"},
              {"udp", endpoint(interface.udp().address(), interface.udp().port())},
              {"localaddr", endpoint(interface.udp().local_address(), interface.udp().local_port())}};
    default: return tap(queues);
  }
}

void add_virtio(Props& device, const v1::Interface& interface, std::size_t queues) {
  const auto& driver = interface.driver();
  if (!driver.txmode().empty()) device["tx"] = driver.txmode() == "iothread" ? "bh" : driver.txmode();
  if (driver.has_ioeventfd()) device["ioeventfd"] = driver.ioeventfd();
  if (driver.has_event_idx()) device["event_idx"] = driver.event_idx();
  if (queues > 1) {
    device["mq"] = true;
    // One interrupt per queue and direction, one for the control queue, one for configuration.
    device["vectors"] = 2 * queues + 2;
  }
  if (driver.has_rx_queue_size()) device["rx_queue_size"] = driver.rx_queue_size();
  if (driver.has_tx_queue_size()) device["tx_queue_size"] = driver.tx_queue_size();
  if (driver.has_rss()) device["rss"] = driver.rss();
  if (driver.has_rss_hash_report()) device["hash"] = driver.rss_hash_report();
  if (interface.has_mtu()) device["host_mtu"] = interface.mtu();
  add_virtio_options(device, driver.virtio());
}

// The numbers that QEMU will know these descriptors by.
template <class Fds>
std::vector<std::string> inherit(Arguments& arguments, const Fds& fds) {
  std::vector<std::string> numbers;
  for (const Fd& fd : fds) numbers.push_back(std::to_string(arguments.inherit(fd.get())));
  return numbers;
}

void add_interface(Arguments& arguments, const Launch& launch, const BootOrder& order, int index) {
  const auto& interface = launch.spec.interfaces(index);
  QueueNames queues;
  if (const auto port = launch.ports.find(index); port != launch.ports.end())
    queues.tap = inherit(arguments, port->second.fds);
  if (const auto vhost = launch.vhost.find(index); vhost != launch.vhost.end())
    queues.vhost = inherit(arguments, vhost->second);
  arguments.add("-netdev", netdev_of(interface, queues));

  Props device = card_of(interface, launch.spec, std::max<std::size_t>(queues.tap.size(), 1));
  if (const auto boot = order.interfaces.find(index); boot != order.interfaces.end())
    device["bootindex"] = boot->second;
  arguments.add("-device", device);
}

}  // namespace

std::string netdev_id(const v1::Interface& interface) { return "host" + interface.alias(); }

Props netdev_of(const v1::Interface& interface, const QueueNames& queues) {
  Props netdev = backend_of(interface, queues);
  netdev["id"] = netdev_id(interface);
  return netdev;
}

Props card_of(const v1::Interface& interface, const v1::DomainSpec& spec, std::size_t queues) {
  Props device{{"driver", device_of(interface, spec)}};
  if (is_virtio(interface)) add_virtio(device, interface, queues);
  device["netdev"] = netdev_id(interface);
  device["id"] = interface.alias();
  device["mac"] = interface.mac();
  if (interface.has_acpi_index()) device["acpi-index"] = interface.acpi_index();
  add_rom(device, interface.rom());
  place(device, interface.address(), spec);
  return device;
}

Result<std::vector<Fd>> open_vhost(const v1::Interface& interface, v1::DomainType type, std::size_t queues) {
  const std::string& wish = interface.driver().name();
  const bool wanted = wish == "vhost" || (wish.empty() && type == v1::DOMAIN_TYPE_KVM);
  if (!is_virtio(interface) || !wanted) return std::vector<Fd>{};
  const std::string path = interface.backend_vhost().empty() ? "/dev/vhost-net" : interface.backend_vhost();
  std::vector<Fd> fds;
  for (std::size_t queue = 0; queue < queues; ++queue) {
    auto fd = open_file(path, O_RDWR);
    if (!fd && wish == "vhost") return wrap(std::move(fd).error(), "vhost for {}", interface.alias());
    if (!fd) return std::vector<Fd>{};
    fds.push_back(std::move(*fd));
  }
  return fds;
}

void add_interfaces(Arguments& arguments, const Launch& launch) {
  const BootOrder order = boot_order(launch.spec);
  for (int i = 0; i < launch.spec.interfaces_size(); ++i) add_interface(arguments, launch, order, i);
}

namespace {

// What is done to a device of the host cannot be done to a card that has none.
void refuse_without_host_device(Refusals& refusals, const v1::Interface& interface, const std::string& path) {
  if (interface.has_direct() || interface.has_bridge() || interface.has_ethernet() || interface.has_network()) return;
  const auto refuse = [&](bool given, const char* part) {
    if (given) refusals.add(path + part, "this type of interface has no device on the host that could do it");
  };
  refuse(interface.bandwidth().has_inbound() || interface.bandwidth().has_outbound(), "/bandwidth");
  refuse(interface.vlan().tags_size() > 0, "/vlan");
  refuse(interface.isolated(), "/port/@isolated");
  refuse(interface.has_coalesce_rx_frames_max(), "/coalesce");
  refuse(interface.has_filterref(), "/filterref");
  refuse(!interface.backend_tap().empty(), "/backend/@tap");
  refuse(interface.has_target_managed() && !interface.target_managed(), "/target/@managed");
}

}  // namespace

void check_interfaces(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator) {
  for (int i = 0; i < spec.interfaces_size(); ++i) {
    const auto& interface = spec.interfaces(i);
    const std::string path = device_path("interface", i, spec.interfaces());
    refusals.need_device(path + "/model/@type", device_of(interface, spec), emulator);
    if (interface.has_network()) {
      refusals.add(
          path + "/@type",
          "virtual networks are not supported yet: use type='bridge' with a bridge of this host, type='direct' with a "
          "link of this host, type='user' for a guest that only calls out, or type='ethernet' for a plain tap");
    }
    if (interface.has_virtualport() && !interface.has_direct())
      refusals.add(path + "/virtualport", "only a macvtap is introduced to a switch: use type='direct'");
    refuse_without_host_device(refusals, interface, path);
    if (!interface.script().empty()) refusals.add(path + "/script", "scripts are not run; connect the tap by its name");
    if (interface.driver().has_queues() && interface.driver().queues() > 1 && !is_virtio(interface)) {
      refusals.add(path + "/driver/@queues", "only virtio has several queues");
    }
  }
}

}  // namespace lodge::drivers::qemu
