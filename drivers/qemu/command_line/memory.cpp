#include <string>

#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

constexpr std::uint64_t kKiB = 1024;

bool needs_backend(const v1::DomainSpec& spec) {
  const auto& backing = spec.memory_backing();
  return backing.has_hugepages() || backing.source() == v1::MEMORY_SOURCE_FILE ||
         backing.source() == v1::MEMORY_SOURCE_MEMFD || backing.access() == v1::MEMORY_ACCESS_SHARED ||
         backing.allocation() == v1::MEMORY_ALLOCATION_IMMEDIATE || backing.discard();
}

std::string default_ram_id(const Launch& launch) {
  const MachineType* machine = launch.emulator.machine(launch.spec.os().machine());
  return machine && !machine->default_ram_id.empty() ? machine->default_ram_id : "ram";
}

// Huge pages come through memfd: sealed to the guest, with no file system to mount and no file to leave behind.
Props backend(const v1::DomainSpec& spec, const std::string& id, std::uint64_t kib, v1::MemoryAccess access,
              bool discard, const std::string& folder) {
  const auto& backing = spec.memory_backing();
  const bool shared = (access == v1::MEMORY_ACCESS_UNSPECIFIED ? backing.access() : access) == v1::MEMORY_ACCESS_SHARED;
  Props object;
  if (backing.has_hugepages() || backing.source() == v1::MEMORY_SOURCE_MEMFD) {
    object = {{"qom-type", "memory-backend-memfd"}, {"id", id}};
    if (backing.has_hugepages()) {
      object["hugetlb"] = true;
      if (!backing.hugepages().pages().empty()) object["hugetlbsize"] = backing.hugepages().pages(0).size() * kKiB;
    }
  } else if (backing.source() == v1::MEMORY_SOURCE_FILE) {
    object = {{"qom-type", "memory-backend-file"}, {"id", id}, {"mem-path", folder + "/" + id + ".memory"}};
    if (discard || backing.discard()) object["discard-data"] = true;
  } else {
    object = {{"qom-type", "memory-backend-ram"}, {"id", id}};
  }
  object["share"] = shared;
  if (backing.allocation() == v1::MEMORY_ALLOCATION_IMMEDIATE) {
    object["prealloc"] = true;
    if (backing.has_allocation_threads()) object["prealloc-threads"] = backing.allocation_threads();
  }
  object["size"] = kib * kKiB;
  return object;
}

void add_numa(Arguments& arguments, const Launch& launch) {
  const auto& spec = launch.spec;
  for (const auto& cell : spec.cpu().numa_cells()) {
    const std::string id = fmt::format("ram-node{}", cell.id());
    arguments.add("-object", backend(spec, id, cell.memory(), cell.mem_access(), cell.discard(), launch.folder));
    Keyval node("node");
    node.add("nodeid", cell.id());
    // "0-3,7" becomes one key per range.
    std::string_view rest = cell.cpus();
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      node.add("cpus", rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
    arguments.add("-numa", node.add("memdev", id));
  }
}

}  // namespace

std::string memory_backend_id(const Launch& launch) {
  return launch.spec.cpu().numa_cells().empty() && needs_backend(launch.spec) ? default_ram_id(launch) : std::string();
}

void add_memory(Arguments& arguments, const Launch& launch) {
  const auto& spec = launch.spec;
  Keyval memory;
  memory.add("size", fmt::format("{}k", spec.memory()));
  if (spec.has_max_memory()) {
    memory.add("slots", spec.max_memory().slots()).add("maxmem", fmt::format("{}k", spec.max_memory().size()));
  }
  arguments.add("-m", memory);
  if (const auto id = memory_backend_id(launch); !id.empty()) {
    arguments.add("-object", backend(spec, id, spec.memory(), v1::MEMORY_ACCESS_UNSPECIFIED, false, launch.folder));
  }
  add_numa(arguments, launch);
  arguments.add("-overcommit", Keyval().add_on_off("mem-lock", spec.memory_backing().locked()));
  for (std::uint32_t i = 0; i < spec.iothreads(); ++i) {
    const auto n = static_cast<int>(i);
    const std::uint32_t id = n < spec.iothread_ids_size() ? spec.iothread_ids(n).id() : i + 1;
    arguments.add("-object", Props{{"qom-type", "iothread"}, {"id", fmt::format("iothread{}", id)}});
  }
}

void check_memory(Refusals& refusals, const v1::DomainSpec& spec) {
  const auto& pages = spec.memory_backing().hugepages().pages();
  if (pages.size() > 1 || (pages.size() == 1 && !pages[0].nodeset().empty())) {
    refusals.add("/domain/memoryBacking/hugepages/page",
                 "pages of different sizes for different nodes are not supported yet");
  }
  if (spec.memory_backing().has_hugepages() && spec.memory_backing().source() == v1::MEMORY_SOURCE_FILE) {
    refusals.add("/domain/memoryBacking/source/@type", "huge pages come from memfd here: leave the source out");
  }
}

}  // namespace lodge::drivers::qemu
