#include "drivers/qemu/host.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"

namespace lodge::drivers::qemu {

namespace {

const fs::path kCpus = "/sys/devices/system/cpu";
const fs::path kNodes = "/sys/devices/system/node";

std::string line_of(const fs::path& path) {
  const auto text = read_file(path, 1 << 16);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

std::uint32_t number_of(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "0-3,8" as numbers; nothing beyond what a host can have.
std::vector<std::uint32_t> expand(std::string_view list) {
  constexpr std::uint32_t kMost = 8192;
  std::vector<std::uint32_t> out;
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view part = list.substr(0, comma);
    const auto dash = part.find('-');
    const std::uint32_t first = number_of(part);
    const std::uint32_t last = dash == std::string_view::npos ? first : number_of(part.substr(dash + 1));
    for (std::uint32_t n = first; n <= std::min(last, kMost); ++n) out.push_back(n);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return out;
}

v1::HostNumaCpu cpu_of(std::uint32_t id) {
  const fs::path topology = kCpus / fmt::format("cpu{}", id) / "topology";
  v1::HostNumaCpu cpu;
  cpu.set_id(id);
  cpu.set_socket_id(number_of(line_of(topology / "physical_package_id")));
  cpu.set_die_id(number_of(line_of(topology / "die_id")));
  cpu.set_core_id(number_of(line_of(topology / "core_id")));
  cpu.set_siblings(line_of(topology / "thread_siblings_list"));
  return cpu;
}

// KiB. "Node 0 MemTotal:  24577 kB"
std::uint64_t memory_of(std::uint32_t node) {
  const auto text = read_file(kNodes / fmt::format("node{}", node) / "meminfo", 1 << 16);
  const auto at = text ? text->find("MemTotal:") : std::string::npos;
  if (at == std::string::npos) return 0;
  const auto digit = text->find_first_of("0123456789", at);
  std::uint64_t value = 0;
  if (digit != std::string::npos) std::from_chars(text->data() + digit, text->data() + text->size(), value);
  return value;
}

void add_cells(v1::HostCapabilities& host) {
  for (const std::uint32_t node : expand(line_of(kNodes / "online"))) {
    auto& cell = *host.add_cells();
    cell.set_id(node);
    cell.set_memory(memory_of(node));
    for (const std::uint32_t id : expand(line_of(kNodes / fmt::format("node{}", node) / "cpulist"))) {
      *cell.add_cpus() = cpu_of(id);
    }
  }
  if (!host.cells().empty()) return;
  // A kernel without NUMA: one cell with everything.
  auto& cell = *host.add_cells();
  cell.set_id(0);
  cell.set_memory(static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                  (static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024));
  for (const std::uint32_t id : expand(line_of(kCpus / "online"))) *cell.add_cpus() = cpu_of(id);
}

void add_counts(v1::HostCapabilities& host) {
  host.set_cell_count(static_cast<std::uint32_t>(host.cells_size()));
  for (auto& cell : *host.mutable_cells()) cell.set_cpu_count(static_cast<std::uint32_t>(cell.cpus_size()));
}

void add_topology(v1::HostCapabilities& host) {
  std::set<std::uint32_t> sockets;
  std::set<std::pair<std::uint32_t, std::uint32_t>> dies, cores;
  std::uint32_t threads = 0;
  for (const auto& cell : host.cells()) {
    for (const auto& cpu : cell.cpus()) {
      sockets.insert(cpu.socket_id());
      dies.emplace(cpu.socket_id(), cpu.die_id());
      cores.emplace(cpu.socket_id(), cpu.core_id());
      ++threads;
    }
  }
  if (threads == 0) return;
  auto& topology = *host.mutable_cpu()->mutable_topology();
  const auto count = [](const auto& set) { return static_cast<std::uint32_t>(std::max<std::size_t>(set.size(), 1)); };
  topology.set_sockets(count(sockets));
  topology.set_dies(count(dies) / count(sockets));
  topology.set_cores(count(cores) / count(sockets));
  topology.set_threads(std::max(1u, threads / count(cores)));
}

void add_pages(v1::HostCapabilities& host) {
  host.mutable_cpu()->add_pages()->set_size(static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024);
  std::vector<std::uint64_t> sizes;
  std::error_code error;
  for (fs::directory_iterator it("/sys/kernel/mm/hugepages", error), end; !error && it != end; it.increment(error)) {
    // "hugepages-2048kB"
    const std::string name = it->path().filename();
    if (name.starts_with("hugepages-")) sizes.push_back(number_of(std::string_view(name).substr(10)));
  }
  std::ranges::sort(sizes);
  for (const auto size : sizes) host.mutable_cpu()->add_pages()->set_size(size);
}

}  // namespace

v1::HostCapabilities host_capabilities() {
  v1::HostCapabilities host;
  utsname name{};
  if (::uname(&name) == 0) host.mutable_cpu()->set_arch(name.machine);
  add_cells(host);
  add_counts(host);
  add_topology(host);
  add_pages(host);
  return host;
}

}  // namespace lodge::drivers::qemu
