#include "conf/cpu/check.h"

#include <set>

#include "conf/numbered.h"

namespace lodge::conf {

namespace {

void check_guest(const v1::Cpu& cpu, Findings& findings) {
  const bool named = !cpu.model().name().empty();
  const bool custom = cpu.mode() == v1::CPU_MODE_CUSTOM || cpu.mode() == v1::CPU_MODE_UNSPECIFIED;
  if (!named && !cpu.vendor().empty()) findings.add("/cpu/vendor", "it needs a model");
  if (!named && custom && !cpu.features().empty())
    findings.add(numbered("/cpu/feature", 0, cpu.features()), "it needs a model");
  if (!cpu.model().vendor_id().empty() && cpu.model().vendor_id().size() != 12)
    findings.add("/cpu/model/@vendor_id", "'{}' is not 12 characters long", cpu.model().vendor_id());
  if (cpu.has_migratable() && cpu.mode() != v1::CPU_MODE_HOST_PASSTHROUGH && cpu.mode() != v1::CPU_MODE_MAXIMUM)
    findings.add("/cpu/@migratable", "only with mode host-passthrough, maximum; here it is {}", spelling(cpu.mode()));
}

}  // namespace

void check_cpu(const v1::CpuDocument& document, Findings& findings) {
  const auto& cpu = document.cpu();
  if (document.arch().empty()) {
    check_guest(cpu, findings);
  } else if (cpu.mode() != v1::CPU_MODE_UNSPECIFIED || cpu.match() != v1::CPU_MATCH_UNSPECIFIED) {
    findings.add("/cpu/arch", "a host's processor has no mode and no match");
  }
  if (cpu.has_topology()) {
    const auto& topology = cpu.topology();
    if (topology.sockets() == 0 || topology.cores() == 0 || topology.threads() == 0 ||
        (topology.has_dies() && topology.dies() == 0))
      findings.add("/cpu/topology", "sockets, cores, threads (and dies) are 1 or more");
  }
  std::set<std::string> features;
  for (int i = 0; i < cpu.features_size(); ++i) {
    const std::string path = numbered("/cpu/feature", i, cpu.features()) + "/@name";
    if (cpu.features(i).name().empty()) findings.add(path, "is missing");
    if (!features.insert(cpu.features(i).name()).second)
      findings.add(path, "'{}' is given twice", cpu.features(i).name());
  }
}

}  // namespace lodge::conf
