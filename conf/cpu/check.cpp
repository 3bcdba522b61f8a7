#include "conf/cpu/check.h"

#include <set>

#include "conf/numbered.h"

namespace lodge::conf {

namespace {

constexpr std::size_t kVendorId = 12;  // three registers of CPUID

void check_features(const v1::Cpu& cpu, const std::string& path, Findings& findings) {
  std::set<std::string> names;
  for (int i = 0; i < cpu.features_size(); ++i) {
    const auto& name = cpu.features(i).name();
    const auto at = numbered(path + "/feature", i, cpu.features()) + "/@name";
    if (name.empty()) {
      findings.add(at, "names a feature of the CPU: name='avx2'");
    } else if (!names.insert(name).second) {
      findings.add(at, "'{}' is there twice", name);
    }
  }
}

void check_topology(const v1::CpuTopology& topology, const std::string& path, Findings& findings) {
  if (topology.sockets() == 0 || topology.cores() == 0 || topology.threads() == 0 ||
      (topology.has_dies() && topology.dies() == 0))
    findings.add(path, "sockets, dies, cores and threads each count from 1");
}

void check_address_size(const v1::CpuMaxPhysAddr& size, const std::string& path, Findings& findings) {
  const bool emulated = size.mode() == v1::CPU_MAX_PHYS_ADDR_MODE_EMULATE;
  if (size.mode() == v1::CPU_MAX_PHYS_ADDR_MODE_UNSPECIFIED)
    return findings.add(path + "/@mode", "says whose: passthrough, or emulate with its bits");
  if (emulated && !size.has_bits()) findings.add(path + "/@bits", "says how many bits an address has: bits='42'");
  if (!emulated && size.has_bits())
    findings.add(path + "/@bits", "with mode 'passthrough' the host decides; mode='emulate' takes them");
}

}  // namespace

void check_guest_cpu(const v1::Cpu& cpu, const std::string& path, Findings& findings) {
  const bool named = !cpu.model().name().empty();
  const bool custom = cpu.mode() == v1::CPU_MODE_CUSTOM || cpu.mode() == v1::CPU_MODE_UNSPECIFIED;
  if (!named && custom && !cpu.vendor().empty())
    findings.add(path + "/vendor", "is that of a model: <model>Haswell</model>");
  if (!named && custom && !cpu.features().empty())
    findings.add(numbered(path + "/feature", 0, cpu.features()), "adds to a model: <model>Haswell</model>");
  const auto& vendor = cpu.model().vendor_id();
  if (!vendor.empty() && vendor.size() != kVendorId)
    findings.add(path + "/model/@vendor_id", "'{}' has {} characters; a vendor id has exactly {}", vendor,
                 vendor.size(), kVendorId);
  if (cpu.has_migratable() && cpu.mode() != v1::CPU_MODE_HOST_PASSTHROUGH && cpu.mode() != v1::CPU_MODE_MAXIMUM)
    findings.add(path + "/@migratable", "only with mode host-passthrough, maximum; here it is {}",
                 spelling(cpu.mode()));
  if (cpu.has_topology()) check_topology(cpu.topology(), path + "/topology", findings);
  if (cpu.has_max_phys_addr()) check_address_size(cpu.max_phys_addr(), path + "/maxphysaddr", findings);
  check_features(cpu, path, findings);
}

void check_cpu(const v1::CpuDocument& document, Findings& findings) {
  const auto& cpu = document.cpu();
  if (document.arch().empty()) return check_guest_cpu(cpu, "/cpu", findings);
  if (cpu.mode() != v1::CPU_MODE_UNSPECIFIED || cpu.match() != v1::CPU_MATCH_UNSPECIFIED)
    findings.add("/cpu/arch", "a host's processor has no mode and no match");
  if (cpu.has_topology()) check_topology(cpu.topology(), "/cpu/topology", findings);
  check_features(cpu, "/cpu", findings);
}

}  // namespace lodge::conf
