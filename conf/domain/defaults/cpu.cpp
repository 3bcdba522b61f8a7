#include <algorithm>

#include "conf/domain/defaults/defaults.h"

namespace lodge::conf::defaults {

namespace {

v1::CpuCheck default_check(const v1::Cpu& cpu, bool model_was_named, bool emulated) {
  if (cpu.mode() == v1::CPU_MODE_HOST_MODEL) return v1::CPU_CHECK_PARTIAL;
  // In software any model can be had, and what nobody asked for needs no comparison.
  const bool compare = cpu.mode() == v1::CPU_MODE_CUSTOM && model_was_named && !emulated;
  return compare ? v1::CPU_CHECK_PARTIAL : v1::CPU_CHECK_NONE;
}

// libvirt 9.0 writes the emulator's own choice down where it knows the architecture's models; away from x86, POWER and
// s390x the choice means something to software emulation only.
bool writes_default(const v1::DomainSpec& spec) {
  const std::string_view arch = spec.os().arch();
  if (is_x86(arch) || is_ppc64(arch) || arch == "s390x") return true;
  return is_arm(arch) && spec.type() == v1::DOMAIN_TYPE_QEMU;
}

}  // namespace

void complete_cpu(v1::DomainSpec& spec, const v1::Capabilities& host) {
  const bool wanted = spec.has_cpu();
  auto& cpu = *spec.mutable_cpu();
  if (cpu.mode() == v1::CPU_MODE_UNSPECIFIED) cpu.set_mode(v1::CPU_MODE_CUSTOM);
  const bool custom = cpu.mode() == v1::CPU_MODE_CUSTOM;
  const bool named = !cpu.model().name().empty();

  // What adds to a model needs one: validate() says so.
  if (custom && !named && cpu.features().empty() && cpu.vendor().empty()) {
    const auto model = writes_default(spec) ? default_cpu_model(host, spec) : std::string();
    if (!model.empty()) {
      cpu.mutable_model()->set_name(model);
      cpu.mutable_model()->set_fallback(v1::CPU_FALLBACK_FORBID);
    } else if (!wanted) {
      spec.clear_cpu();
      return;
    }
  }
  if (custom && cpu.match() == v1::CPU_MATCH_UNSPECIFIED) cpu.set_match(v1::CPU_MATCH_EXACT);
  if (custom && cpu.has_model() && cpu.model().fallback() == v1::CPU_FALLBACK_UNSPECIFIED) {
    cpu.mutable_model()->set_fallback(v1::CPU_FALLBACK_ALLOW);
  }
  // Where the host decides the model there is nothing to fall back from.
  if (!custom) cpu.clear_model();
  if (!custom && cpu.mode() != v1::CPU_MODE_HOST_MODEL) cpu.clear_match();
  if (cpu.check() == v1::CPU_CHECK_UNSPECIFIED) {
    cpu.set_check(default_check(cpu, named, spec.type() == v1::DOMAIN_TYPE_QEMU));
  }
  if (!cpu.has_migratable() && (cpu.mode() == v1::CPU_MODE_HOST_PASSTHROUGH || cpu.mode() == v1::CPU_MODE_MAXIMUM)) {
    cpu.set_migratable(
        std::ranges::none_of(cpu.features(), [](const auto& feature) { return feature.name() == "invtsc"; }));
  }
  for (auto& feature : *cpu.mutable_features()) {
    if (feature.policy() == v1::CPU_FEATURE_POLICY_UNSPECIFIED) feature.set_policy(v1::CPU_FEATURE_POLICY_REQUIRE);
  }
  if (cpu.has_topology() && !cpu.topology().has_dies()) cpu.mutable_topology()->set_dies(1);
}

}  // namespace lodge::conf::defaults
