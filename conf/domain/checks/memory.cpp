#include <bit>
#include <set>

#include "conf/domain/checks/checks.h"
#include "conf/domain/machine.h"

// The guest's memory, and what is plugged in of it.
namespace lodge::conf::checks {

namespace {

constexpr std::uint64_t kLeastLabel = 128;  // KiB

void check_size(const v1::DomainSpec& spec, Findings& findings) {
  if (spec.memory() == 0) {
    findings.add("/domain/memory", "a guest needs memory: <memory unit='MiB'>512</memory>");
  } else if (spec.current_memory() > spec.memory()) {
    findings.add("/domain/currentMemory", "{} KiB is more than the guest's memory, {} KiB", spec.current_memory(),
                 spec.memory());
  }
  if (!spec.has_max_memory()) return;
  const auto& max = spec.max_memory();
  if (max.slots() == 0) {
    findings.add("/domain/maxMemory/@slots", "must say how many modules can be plugged in, from 1");
  }
  if (max.size() < spec.memory()) {
    findings.add("/domain/maxMemory", "{} KiB is less than the guest's memory, {} KiB", max.size(), spec.memory());
  }
  // POWER plugs memory into a guest without nodes.
  if (spec.cpu().numa_cells().empty() && !is_ppc64(spec.os().arch())) {
    findings.add("/domain/maxMemory",
                 "memory can only be plugged into a NUMA node: add <cpu><numa><cell …/></numa></cpu>");
  }
}

void check_label(const v1::MemoryDevice& memory, const std::string& path, const v1::Os& os, Findings& findings) {
  const auto& target = memory.target();
  if (target.has_label_size() && target.label_size() < kLeastLabel)
    findings.add(path + "/target/label/size", "{} KiB are less than a label takes, {}", target.label_size(),
                 kLeastLabel);
  if (target.has_label_size() && target.label_size() >= target.size())
    findings.add(path + "/target/label/size", "{} KiB leave nothing of the module, which has {}", target.label_size(),
                 target.size());
  if (!target.has_label_size() && is_ppc64(os.arch()))
    findings.add(path + "/target/label/size", "on POWER a module has one: <label><size unit='KiB'>128</size></label>");
}

// Memory that grows and shrinks in blocks.
void check_blocks(const v1::MemoryDeviceTarget& target, const std::string& path, Findings& findings) {
  if (!std::has_single_bit(target.block()))
    return findings.add(path + "/target/block", "{} KiB are not a power of two: <block unit='MiB'>2</block>",
                        target.block());
  if (target.requested() % target.block() != 0)
    findings.add(path + "/target/requested", "{} KiB are no multiple of the block, {} KiB", target.requested(),
                 target.block());
  if (target.requested() > target.size())
    findings.add(path + "/target/requested", "{} KiB are more than there can be: {}", target.requested(),
                 target.size());
}

// @source libvirt 9.0, virDomainMemoryDefValidate
void check_module(const v1::MemoryDevice& memory, const std::string& path, const v1::Os& os, Findings& findings) {
  const bool nvdimm = memory.model() == v1::MEMORY_DEVICE_MODEL_NVDIMM;
  const bool pmem = memory.model() == v1::MEMORY_DEVICE_MODEL_VIRTIO_PMEM;
  if ((nvdimm || pmem) && memory.source().path().empty())
    findings.add(path + "/source/path", "names the file or device that keeps it: <path>/images/web1.pmem</path>");
  if ((nvdimm || pmem) && memory.discard())
    findings.add(path + "/@discard", "what a '{}' holds is kept; leave it out", spelling(memory.model()));
  if (nvdimm) check_label(memory, path, os, findings);
  if (pmem && memory.access() != v1::MEMORY_ACCESS_SHARED)
    findings.add(path + "/@access", "a virtio-pmem is shared with its file: access='shared'");
  if (pmem && memory.target().has_node())
    findings.add(path + "/target/node", "a virtio-pmem belongs to no NUMA node; leave it out");
  if (memory.model() == v1::MEMORY_DEVICE_MODEL_VIRTIO_MEM) check_blocks(memory.target(), path, findings);
}

// Modules are each in a slot of their own.
void check_slots(const v1::DomainSpec& spec, Findings& findings) {
  const auto slots = spec.max_memory().slots();
  if (slots == 0) return;  // told already
  std::set<std::uint32_t> taken;
  std::uint32_t count = 0;
  each("memory", spec.memory_devices(), [&](const v1::MemoryDevice& memory, const std::string& path) {
    if (memory.model() != v1::MEMORY_DEVICE_MODEL_DIMM && memory.model() != v1::MEMORY_DEVICE_MODEL_NVDIMM) return;
    if (++count == slots + 1) return findings.add(path, "there are slots for {} modules: <maxMemory slots='…'>", slots);
    if (!memory.address().dimm().has_slot()) return;
    const auto slot = memory.address().dimm().slot();
    if (slot >= slots) findings.add(path + "/address/@slot", "{} is not between 0 and {}", slot, slots - 1);
    if (!taken.insert(slot).second) findings.add(path + "/address/@slot", "another module is in slot {}", slot);
  });
}

void check_modules(const v1::DomainSpec& spec, Findings& findings) {
  if (spec.memory_devices().empty()) return;
  if (!spec.has_max_memory() || spec.max_memory().slots() == 0) {
    findings.add("/domain/maxMemory", "memory devices need slots to be in: <maxMemory slots='16' unit='KiB'>…");
  }
  each("memory", spec.memory_devices(), [&](const v1::MemoryDevice& memory, const std::string& path) {
    if (memory.model() == v1::MEMORY_DEVICE_MODEL_UNSPECIFIED)
      findings.add(path + "/@model", "says which kind: dimm, nvdimm, virtio-mem, …");
    check_module(memory, path, spec.os(), findings);
    const bool needs_node = memory.model() != v1::MEMORY_DEVICE_MODEL_VIRTIO_PMEM &&
                            memory.model() != v1::MEMORY_DEVICE_MODEL_SGX_EPC;
    if (needs_node && !memory.target().has_node() && !spec.cpu().numa_cells().empty()) {
      findings.add(path + "/target/node", "says which NUMA node of the guest it belongs to");
    }
    if (memory.target().has_node() &&
        memory.target().node() >= static_cast<std::uint32_t>(spec.cpu().numa_cells_size())) {
      findings.add(path + "/target/node", "the guest has no NUMA node {}", memory.target().node());
    }
  });
}

}  // namespace

void check_memory(const v1::DomainSpec& spec, Findings& findings) {
  check_size(spec, findings);
  check_modules(spec, findings);
  check_slots(spec, findings);
}

}  // namespace lodge::conf::checks
