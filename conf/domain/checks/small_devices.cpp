#include <set>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/domain/machine.h"

namespace lodge::conf::checks {

namespace {

void check_inputs(const v1::DomainSpec& spec, Findings& findings) {
  for (int i = 0; i < spec.inputs_size(); ++i) {
    const auto& input = spec.inputs(i);
    const auto path = device_path("input", i, spec.inputs());
    switch (input.type()) {
      case v1::INPUT_TYPE_UNSPECIFIED:
        findings.add(path + "/@type", "says what it is: mouse, tablet, keyboard or passthrough");
        break;
      case v1::INPUT_TYPE_TABLET:
        if (input.bus() == v1::INPUT_BUS_PS2)
          findings.add(path + "/@bus", "there are no tablets on 'ps2'; it can be usb or virtio");
        break;
      case v1::INPUT_TYPE_PASSTHROUGH:
        if (input.bus() != v1::INPUT_BUS_VIRTIO) findings.add(path + "/@bus", "a passed-through device is on 'virtio'");
        if (input.source_evdev().empty())
          findings.add(path + "/source/@evdev", "names the host's device: /dev/input/event1");
        break;
      case v1::INPUT_TYPE_EVDEV:
        if (input.source_dev().empty())
          findings.add(path + "/source/@dev", "names the host's device: /dev/input/event1");
        break;
      default: break;
    }
  }
}

void check_rngs(const v1::DomainSpec& spec, Findings& findings) {
  for (int i = 0; i < spec.rngs_size(); ++i) {
    const auto& rng = spec.rngs(i);
    const auto path = device_path("rng", i, spec.rngs());
    if (rng.model() == v1::RNG_MODEL_UNSPECIFIED) findings.add(path + "/@model", "says how the guest sees it: virtio");
    if (rng.backend_case() == v1::Rng::BACKEND_NOT_SET) {
      findings.add(path + "/backend",
                   "says where randomness comes from: <backend model='random'>/dev/urandom</backend>");
    }
    if (rng.has_rate_bytes() && rng.rate_bytes() == 0) findings.add(path + "/rate/@bytes", "a rate of 0 gives nothing");
  }
}

void check_panics(const v1::DomainSpec& spec, Findings& findings) {
  std::set<v1::PanicModel> models;
  for (int i = 0; i < spec.panics_size(); ++i) {
    const auto& panic = spec.panics(i);
    const auto path = device_path("panic", i, spec.panics());
    if (!models.insert(panic.model()).second)
      findings.add(path + "/@model", "there is another '{}' device", spelling(panic.model()));
    const bool foreign = panic.model() == v1::PANIC_MODEL_PSERIES || panic.model() == v1::PANIC_MODEL_S390;
    if (foreign && is_x86(spec.os().arch())) {
      findings.add(path + "/@model", "'{}' is not for {}; it can be isa or hyperv", spelling(panic.model()),
                   spec.os().arch());
    }
    if (panic.has_address() && panic.model() != v1::PANIC_MODEL_ISA) {
      findings.add(path + "/address", "only model 'isa' has an address");
    }
  }
}

void check_watchdogs(const v1::DomainSpec& spec, Findings& findings) {
  if (spec.watchdogs_size() > 1) findings.add("/domain/devices/watchdog[2]", "a guest has at most one");
  for (int i = 0; i < spec.watchdogs_size(); ++i) {
    const auto model = spec.watchdogs(i).model();
    const auto path = device_path("watchdog", i, spec.watchdogs()) + "/@model";
    if (model == v1::WATCHDOG_MODEL_UNSPECIFIED) findings.add(path, "says which one: i6300esb, ib700, itco");
    if (model == v1::WATCHDOG_MODEL_DIAG288 && is_x86(spec.os().arch()))
      findings.add(path, "'diag288' is for s390x; it can be i6300esb, ib700 or itco");
    if (model == v1::WATCHDOG_MODEL_ITCO && chipset_of(spec.os()) != Chipset::q35)
      findings.add(path, "'itco' is part of q35 machines; it can be i6300esb or ib700");
  }
}

}  // namespace

void check_small_devices(const v1::DomainSpec& spec, Findings& findings) {
  check_inputs(spec, findings);
  check_rngs(spec, findings);
  check_panics(spec, findings);
  check_watchdogs(spec, findings);
  // 0 is the hypervisor, 1 the guest itself, 2 the host; 0 also stands for none.
  if (spec.vsock().cid() == 1 || spec.vsock().cid() == 2)
    findings.add("/domain/devices/vsock/cid/@address", "{} is not a guest's; they count from 3", spec.vsock().cid());
  if (spec.memballoon().model() == v1::MEMBALLOON_MODEL_UNSPECIFIED && spec.has_memballoon()) {
    findings.add("/domain/devices/memballoon/@model", "says which one: virtio, or none for no balloon");
  }
  if (spec.memballoon().model() == v1::MEMBALLOON_MODEL_XEN)
    findings.add("/domain/devices/memballoon/@model", "'xen' is another hypervisor's; here it is virtio, or none");
  if (spec.has_nvram_device() && !is_ppc64(spec.os().arch()))
    findings.add("/domain/devices/nvram", "only POWER has it as a device; the firmware's variables are <os><nvram>");
}

}  // namespace lodge::conf::checks
