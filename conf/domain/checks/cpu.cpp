#include <set>

#include "conf/domain/checks/checks.h"
#include "conf/numbered.h"

namespace lodge::conf::checks {

namespace {

void check_topology(const v1::DomainSpec& spec, Findings& findings) {
  if (!spec.cpu().has_topology()) return;
  const auto& topology = spec.cpu().topology();
  const std::string path = "/domain/cpu/topology";
  const auto product = std::uint64_t{topology.sockets()} * topology.dies() * topology.cores() * topology.threads();
  if (product == 0) {
    findings.add(path, "sockets, dies, cores and threads each count from 1");
  } else if (product != spec.vcpu().count()) {
    findings.add(path, "{} sockets × {} dies × {} cores × {} threads are {} processors, but the guest has {}",
                 topology.sockets(), topology.dies(), topology.cores(), topology.threads(), product,
                 spec.vcpu().count());
  }
}

void check_cache(const v1::Cpu& cpu, Findings& findings) {
  if (!cpu.has_cache()) return;
  const auto& cache = cpu.cache();
  const std::string path = "/domain/cpu/cache";
  switch (cache.mode()) {
    case v1::CPU_CACHE_MODE_UNSPECIFIED:
      findings.add(path + "/@mode", "says how: emulate, passthrough or disable");
      break;
    case v1::CPU_CACHE_MODE_EMULATE:
      if (cache.has_level() && cache.level() != 3) {
        findings.add(path + "/@level", "only the cache of level 3 can be emulated, not of level {}", cache.level());
      }
      break;
    case v1::CPU_CACHE_MODE_PASSTHROUGH:
      if (cpu.mode() != v1::CPU_MODE_HOST_PASSTHROUGH && cpu.mode() != v1::CPU_MODE_MAXIMUM) {
        findings.add(path + "/@mode", "'passthrough' needs the host's CPU: <cpu mode='host-passthrough'>, not '{}'",
                     spelling(cpu.mode()));
      }
      if (cache.has_level())
        findings.add(path + "/@level", "the host's caches are passed through as a whole, without a level");
      break;
    default:
      if (cache.has_level()) findings.add(path + "/@level", "caches are disabled as a whole, without a level");
  }
}

void check_numa(const v1::DomainSpec& spec, Findings& findings) {
  const auto& cells = spec.cpu().numa_cells();
  std::set<std::uint32_t> seen;
  for (const auto& cell : cells) {
    if (!seen.insert(cell.id()).second) findings.add("/domain/cpu/numa", "two cells have the id {}", cell.id());
    if (cell.id() >= static_cast<std::uint32_t>(cells.size())) {
      findings.add("/domain/cpu/numa", "cell ids count from 0 without gaps; {} is too high for {} cells", cell.id(),
                   cells.size());
    }
  }
}

}  // namespace

void check_cpu(const v1::DomainSpec& spec, Findings& findings) {
  if (!spec.has_cpu()) return;
  const auto& cpu = spec.cpu();
  check_topology(spec, findings);
  check_cache(cpu, findings);
  check_numa(spec, findings);
  if (!cpu.model().vendor_id().empty() && cpu.model().vendor_id().size() != 12) {
    findings.add("/domain/cpu/model/@vendor_id", "'{}' has {} characters; a vendor id has exactly 12",
                 cpu.model().vendor_id(), cpu.model().vendor_id().size());
  }
  std::set<std::string> features;
  for (int i = 0; i < cpu.features_size(); ++i) {
    const auto& name = cpu.features(i).name();
    const auto path = numbered("/domain/cpu/feature", i, cpu.features()) + "/@name";
    if (name.empty())
      findings.add(path, "names a feature of the CPU");
    else if (!features.insert(name).second)
      findings.add(path, "'{}' is there twice", name);
  }
}

}  // namespace lodge::conf::checks
