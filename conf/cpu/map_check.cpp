#include "conf/cpu/map_check.h"

#include <algorithm>
#include <set>

#include "conf/cpu/map_model.h"
#include "conf/numbered.h"

namespace lodge::conf {

namespace {

constexpr std::size_t kCpuidString = 12;  // bytes in EBX, EDX and ECX of leaf 0
constexpr std::uint32_t kMaxImplementer = 0xff;

bool is_x86(const v1::CpuMapModel& model) {
  return model.has_ancestor() || model.has_decode() || !model.signatures().empty() || !model.features().empty();
}

// The index names the architecture; in other files only what its entries have tells it.
CpuFamily family_of(const std::string& arch, const v1::CpuMapEntries& entries) {
  if (arch == "x86") return CpuFamily::x86;
  if (arch == "ppc64") return CpuFamily::ppc64;
  if (arch == "arm") return CpuFamily::arm;
  const bool x86 = std::ranges::any_of(entries.vendors(), [](auto& v) { return !v.cpuid_string().empty(); }) ||
                   std::ranges::any_of(entries.features(),
                                       [](auto& f) { return f.cpuids_size() + f.msrs_size() > 0; }) ||
                   std::ranges::any_of(entries.models(), is_x86);
  if (x86) return CpuFamily::x86;
  if (std::ranges::any_of(entries.vendors(), [](auto& v) { return v.has_value(); })) return CpuFamily::arm;
  bool has_pvr = false;
  for (const auto& model : entries.models()) {
    if (std::ranges::any_of(model.pvrs(), [](auto& pvr) { return pvr.has_mask(); })) return CpuFamily::ppc64;
    has_pvr = has_pvr || !model.pvrs().empty();
  }
  return has_pvr ? CpuFamily::arm : CpuFamily::unknown;
}

// Adds the name to those that there are.
void check_name(const std::string& path, std::string_view what, const std::string& name, std::set<std::string>& names,
                Findings& findings) {
  if (name.empty()) return findings.add(path + "/@name", "is missing");
  if (!names.insert(name).second) findings.add(path + "/@name", "'{}' is the name of two {}", name, what);
}

void check_vendor(const std::string& path, const v1::CpuMapVendor& vendor, CpuFamily family, Findings& findings) {
  const bool has_string = !vendor.cpuid_string().empty();
  if (family == CpuFamily::x86) {
    if (!has_string) findings.add(path + "/@string", "says how its processors tell: string='GenuineIntel'");
    if (has_string && vendor.cpuid_string().size() != kCpuidString)
      findings.add(path + "/@string", "'{}' is not {} characters long", vendor.cpuid_string(), kCpuidString);
    if (vendor.has_value()) findings.add(path + "/@value", "only for arm");
  }
  if (family == CpuFamily::arm) {
    if (!vendor.has_value()) findings.add(path + "/@value", "says how its processors tell: value='0x41'");
    if (vendor.value() > kMaxImplementer) findings.add(path + "/@value", "{:#x} is more than 0xff", vendor.value());
  }
  if (family == CpuFamily::ppc64 && vendor.has_value()) findings.add(path + "/@value", "only for arm");
  if (family != CpuFamily::x86 && has_string) findings.add(path + "/@string", "only for x86");
}

void check_cpuid(const std::string& path, const v1::CpuMapCpuid& cpuid, Findings& findings) {
  if (!cpuid.has_eax_in()) findings.add(path + "/@eax_in", "says which leaf: eax_in='0x07'");
  if ((cpuid.eax() | cpuid.ebx() | cpuid.ecx() | cpuid.edx()) == 0)
    findings.add(path, "says which bits of a register: edx='0x00000001'");
}

void check_msr(const std::string& path, const v1::CpuMapMsr& msr, Findings& findings) {
  if (!msr.has_index()) findings.add(path + "/@index", "says which register: index='0x10a'");
  if (!msr.has_eax()) findings.add(path + "/@eax", "is missing: the lower half of the bits, or 0x00000000");
  if (!msr.has_edx()) findings.add(path + "/@edx", "is missing: the upper half of the bits, or 0x00000000");
  if (msr.has_eax() && msr.has_edx() && (msr.eax() | msr.edx()) == 0)
    findings.add(path, "says which bits of the register: eax='0x00000001'");
}

void check_feature(const std::string& path, const v1::CpuMapFeature& feature, CpuFamily family, Findings& findings) {
  for (int i = 0; i < feature.aliases_size(); ++i) {
    if (feature.aliases(i).name().empty())
      findings.add(numbered(path + "/alias", i, feature.aliases()) + "/@name", "is missing");
  }
  for (int i = 0; i < feature.cpuids_size(); ++i)
    check_cpuid(numbered(path + "/cpuid", i, feature.cpuids()), feature.cpuids(i), findings);
  for (int i = 0; i < feature.msrs_size(); ++i)
    check_msr(numbered(path + "/msr", i, feature.msrs()), feature.msrs(i), findings);
  const bool has_bits = feature.cpuids_size() + feature.msrs_size() > 0;
  if (family == CpuFamily::x86 && !has_bits)
    findings.add(path, "says where it is seen: <cpuid eax_in='0x01' edx='0x00000001'/>, or <msr …/>");
  if (family != CpuFamily::x86 && has_bits)
    findings.add(path + (feature.cpuids().empty() ? "/msr" : "/cpuid"), "only for x86");
}

// `complete`: there are no other files of this architecture.
void check_entries(const std::string& path, const v1::CpuMapEntries& entries, CpuFamily family, bool complete,
                   Findings& findings) {
  CpuMapNames names{.complete = complete};
  std::set<std::uint32_t> values;
  for (int i = 0; i < entries.vendors_size(); ++i) {
    const auto& vendor = entries.vendors(i);
    const auto at = numbered(path + "/vendor", i, entries.vendors());
    check_name(at, "vendors", vendor.name(), names.vendors, findings);
    check_vendor(at, vendor, family, findings);
    if (vendor.has_value() && !values.insert(vendor.value()).second)
      findings.add(at + "/@value", "{:#x} is another vendor's already", vendor.value());
  }
  for (int i = 0; i < entries.features_size(); ++i) {
    const auto at = numbered(path + "/feature", i, entries.features());
    check_name(at, "features", entries.features(i).name(), names.features, findings);
    check_feature(at, entries.features(i), family, findings);
    if (family == CpuFamily::ppc64) findings.add(at, "only for x86 and arm");
  }
  for (const auto& model : entries.models()) names.later_models.insert(model.name());
  for (int i = 0; i < entries.models_size(); ++i) {
    const auto at = numbered(path + "/model", i, entries.models());
    check_cpu_map_model(at, entries.models(i), family, names, findings);
    check_name(at, "models", entries.models(i).name(), names.models, findings);
  }
}

bool is_empty(const v1::CpuMapEntries& entries) {
  return entries.vendors().empty() && entries.features().empty() && entries.models().empty();
}

void check_arch(const std::string& path, const v1::CpuMapArch& arch, Findings& findings) {
  std::set<std::string> files;
  for (int i = 0; i < arch.includes_size(); ++i) {
    const auto at = numbered(path + "/include", i, arch.includes()) + "/@filename";
    const auto& file = arch.includes(i).filename();
    if (file.empty()) findings.add(at, "names a file of the map: filename='x86_486.xml'");
    if (!file.empty() && !files.insert(file).second) findings.add(at, "'{}' is included already", file);
  }
  check_entries(path, arch.entries(), family_of(arch.name(), arch.entries()), arch.includes().empty(), findings);
}

}  // namespace

void check_cpu_map(const v1::CpuMap& map, Findings& findings) {
  std::set<std::string> names;
  for (int i = 0; i < map.archs_size(); ++i) {
    const auto at = numbered("/cpus/arch", i, map.archs());
    check_name(at, "architectures", map.archs(i).name(), names, findings);
    check_arch(at, map.archs(i), findings);
  }
  if (!map.archs().empty() && !is_empty(map.entries()))
    findings.add("/cpus", "vendors, features and models beside architectures belong to none of them");
  check_entries("/cpus", map.entries(), family_of({}, map.entries()), false, findings);
}

}  // namespace lodge::conf
