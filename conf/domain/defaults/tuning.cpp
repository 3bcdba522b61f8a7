#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "conf/domain/defaults/defaults.h"
#include "conf/domain/limits.h"

namespace lodge::conf::defaults {

namespace {

// The largest limit that libvirt writes down, KiB; from there on there is none.
constexpr std::uint64_t kUnlimited = 9007199254740991;

// "0-2,5" as its numbers, of which there are at most kMaxIothreads.
std::set<std::uint32_t> numbers_of(std::string_view ranges) {
  std::set<std::uint32_t> numbers;
  while (!ranges.empty()) {
    const auto part = ranges.substr(0, ranges.find(','));
    ranges.remove_prefix(std::min(ranges.size(), part.size() + 1));
    std::uint32_t low = 0;
    auto [next, error] = std::from_chars(part.data(), part.data() + part.size(), low);
    if (error != std::errc()) return {};
    std::uint32_t high = low;
    if (next != part.data() + part.size()) std::from_chars(next + 1, part.data() + part.size(), high);
    if (high < low || high - low >= kMaxIothreads || numbers.size() >= kMaxIothreads) return {};
    for (auto number = low; number <= high; ++number) numbers.insert(number);
  }
  return numbers;
}

// One element for each thread, in their order.
template <class List, class Get, class Set>
void spread(List& list, Get get, Set set) {
  List result;
  for (const auto& each : list) {
    const auto numbers = numbers_of(get(each));
    if (numbers.size() <= 1) {
      *result.Add() = each;
      continue;
    }
    for (const auto number : numbers) {
      auto& one = *result.Add();
      one = each;
      set(one, fmt::to_string(number));
    }
  }
  std::ranges::stable_sort(result, {}, [&](const auto& each) {
    const auto numbers = numbers_of(get(each));
    return numbers.empty() ? 0 : *numbers.begin();
  });
  list.Swap(&result);
}

bool is_real_time(v1::SchedulerPolicy policy) {
  return policy == v1::SCHEDULER_POLICY_FIFO || policy == v1::SCHEDULER_POLICY_RR;
}

void complete_schedulers(v1::CpuTune& tune) {
  spread(
      *tune.mutable_vcpu_scheds(), [](const auto& each) -> const std::string& { return each.vcpus(); },
      [](auto& each, std::string number) { each.set_vcpus(std::move(number)); });
  spread(
      *tune.mutable_iothread_scheds(), [](const auto& each) -> const std::string& { return each.iothreads(); },
      [](auto& each, std::string number) { each.set_iothreads(std::move(number)); });
  const auto complete_one = [](v1::Scheduler& scheduler) {
    if (is_real_time(scheduler.policy()) && !scheduler.has_priority()) scheduler.set_priority(0);
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
