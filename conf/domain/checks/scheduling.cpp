#include <set>
#include <vector>

#include "conf/domain/checks/checks.h"
#include "conf/domain/number_set.h"
#include "conf/numbered.h"

namespace lodge::conf::checks {

namespace {

constexpr std::uint32_t kMaxBandwidth = 100;  // percent

void check_priority(const v1::Scheduler& scheduler, const std::string& path, Findings& findings) {
  const bool real_time = scheduler.policy() == v1::SCHEDULER_POLICY_FIFO ||
                         scheduler.policy() == v1::SCHEDULER_POLICY_RR;
  if (real_time && !scheduler.has_priority())
    findings.add(path + "/@priority", "'{}' goes by it, from 1 to 99: priority='1'", spelling(scheduler.policy()));
}

// Each thread has an element of its own by now.
void check_schedulers(const v1::DomainSpec& spec, Findings& findings) {
  const auto& tune = spec.cputune();
  if (tune.has_emulator_sched()) check_priority(tune.emulator_sched(), "/domain/cputune/emulatorsched", findings);
  std::set<std::string> seen;
  for (int i = 0; i < tune.vcpu_scheds_size(); ++i) {
    const auto& scheduler = tune.vcpu_scheds(i);
    const auto path = numbered("/domain/cputune/vcpusched", i, tune.vcpu_scheds());
    const auto vcpus = number_set(scheduler.vcpus());
    check_priority(scheduler.scheduler(), path, findings);
    if (!seen.insert(scheduler.vcpus()).second) findings.add(path, "processor {} is in two of them", scheduler.vcpus());
    if (vcpus && (*vcpus >> spec.vcpu().count()).any())
      findings.add(path + "/@vcpus", "there is no processor {}; the guest has 0 to {}", scheduler.vcpus(),
                   spec.vcpu().count() - 1);
  }
  seen.clear();
  for (int i = 0; i < tune.iothread_scheds_size(); ++i) {
    const auto& scheduler = tune.iothread_scheds(i);
    const auto path = numbered("/domain/cputune/iothreadsched", i, tune.iothread_scheds());
    const auto threads = number_set(scheduler.iothreads());
    check_priority(scheduler.scheduler(), path, findings);
    if (!seen.insert(scheduler.iothreads()).second)
      findings.add(path, "I/O thread {} is in two of them", scheduler.iothreads());
    for (std::uint32_t id = 0; threads && id < threads->size(); ++id) {
      if (threads->test(id) && !has_iothread(spec, id))
        findings.add(path + "/@iothreads", "there is no I/O thread {}; the guest has {}: <iothreads>", id,
                     spec.iothreads());
    }
  }
}

void check_bandwidths(const v1::MemoryTune& tune, const std::string& path, Findings& findings) {
  std::set<std::uint32_t> nodes;
  for (int i = 0; i < tune.nodes_size(); ++i) {
    const auto& node = tune.nodes(i);
    const auto at = numbered(path + "/node", i, tune.nodes());
    if (node.bandwidth() > kMaxBandwidth)
      findings.add(at + "/@bandwidth", "{} is more than all there is, {} percent", node.bandwidth(), kMaxBandwidth);
    if (!nodes.insert(node.id()).second) findings.add(at + "/@id", "node {} is there twice", node.id());
  }
}

// Processors are in one group of the host's: of cache, of memory, or of both.
// @source libvirt 9.0, virDomainResctrlVcpuMatch
void check_groups(const v1::CpuTune& tune, Findings& findings) {
  std::vector<NumberSet> groups;
  NumberSet cached;
  for (int i = 0; i < tune.cachetunes_size(); ++i) {
    const auto vcpus = number_set(tune.cachetunes(i).vcpus());
    if (!vcpus) continue;
    if ((cached & *vcpus).any())
      findings.add(numbered("/domain/cputune/cachetune", i, tune.cachetunes()) + "/@vcpus",
                   "'{}' has a processor that another <cachetune> has", tune.cachetunes(i).vcpus());
    cached |= *vcpus;
    groups.push_back(*vcpus);
  }
  NumberSet limited;
  for (int i = 0; i < tune.memorytunes_size(); ++i) {
    const auto path = numbered("/domain/cputune/memorytune", i, tune.memorytunes());
    check_bandwidths(tune.memorytunes(i), path, findings);
    const auto vcpus = number_set(tune.memorytunes(i).vcpus());
    if (!vcpus) continue;
    const bool splits = std::ranges::any_of(
        groups, [&](const NumberSet& group) { return (group & *vcpus).any() && group != *vcpus; });
    if ((limited & *vcpus).any()) {
      findings.add(path + "/@vcpus", "'{}' has a processor that another <memorytune> has", tune.memorytunes(i).vcpus());
    } else if (splits) {
      findings.add(path + "/@vcpus", "'{}' has some of a <cachetune>'s processors: all of them, or none",
                   tune.memorytunes(i).vcpus());
    }
    limited |= *vcpus;
  }
}

}  // namespace

void check_scheduling(const v1::DomainSpec& spec, Findings& findings) {
  check_schedulers(spec, findings);
  check_groups(spec.cputune(), findings);
}

}  // namespace lodge::conf::checks
