#include "drivers/qemu/live.h"

#include <charconv>

#include "drivers/qemu/alias.h"
#include "drivers/qemu/command_line/block_nodes.h"

namespace lodge::drivers::qemu {

namespace {

void name_interfaces(v1::DomainSpec& live, const std::map<int, netdev::NetworkPort>& ports) {
  for (const auto& [index, port] : ports) {
    if (index < 0 || index >= live.interfaces_size()) continue;
    auto& interface = *live.mutable_interfaces(index);
    if (interface.target_dev() == port.name) continue;
    interface.set_target_dev(port.name);
    interface.set_target_dev_generated(true);
  }
}

void number_sources(v1::BackingStore& store, std::uint32_t& next) {
  if (store.type_case() == v1::BackingStore::TYPE_NOT_SET) return;
  store.set_index(next++);
  if (store.has_backing_store()) number_sources(*store.mutable_backing_store(), next);
}

// The numbers in the names of block nodes.
void number_sources(v1::DomainSpec& live) {
  std::uint32_t next = 1;
  for (auto& disk : *live.mutable_disks()) {
    if (!has_medium(disk)) continue;
    disk.set_source_index(next++);
    if (disk.has_backing_store()) number_sources(*disk.mutable_backing_store(), next);
  }
}

// A channel to the host needs no name the user would have to invent.
void name_sockets(v1::DomainSpec& live, const Run& run) {
  const auto path_for = [&](std::string_view alias) {
    return (work_folder(run) / fmt::format("{}.sock", alias)).string();
  };
  for (auto& channel : *live.mutable_channels()) {
    if (channel.backend().type_case() != v1::CharBackend::kUnixSocket) continue;
    auto& socket = *channel.mutable_backend()->mutable_unix_socket();
    if (!socket.path().empty()) continue;
    socket.set_path(path_for(channel.alias()));
    socket.set_mode(v1::CHAR_SOCKET_MODE_BIND);
  }
  for (auto& graphics : *live.mutable_graphics()) {
    auto* listens = graphics.has_vnc()     ? graphics.mutable_vnc()->mutable_listens()
                    : graphics.has_spice() ? graphics.mutable_spice()->mutable_listens()
                                           : nullptr;
    if (!listens || listens->empty() || !(*listens)[0].has_socket()) continue;
    auto& socket = *(*listens)[0].mutable_socket();
    if (socket.socket().empty()) socket.set_socket(path_for(graphics.has_vnc() ? "vnc" : "spice"));
    if (graphics.has_vnc()) graphics.mutable_vnc()->set_socket(socket.socket());
  }
}

void name_nvram(v1::DomainSpec& live, const fs::path& nvram_dir) {
  const auto& os = live.os();
  const bool wanted = os.loader().type() == v1::LOADER_TYPE_PFLASH && !os.loader().stateless() && os.has_nvram();
  if (!wanted || !os.nvram().path().empty() || nvram_dir.empty()) return;
  live.mutable_os()->mutable_nvram()->set_path((nvram_dir / (live.uuid() + "_VARS.fd")).string());
}

// "pty:/dev/pts/3" → "/dev/pts/3"
std::string pty_of(const qmp::Json& chardevs, const std::string& alias) {
  static constexpr std::string_view kPrefix = "pty:";
  if (!chardevs.is_array()) return {};
  for (const auto& chardev : chardevs) {
    if (qmp::text(chardev, "label") != "char" + alias) continue;
    const std::string name = qmp::text(chardev, "filename");
    return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : std::string();
  }
  return {};
}

template <class Device>
void add_pty(Device& device, const qmp::Json& chardevs) {
  if (!device.backend().has_pty()) return;
  if (auto path = pty_of(chardevs, device.alias()); !path.empty()) {
    device.mutable_backend()->mutable_pty()->set_path(std::move(path));
  }
}

}  // namespace

fs::path work_folder(const Run& run) { return run.run_as ? run.folder / "guest" : run.folder; }

v1::DomainSpec live_spec(const v1::DomainSpec& definition, const Run& run,
                         const std::map<int, netdev::NetworkPort>& ports, const fs::path& nvram_dir) {
  v1::DomainSpec live = definition;
  live.set_id(run.id);
  assign_aliases(live);
  name_interfaces(live, ports);
  number_sources(live);
  name_sockets(live, run);
  name_nvram(live, nvram_dir);
  return live;
}

void add_chardev_facts(v1::DomainSpec& live, const qmp::Json& chardevs) {
  for (auto& serial : *live.mutable_serials()) add_pty(serial, chardevs);
  for (auto& parallel : *live.mutable_parallels()) add_pty(parallel, chardevs);
  for (auto& channel : *live.mutable_channels()) add_pty(channel, chardevs);
  for (auto& console : *live.mutable_consoles()) {
    add_pty(console, chardevs);
    if (console.backend().has_pty()) console.set_tty(console.backend().pty().path());
  }
}

void add_vnc_facts(v1::DomainSpec& live, const qmp::Json& query_vnc) {
  const std::string service = qmp::text(query_vnc, "service");
  int port = 0;
  if (std::from_chars(service.data(), service.data() + service.size(), port).ec != std::errc()) return;
  for (auto& graphics : *live.mutable_graphics()) {
    if (!graphics.has_vnc() || !graphics.vnc().autoport()) continue;
    graphics.mutable_vnc()->set_port(port);
  }
}

}  // namespace lodge::drivers::qemu
