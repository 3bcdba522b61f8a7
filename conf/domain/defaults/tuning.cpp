#include <algorithm>

#include "conf/domain/defaults/defaults.h"

namespace lodge::conf::defaults {

namespace {

// The largest limit that libvirt writes down, KiB; from there on there is none.
constexpr std::uint64_t kUnlimited = 9007199254740991;

bool is_real_time(v1::SchedulerPolicy policy) {
  return policy == v1::SCHEDULER_POLICY_FIFO || policy == v1::SCHEDULER_POLICY_RR;
}

void complete_schedulers(v1::CpuTune& tune) {
  const auto complete_one = [](v1::Scheduler& scheduler) {
    if (!is_real_time(scheduler.policy())) scheduler.clear_priority();
  };
  const auto complete = [&](auto& each) { complete_one(*each.mutable_scheduler()); };
  if (tune.has_emulator_sched()) complete_one(*tune.mutable_emulator_sched());
  std::ranges::for_each(*tune.mutable_vcpu_scheds(), complete);
  std::ranges::for_each(*tune.mutable_iothread_scheds(), complete);
}

void complete_numatune(v1::DomainSpec& spec) {
  const bool by_numad = spec.vcpu().placement() == v1::VCPU_PLACEMENT_AUTO;
  if (!spec.numatune().has_memory()) {
    if (!by_numad || !spec.numatune().nodes().empty()) return;
    auto& memory = *spec.mutable_numatune()->mutable_memory();
    memory.set_mode(v1::NUMA_MODE_STRICT);
    memory.set_placement(v1::NUMA_PLACEMENT_AUTO);
    return;
  }
  auto& memory = *spec.mutable_numatune()->mutable_memory();
  if (memory.mode() == v1::NUMA_MODE_UNSPECIFIED) memory.set_mode(v1::NUMA_MODE_STRICT);
  if (memory.placement() == v1::NUMA_PLACEMENT_UNSPECIFIED && memory.nodeset().empty()) {
    memory.set_placement(by_numad ? v1::NUMA_PLACEMENT_AUTO : v1::NUMA_PLACEMENT_STATIC);
  }
  // numad chooses the nodes; nodes that were named are the choice themselves.
  if (memory.placement() == v1::NUMA_PLACEMENT_AUTO) memory.clear_nodeset();
  if (!memory.nodeset().empty()) memory.clear_placement();
  // Where numad places the memory, it places the processors too, unless someone said where they are.
  const auto& tune = spec.cputune();
  const bool pinned = !spec.vcpu().cpuset().empty() || !tune.vcpu_pins().empty() || !tune.iothread_pins().empty() ||
                      !tune.emulator_pin().empty();
  if (memory.placement() == v1::NUMA_PLACEMENT_AUTO && !pinned) {
    spec.mutable_vcpu()->set_placement(v1::VCPU_PLACEMENT_AUTO);
  }
}

// This host has no security module: a label that names none says that there is none.
void complete_seclabels(v1::DomainSpec& spec) {
  if (spec.seclabels_size() != 1 || !spec.seclabels(0).model().empty()) return;
  auto& label = *spec.mutable_seclabels(0);
  if (label.has_static_label() || !label.dynamic().baselabel().empty()) return;
  label.set_model("none");
  label.mutable_none();
  label.clear_relabel();
}

void complete_source_labels(v1::Disk& disk) {
  auto& labels = *disk.mutable_source()->mutable_seclabels();
  // A note of the last run.
  const auto skipped = std::ranges::remove_if(labels, [](const auto& label) { return label.labelskip(); });
  labels.erase(skipped.begin(), skipped.end());
}

}  // namespace

void complete_tuning(v1::DomainSpec& spec) {
  if (spec.has_cputune()) complete_schedulers(*spec.mutable_cputune());
  complete_numatune(spec);
  if (spec.has_memtune()) {
    auto& limits = *spec.mutable_memtune();
    if (limits.hard_limit() >= kUnlimited) limits.clear_hard_limit();
    if (limits.soft_limit() >= kUnlimited) limits.clear_soft_limit();
    if (limits.swap_hard_limit() >= kUnlimited) limits.clear_swap_hard_limit();
  }
  complete_seclabels(spec);
  for (auto& disk : *spec.mutable_disks()) {
    if (disk.has_source()) complete_source_labels(disk);
  }
}

}  // namespace lodge::conf::defaults
