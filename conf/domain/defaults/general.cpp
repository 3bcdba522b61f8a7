#include <algorithm>
#include <ranges>

#include "base/uuid.h"
#include "conf/domain/defaults/defaults.h"
#include "conf/domain/limits.h"

namespace lodge::conf::defaults {

namespace {

void complete_memory(v1::DomainSpec& spec) {
  // The cells are the memory; a total that says otherwise is not believed.
  std::uint64_t cells = 0;
  for (const auto& cell : spec.cpu().numa_cells()) cells += cell.memory();
  // Modules come on top of them.
  if (cells) {
    for (const auto& device : spec.memory_devices()) cells += device.target().size();
    spec.set_memory(cells);
  }
  if (!spec.has_current_memory() || spec.current_memory() == 0) spec.set_current_memory(spec.memory());
}

void complete_vcpus(v1::DomainSpec& spec) {
  if (!spec.has_vcpu()) spec.mutable_vcpu()->set_count(1);
  auto& vcpu = *spec.mutable_vcpu();
  if (vcpu.placement() == v1::VCPU_PLACEMENT_UNSPECIFIED) vcpu.set_placement(v1::VCPU_PLACEMENT_STATIC);
  // Where the processors are placed for us, a given set cannot count.
  if (vcpu.placement() == v1::VCPU_PLACEMENT_AUTO) vcpu.clear_cpuset();
  if (vcpu.has_current() && vcpu.current() == vcpu.count()) vcpu.clear_current();
}

// Ids are written only if at least one was chosen; the rest then get the lowest that are free.
void complete_iothreads(v1::DomainSpec& spec) {
  auto& ids = *spec.mutable_iothread_ids();
  if (ids.empty()) return;
  const auto count = std::max<std::uint32_t>(spec.iothreads(), static_cast<std::uint32_t>(ids.size()));
  spec.set_iothreads(count);
  if (count > kMaxIothreads) return;  // validate() refuses that many
  for (std::uint32_t id = 1; static_cast<std::uint32_t>(ids.size()) < count; ++id) {
    if (std::ranges::find(ids, id, &v1::Iothread::id) == ids.end()) ids.Add()->set_id(id);
  }
}

void default_action(v1::LifecycleAction current, v1::LifecycleAction otherwise, auto set) {
  if (current == v1::LIFECYCLE_ACTION_UNSPECIFIED) set(otherwise);
}

}  // namespace

void complete_general(v1::DomainSpec& spec) {
  if (spec.uuid().empty()) spec.set_uuid(Uuid::random().str());
  complete_memory(spec);
  complete_vcpus(spec);
  complete_iothreads(spec);
  if (spec.clock().offset() == v1::CLOCK_OFFSET_UNSPECIFIED) spec.mutable_clock()->set_offset(v1::CLOCK_OFFSET_UTC);

  default_action(spec.on_poweroff(), v1::LIFECYCLE_ACTION_DESTROY, [&](auto action) { spec.set_on_poweroff(action); });
  default_action(spec.on_reboot(), v1::LIFECYCLE_ACTION_RESTART, [&](auto action) { spec.set_on_reboot(action); });
  default_action(spec.on_crash(), v1::LIFECYCLE_ACTION_DESTROY, [&](auto action) { spec.set_on_crash(action); });

  // Emulated, version 3 cannot do what PCI Express needs of it.
  const bool needs_gic = is_arm(spec.os().arch()) && chipset_of(spec.os()) == Chipset::virt;
  if (needs_gic && spec.type() == v1::DOMAIN_TYPE_QEMU && spec.features().gic().version().empty()) {
    spec.mutable_features()->mutable_gic()->set_version("2");
  }
  if (spec.has_features() && spec.features().has_hyperv() &&
      spec.features().hyperv().mode() == v1::HYPERV_MODE_UNSPECIFIED) {
    spec.mutable_features()->mutable_hyperv()->set_mode(v1::HYPERV_MODE_CUSTOM);
  }
}

}  // namespace lodge::conf::defaults
