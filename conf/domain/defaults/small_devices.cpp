#include <algorithm>

#include "conf/domain/defaults/defaults.h"

namespace lodge::conf::defaults {

void complete_small_devices(v1::DomainSpec& spec) {
  for (auto& input : *spec.mutable_inputs()) {
    if (input.bus() != v1::INPUT_BUS_UNSPECIFIED) continue;
    const bool on_ps2 = (input.type() == v1::INPUT_TYPE_MOUSE || input.type() == v1::INPUT_TYPE_KEYBOARD) &&
                        is_x86(spec.os().arch());
    input.set_bus(on_ps2 ? v1::INPUT_BUS_PS2 : v1::INPUT_BUS_USB);
  }
  for (auto& rng : *spec.mutable_rngs()) {
    if (rng.has_random() && rng.random().device().empty()) rng.mutable_random()->set_device("/dev/random");
  }
  for (auto& watchdog : *spec.mutable_watchdogs()) {
    if (watchdog.action() == v1::WATCHDOG_ACTION_UNSPECIFIED) watchdog.set_action(v1::WATCHDOG_ACTION_RESET);
  }
  for (auto& panic : *spec.mutable_panics()) {
    if (panic.model() == v1::PANIC_MODEL_UNSPECIFIED && is_x86(spec.os().arch())) panic.set_model(v1::PANIC_MODEL_ISA);
  }
  for (auto& redirdev : *spec.mutable_redirdevs()) {
    if (redirdev.bus().empty()) redirdev.set_bus("usb");
  }
}

void add_implicit_devices(v1::DomainSpec& spec) {
  if (spec.os().type() == "hvm" && is_x86(spec.os().arch())) {
    for (auto type : {v1::INPUT_TYPE_MOUSE, v1::INPUT_TYPE_KEYBOARD}) {
      const bool there = std::ranges::any_of(spec.inputs(), [type](const auto& input) {
        return input.type() == type && input.bus() == v1::INPUT_BUS_PS2;
      });
      if (there) continue;
      auto& input = *spec.add_inputs();
      input.set_type(type);
      input.set_bus(v1::INPUT_BUS_PS2);
    }
  }
  if (!spec.has_memballoon()) spec.mutable_memballoon()->set_model(v1::MEMBALLOON_MODEL_VIRTIO);
}

}  // namespace lodge::conf::defaults
