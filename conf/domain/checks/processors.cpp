#include <algorithm>
#include <set>

#include "conf/domain/checks/checks.h"
#include "conf/domain/machine.h"
#include "conf/domain/number_set.h"
#include "conf/numbered.h"

namespace lodge::conf::checks {

namespace {

// Of the kernel's control groups; times are in microseconds.
constexpr std::uint64_t kMinShares = 2;
constexpr std::uint64_t kMaxShares = 262'144;
constexpr std::uint64_t kMinPeriod = 1'000;
constexpr std::uint64_t kMaxPeriod = 1'000'000;
constexpr std::int64_t kMinQuota = 1'000;
constexpr std::int64_t kMaxQuota = 17'592'186'044;

void check_first(const v1::VcpuState& state, const std::string& path, Findings& findings) {
  if (state.has_enabled() && !state.enabled())
    findings.add(path + "/@enabled", "the guest boots on processor 0: enabled='yes'");
  if (state.hotpluggable()) findings.add(path + "/@hotpluggable", "processor 0 cannot be taken out: hotpluggable='no'");
  if (state.has_order() && state.order() > 1)
    findings.add(path + "/@order", "processor 0 is the first to be plugged: order='1'");
}

// @source libvirt 9.0, qemuDomainDefVcpusPostParse and qemuProcessValidateHotpluggableVcpus
void check_states(const v1::DomainSpec& spec, Findings& findings) {
  const bool in_groups = chipset_of(spec.os()) == Chipset::pseries;  // the threads of a core are plugged together
  std::set<std::uint32_t> ids;
  std::set<std::uint32_t> orders;
  for (int i = 0; i < spec.vcpus_size(); ++i) {
    const auto& state = spec.vcpus(i);
    const auto path = numbered("/domain/vcpus/vcpu", i, spec.vcpus_size());
    if (!state.has_id()) {
      findings.add(path + "/@id", "says which processor, from 0 to {}", spec.vcpu().count() - 1);
      continue;
    }
    if (state.id() >= spec.vcpu().count()) {
      findings.add(path + "/@id", "the guest has no processor {}: they are 0 to {}", state.id(),
                   spec.vcpu().count() - 1);
    }
    if (!ids.insert(state.id()).second) findings.add(path + "/@id", "processor {} is there twice", state.id());
    if (state.id() == 0) check_first(state, path, findings);
    if (state.order() > spec.vcpu().count()) {
      findings.add(path + "/@order", "{} is more than there are processors: {}", state.order(), spec.vcpu().count());
    } else if (state.order() != 0 && !in_groups && !orders.insert(state.order()).second) {
      findings.add(path + "/@order", "{} is another processor's; each number is there once", state.order());
    }
  }
}

void check_time(const v1::CpuTune& tune, Findings& findings) {
  if (tune.has_shares() && (tune.shares() < kMinShares || tune.shares() > kMaxShares))
    findings.add("/domain/cputune/shares", "{} is not between {} and {}", tune.shares(), kMinShares, kMaxShares);
  const auto period = [&](std::string_view name, std::uint64_t value) {
    if (value != 0 && (value < kMinPeriod || value > kMaxPeriod))
      findings.add(fmt::format("/domain/cputune/{}", name), "{} µs is not between {} and {}", value, kMinPeriod,
                   kMaxPeriod);
  };
  const auto quota = [&](std::string_view name, std::int64_t value) {
    if (value > 0 && (value < kMinQuota || value > kMaxQuota))
      findings.add(fmt::format("/domain/cputune/{}", name), "{} µs is not between {} and {}, nor -1 for no limit",
                   value, kMinQuota, kMaxQuota);
  };
  period("period", tune.period());
  quota("quota", tune.quota());
  period("global_period", tune.global_period());
  quota("global_quota", tune.global_quota());
  period("emulator_period", tune.emulator_period());
  quota("emulator_quota", tune.emulator_quota());
  period("iothread_period", tune.iothread_period());
  quota("iothread_quota", tune.iothread_quota());
}

// Pins of processors that the guest does not have count for nothing, as in libvirt.
void check_pins(const v1::DomainSpec& spec, Findings& findings) {
  std::set<std::uint32_t> pinned;
  const auto& pins = spec.cputune().vcpu_pins();
  for (int i = 0; i < pins.size(); ++i) {
    const auto& pin = pins[i];
    const std::string path = numbered("/domain/cputune/vcpupin", i, pins);
    if (!pin.has_vcpu()) findings.add(path, "says which processor: <vcpupin vcpu='0' cpuset='2-3'/>");
    if (pin.cpuset().empty())
      findings.add(path, "says where processor {0} may run: <vcpupin vcpu='{0}' cpuset='2-3'/>", pin.vcpu());
    if (pin.has_vcpu() && !pinned.insert(pin.vcpu()).second)
      findings.add(path, "processor {} is pinned twice; one <vcpupin> says all its places", pin.vcpu());
  }
  pinned.clear();
  const auto& iothread_pins = spec.cputune().iothread_pins();
  for (int i = 0; i < iothread_pins.size(); ++i) {
    const auto& pin = iothread_pins[i];
    const std::string path = numbered("/domain/cputune/iothreadpin", i, iothread_pins);
    if (!has_iothread(spec, pin.iothread())) {
      findings.add(path, "there is no I/O thread {}; the guest has {}: <iothreads>", pin.iothread(), spec.iothreads());
    } else if (pin.cpuset().empty()) {
      findings.add(path, "says where I/O thread {0} may run: <iothreadpin iothread='{0}' cpuset='2-3'/>",
                   pin.iothread());
    } else if (!pinned.insert(pin.iothread()).second) {
      findings.add(path, "I/O thread {} is pinned twice; one <iothreadpin> says all its places", pin.iothread());
    }
  }
}

void check_cells(const v1::DomainSpec& spec, Findings& findings) {
  NumberSet taken;
  const auto& cells = spec.cpu().numa_cells();
  for (int i = 0; i < cells.size(); ++i) {
    const auto cpus = number_set(cells[i].cpus());
    if (!cpus) continue;
    const auto path = numbered("/domain/cpu/numa/cell", i, cells) + "/@cpus";
    if ((*cpus >> spec.vcpu().count()).any())
      findings.add(path, "cell {} has processors {}, but the guest has 0 to {}", cells[i].id(), cells[i].cpus(),
                   spec.vcpu().count() - 1);
    if ((taken & *cpus).any())
      findings.add(path, "cell {} has processors {}, of which another cell has some", cells[i].id(), cells[i].cpus());
    taken |= *cpus;
  }
}

}  // namespace

bool has_iothread(const v1::DomainSpec& spec, std::uint32_t id) {
  if (spec.iothread_ids().empty()) return id >= 1 && id <= spec.iothreads();
  return std::ranges::find(spec.iothread_ids(), id, &v1::Iothread::id) != spec.iothread_ids().end();
}

void check_processors(const v1::DomainSpec& spec, Findings& findings) {
  if (spec.vcpu().count() == 0) return;  // told by check_general
  check_states(spec, findings);
  check_time(spec.cputune(), findings);
  check_pins(spec, findings);
  check_cells(spec, findings);
}

}  // namespace lodge::conf::checks
