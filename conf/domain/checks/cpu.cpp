#include <set>

#include "conf/cpu/check.h"
#include "conf/domain/checks/checks.h"
#include "conf/numbered.h"

namespace lodge::conf::checks {

namespace {

// Of ACPI's table of distances.
constexpr std::uint32_t kNearest = 10;
constexpr std::uint32_t kUnreachable = 255;

void check_topology(const v1::DomainSpec& spec, Findings& findings) {
  if (!spec.cpu().has_topology()) return;
  const auto& topology = spec.cpu().topology();
  const std::string path = "/domain/cpu/topology";
  const auto product = std::uint64_t{topology.sockets()} * topology.dies() * topology.cores() * topology.threads();
  if (product == 0) return;  // told by check_guest_cpu
  if (product != spec.vcpu().count()) {
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

void check_distances(const v1::NumaCell& cell, std::uint32_t cells, const std::string& path, Findings& findings) {
  for (int i = 0; i < cell.distances_size(); ++i) {
    const auto& sibling = cell.distances(i);
    const auto at = numbered(path + "/distances/sibling", i, cell.distances());
    if (sibling.id() >= cells) findings.add(at + "/@id", "the guest has no NUMA node {}", sibling.id());
    if (sibling.value() < kNearest || sibling.value() > kUnreachable)
      findings.add(at + "/@value", "{} is not between {}, the node itself, and {}, out of reach", sibling.value(),
                   kNearest, kUnreachable);
  }
}

void check_numa(const v1::DomainSpec& spec, Findings& findings) {
  const auto& cells = spec.cpu().numa_cells();
  const auto count = static_cast<std::uint32_t>(cells.size());
  std::set<std::uint32_t> seen;
  for (int i = 0; i < cells.size(); ++i) {
    const auto& cell = cells[i];
    const auto path = numbered("/domain/cpu/numa/cell", i, cells);
    if (!seen.insert(cell.id()).second) findings.add(path + "/@id", "{} is another cell's id", cell.id());
    if (cell.id() >= count) {
      findings.add(path + "/@id", "cell ids count from 0 without gaps; {} is too high for {} cells", cell.id(), count);
    }
    check_distances(cell, count, path, findings);
  }
}

}  // namespace

void check_cpu(const v1::DomainSpec& spec, Findings& findings) {
  if (!spec.has_cpu()) return;
  const auto& cpu = spec.cpu();
  check_guest_cpu(cpu, "/domain/cpu", findings);
  check_topology(spec, findings);
  check_cache(cpu, findings);
  check_numa(spec, findings);
}

}  // namespace lodge::conf::checks
