#include <string>

#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

// The part of -cpu before the first comma. Empty: QEMU's default will do.
std::string base_model(const Launch& launch) {
  const auto& cpu = launch.spec.cpu();
  switch (cpu.mode()) {
    case v1::CPU_MODE_CUSTOM: return cpu.model().name();
    case v1::CPU_MODE_MAXIMUM: return "max";
    // Without the host's processor the nearest thing is all that can be emulated.
    case v1::CPU_MODE_HOST_MODEL:
    case v1::CPU_MODE_HOST_PASSTHROUGH: return launch.kvm() ? "host" : "max";
    default: return {};
  }
}

std::string default_model(const Launch& launch) {
  const MachineType* machine = launch.emulator.machine(launch.spec.os().machine());
  std::string name = machine ? machine->default_cpu : std::string();
  // "qemu64-x86_64-cpu" is the object's type; -cpu wants what is before the architecture.
  const auto suffix = name.find("-" + launch.emulator.arch + "-cpu");
  return suffix == std::string::npos ? name : name.substr(0, suffix);
}

void add_hyperv(Keyval& cpu, const v1::HypervFeatures& hyperv) {
  if (hyperv.mode() == v1::HYPERV_MODE_PASSTHROUGH) {
    cpu.add("hv-passthrough", "on");
    return;
  }
  const auto add = [&](std::string_view name, bool on) {
    if (on) cpu.add(name, "on");
  };
  add("hv-relaxed", hyperv.relaxed());
  add("hv-vapic", hyperv.vapic());
  // @source libvirt formatdomain, <spinlocks>: 4095 is the least a guest may be told.
  if (hyperv.spinlocks()) {
    cpu.add("hv-spinlocks", fmt::format("{:#x}", hyperv.has_spinlocks_retries() ? hyperv.spinlocks_retries() : 4095));
  }
  add("hv-vpindex", hyperv.vpindex());
  add("hv-runtime", hyperv.runtime());
  add("hv-synic", hyperv.synic());
  add("hv-stimer", hyperv.stimer());
  add("hv-stimer-direct", hyperv.stimer_direct());
  add("hv-reset", hyperv.reset());
  if (hyperv.vendor_id()) cpu.add("hv-vendor-id", hyperv.vendor_id_value());
  add("hv-frequencies", hyperv.frequencies());
  add("hv-reenlightenment", hyperv.reenlightenment());
  add("hv-tlbflush", hyperv.tlbflush());
  add("hv-ipi", hyperv.ipi());
  add("hv-evmcs", hyperv.evmcs());
  add("hv-avic", hyperv.avic());
}

void add_kvm(Keyval& cpu, const v1::KvmFeatures& kvm) {
  if (kvm.hidden()) cpu.add("kvm", "off");
  if (kvm.hint_dedicated()) cpu.add("kvm-hint-dedicated", "on");
  if (kvm.has_poll_control()) cpu.add_on_off("kvm-poll-control", kvm.poll_control());
  if (kvm.has_pv_ipi()) cpu.add_on_off("kvm-pv-ipi", kvm.pv_ipi());
}

void add_timers(Keyval& cpu, const v1::Clock& clock) {
  for (const auto& timer : clock.timers()) {
    if (timer.name() == v1::TIMER_NAME_KVMCLOCK && timer.has_present()) cpu.add_on_off("kvmclock", timer.present());
    if (timer.name() == v1::TIMER_NAME_HYPERVCLOCK && timer.present()) cpu.add("hv-time", "on");
    if (timer.name() == v1::TIMER_NAME_TSC && timer.has_frequency()) cpu.add("tsc-frequency", timer.frequency());
  }
}

void add_cache(Keyval& out, const v1::CpuCache& cache) {
  switch (cache.mode()) {
    case v1::CPU_CACHE_MODE_EMULATE: out.add("l3-cache", "on"); break;
    case v1::CPU_CACHE_MODE_PASSTHROUGH: out.add("host-cache-info", "on").add("l3-cache", "off"); break;
    case v1::CPU_CACHE_MODE_DISABLE: out.add("l3-cache", "off"); break;
    default: break;
  }
}

}  // namespace

void add_cpu(Arguments& arguments, const Launch& launch) {
  const auto& spec = launch.spec;
  const auto& cpu = spec.cpu();
  Keyval more;
  if (cpu.has_migratable() && launch.kvm() && base_model(launch) == "host") {
    more.add_on_off("migratable", cpu.migratable());
  }
  if (!cpu.model().vendor_id().empty()) more.add("vendor", cpu.model().vendor_id());
  for (const auto& feature : cpu.features()) {
    const bool off = feature.policy() == v1::CPU_FEATURE_POLICY_DISABLE ||
                     feature.policy() == v1::CPU_FEATURE_POLICY_FORBID;
    more.add_on_off(feature.name(), !off);
  }
  if (cpu.has_cache()) add_cache(more, cpu.cache());
  if (cpu.max_phys_addr().mode() == v1::CPU_MAX_PHYS_ADDR_MODE_PASSTHROUGH) more.add("host-phys-bits", "on");
  if (cpu.max_phys_addr().mode() == v1::CPU_MAX_PHYS_ADDR_MODE_EMULATE && cpu.max_phys_addr().has_bits()) {
    more.add("phys-bits", cpu.max_phys_addr().bits());
  }
  const auto& features = spec.features();
  if (features.apic().has_eoi()) more.add_on_off("kvm-pv-eoi", features.apic().eoi());
  if (features.has_pvspinlock()) more.add_on_off("kvm-pv-unhalt", features.pvspinlock());
  if (features.has_pmu()) more.add_on_off("pmu", features.pmu());
  add_timers(more, spec.clock());
  add_hyperv(more, features.hyperv());
  for (const auto& panic : spec.panics()) {
    if (panic.model() == v1::PANIC_MODEL_HYPERV) more.add("hv-crash", "on");
  }
  add_kvm(more, features.kvm());

  std::string model = base_model(launch);
  if (model.empty() && !more.str().empty()) model = default_model(launch);
  if (model.empty()) return;
  arguments.add("-cpu", more.str().empty() ? Keyval(model).str() : Keyval(model).str() + "," + more.str());
}

void check_cpu(Refusals& refusals, const v1::DomainSpec& spec) {
  const auto& cpu = spec.cpu();
  const bool shown = cpu.has_cache() && cpu.cache().mode() == v1::CPU_CACHE_MODE_EMULATE;
  if (shown && cpu.cache().has_level() && cpu.cache().level() != 3) {
    refusals.add("/domain/cpu/cache/@level", "only a level 3 cache can be emulated, not level {}", cpu.cache().level());
  }
  if (spec.type() != v1::DOMAIN_TYPE_KVM && spec.features().hyperv().mode() != v1::HYPERV_MODE_UNSPECIFIED) {
    refusals.add("/domain/features/hyperv", "needs the host's processor: use <domain type='kvm'>");
  }
}

}  // namespace lodge::drivers::qemu
