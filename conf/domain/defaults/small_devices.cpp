#include <algorithm>

#include "conf/domain/defaults/defaults.h"

namespace lodge::conf::defaults {

namespace {

v1::InputBus default_bus(v1::InputType type, const v1::Os& os) {
  const bool simple = type == v1::INPUT_TYPE_MOUSE || type == v1::INPUT_TYPE_KEYBOARD;
  if (simple && is_x86(os.arch())) return v1::INPUT_BUS_PS2;
  if (type == v1::INPUT_TYPE_PASSTHROUGH || chipset_of(os) == Chipset::ccw) return v1::INPUT_BUS_VIRTIO;
  return v1::INPUT_BUS_USB;
}

v1::PanicModel default_panic(const v1::Os& os) {
  switch (chipset_of(os)) {
    case Chipset::pseries: return v1::PANIC_MODEL_PSERIES;
    case Chipset::ccw: return v1::PANIC_MODEL_S390;
    default: return v1::PANIC_MODEL_ISA;
  }
}

void complete_tpm(v1::Tpm& tpm, const v1::Os& os) {
  if (tpm.model() == v1::TPM_MODEL_UNSPECIFIED) {
    tpm.set_model(chipset_of(os) == Chipset::pseries ? v1::TPM_MODEL_TPM_SPAPR : v1::TPM_MODEL_TPM_TIS);
  }
  if (tpm.has_passthrough() && tpm.passthrough().device().empty()) {
    tpm.mutable_passthrough()->set_device("/dev/tpm0");
  }
  if (tpm.has_emulator() && tpm.version() == v1::TPM_VERSION_UNSPECIFIED) tpm.set_version(v1::TPM_VERSION_2_0);
}

void complete_vsock(v1::Vsock& vsock) {
  if (vsock.model() == v1::VSOCK_MODEL_UNSPECIFIED) vsock.set_model(v1::VSOCK_MODEL_VIRTIO);
  if (!vsock.has_cid() && !vsock.has_cid_auto()) vsock.set_cid_auto(true);
}

void add_input(v1::DomainSpec& spec, v1::InputType type, v1::InputBus bus) {
  const bool there = std::ranges::any_of(spec.inputs(),
                                         [&](const auto& input) { return input.type() == type && input.bus() == bus; });
  if (there) return;
  auto& input = *spec.add_inputs();
  input.set_type(type);
  input.set_bus(bus);
}

// What every guest of the architecture has, whether it is asked for or not.
void add_inputs(v1::DomainSpec& spec) {
  if (is_x86(spec.os().arch())) {
    add_input(spec, v1::INPUT_TYPE_MOUSE, v1::INPUT_BUS_PS2);
    add_input(spec, v1::INPUT_TYPE_KEYBOARD, v1::INPUT_BUS_PS2);
  } else if (is_ppc64(spec.os().arch()) && !spec.graphics().empty()) {
    add_input(spec, v1::INPUT_TYPE_KEYBOARD, v1::INPUT_BUS_USB);
    add_input(spec, v1::INPUT_TYPE_MOUSE, v1::INPUT_BUS_USB);
  }
}

// The firmware of these machines tells of crashes anyway.
void add_panic(v1::DomainSpec& spec) {
  const auto chipset = chipset_of(spec.os());
  if (chipset != Chipset::pseries && chipset != Chipset::ccw) return;
  const auto model = default_panic(spec.os());
  if (std::ranges::none_of(spec.panics(), [model](const auto& panic) { return panic.model() == model; })) {
    spec.add_panics()->set_model(model);
  }
}

}  // namespace

void complete_small_devices(v1::DomainSpec& spec) {
  for (auto& input : *spec.mutable_inputs()) {
    if (input.bus() == v1::INPUT_BUS_UNSPECIFIED) input.set_bus(default_bus(input.type(), spec.os()));
  }
  for (auto& rng : *spec.mutable_rngs()) {
    if (rng.has_random() && rng.random().device().empty()) rng.mutable_random()->set_device("/dev/random");
  }
  for (auto& watchdog : *spec.mutable_watchdogs()) {
    if (watchdog.action() == v1::WATCHDOG_ACTION_UNSPECIFIED) watchdog.set_action(v1::WATCHDOG_ACTION_RESET);
  }
  for (auto& panic : *spec.mutable_panics()) {
    if (panic.model() == v1::PANIC_MODEL_UNSPECIFIED) panic.set_model(default_panic(spec.os()));
  }
  for (auto& filesystem : *spec.mutable_filesystems()) {
    if (filesystem.accessmode() == v1::FILESYSTEM_ACCESS_MODE_UNSPECIFIED) {
      filesystem.set_accessmode(v1::FILESYSTEM_ACCESS_MODE_PASSTHROUGH);
    }
  }
  for (auto& tpm : *spec.mutable_tpms()) complete_tpm(tpm, spec.os());
  if (spec.has_vsock()) complete_vsock(*spec.mutable_vsock());
  for (auto& redirdev : *spec.mutable_redirdevs()) {
    if (redirdev.bus().empty()) redirdev.set_bus("usb");
  }
}

void add_implicit_devices(v1::DomainSpec& spec) {
  if (spec.os().type() == "hvm") {
    add_inputs(spec);
    add_panic(spec);
  }
  // ARM's boards are too different for it.
  if (!spec.has_memballoon() && !is_arm(spec.os().arch())) {
    spec.mutable_memballoon()->set_model(v1::MEMBALLOON_MODEL_VIRTIO);
  }
}

}  // namespace lodge::conf::defaults
