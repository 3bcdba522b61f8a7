#include "drivers/qemu/command_line/machine.h"
#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

constexpr std::uint64_t kKiB = 1024;

template <class Model>
std::string_view variant_of(Model model, Model transitional, Model non_transitional) {
  if (model == transitional) return "transitional";
  return model == non_transitional ? "non-transitional" : "";
}

std::string input_device(const v1::Input& input, const v1::DomainSpec& spec) {
  const bool usb = input.bus() == v1::INPUT_BUS_USB;
  const auto variant = variant_of(input.model(), v1::INPUT_MODEL_VIRTIO_TRANSITIONAL,
                                  v1::INPUT_MODEL_VIRTIO_NON_TRANSITIONAL);
  const auto on_virtio = [&](std::string_view base) { return virtio_device(base, variant, input.address(), spec); };
  if (!usb && input.bus() != v1::INPUT_BUS_VIRTIO) return {};
  switch (input.type()) {
    case v1::INPUT_TYPE_MOUSE: return usb ? "usb-mouse" : on_virtio("virtio-mouse");
    case v1::INPUT_TYPE_TABLET: return usb ? "usb-tablet" : on_virtio("virtio-tablet");
    case v1::INPUT_TYPE_KEYBOARD: return usb ? "usb-kbd" : on_virtio("virtio-keyboard");
    case v1::INPUT_TYPE_PASSTHROUGH: return usb ? std::string() : on_virtio("virtio-input-host");
    default: return {};
  }
}

// The board has these anyway.
bool is_ps2(const v1::Input& input) {
  return input.bus() == v1::INPUT_BUS_PS2 &&
         (input.type() == v1::INPUT_TYPE_MOUSE || input.type() == v1::INPUT_TYPE_KEYBOARD);
}

// A card that can show the firmware's text is one with VGA in it; only one can be that.
std::string video_device(const v1::Video& video, bool first, const v1::DomainSpec& spec) {
  switch (video.type()) {
    case v1::VIDEO_TYPE_VGA: return first ? "VGA" : "secondary-vga";
    case v1::VIDEO_TYPE_CIRRUS: return "cirrus-vga";
    case v1::VIDEO_TYPE_VMVGA: return "vmware-svga";
    case v1::VIDEO_TYPE_QXL: return first ? "qxl-vga" : "qxl";
    case v1::VIDEO_TYPE_BOCHS: return "bochs-display";
    case v1::VIDEO_TYPE_RAMFB: return "ramfb";
    case v1::VIDEO_TYPE_VIRTIO: {
      const bool x86 = spec.os().arch() == "x86_64" || spec.os().arch() == "i686";
      const std::string_view gl = video.accel3d() ? "-gl" : "";
      if (first && x86 && video.address().has_pci()) return fmt::format("virtio-vga{}", gl);
      return virtio_device(fmt::format("virtio-gpu{}", gl), "", video.address(), spec);
    }
    default: return {};
  }
}

std::uint32_t mib(std::uint32_t kib) { return kib / 1024; }

void add_video(Arguments& arguments, const Launch& launch, const v1::Video& video, bool first) {
  Props device{{"driver", video_device(video, first, launch.spec)}, {"id", video.alias()}};
  switch (video.type()) {
    case v1::VIDEO_TYPE_QXL:
      if (video.heads() > 0) device["max_outputs"] = video.heads();
      if (video.has_ram()) device["ram_size"] = video.ram() * kKiB;
      if (video.has_vram()) device["vram_size"] = video.vram() * kKiB;
      if (video.has_vram64()) device["vram64_size_mb"] = mib(video.vram64());
      if (video.has_vgamem()) device["vgamem_mb"] = mib(video.vgamem());
      break;
    case v1::VIDEO_TYPE_VIRTIO:
      if (video.heads() > 0) device["max_outputs"] = video.heads();
      if (video.has_blob()) device["blob"] = video.blob();
      break;
    case v1::VIDEO_TYPE_VGA:
    case v1::VIDEO_TYPE_CIRRUS:
    case v1::VIDEO_TYPE_VMVGA:
      if (mib(video.vram()) > 0) device["vgamem_mb"] = mib(video.vram());
      break;
    case v1::VIDEO_TYPE_BOCHS:
      if (video.has_vram()) device["vgamem"] = video.vram() * kKiB;
      break;
    default: break;
  }
  const bool sized = video.type() == v1::VIDEO_TYPE_VGA || video.type() == v1::VIDEO_TYPE_QXL ||
                     video.type() == v1::VIDEO_TYPE_VIRTIO || video.type() == v1::VIDEO_TYPE_BOCHS;
  if (sized && video.has_resolution_x() && video.has_resolution_y()) {
    device["xres"] = video.resolution_x();
    device["yres"] = video.resolution_y();
  }
  add_virtio_options(device, video.virtio());
  place(device, video.address(), launch.spec);
  arguments.add("-device", device);
}

std::string_view watchdog_device(v1::WatchdogModel model) {
  switch (model) {
    case v1::WATCHDOG_MODEL_I6300ESB: return "i6300esb";
    case v1::WATCHDOG_MODEL_IB700: return "ib700";
    case v1::WATCHDOG_MODEL_DIAG288: return "diag288";
    default: return {};
  }
}

std::string_view watchdog_action(v1::WatchdogAction action) {
  switch (action) {
    case v1::WATCHDOG_ACTION_SHUTDOWN: return "shutdown";
    case v1::WATCHDOG_ACTION_POWEROFF: return "poweroff";
    case v1::WATCHDOG_ACTION_PAUSE: return "pause";
    case v1::WATCHDOG_ACTION_NONE: return "none";
    case v1::WATCHDOG_ACTION_INJECT_NMI: return "inject-nmi";
    default: return "reset";
  }
}

void add_watchdog(Arguments& arguments, const Launch& launch, const v1::Watchdog& watchdog) {
  if (watchdog.model() == v1::WATCHDOG_MODEL_ITCO) {
    // Part of the chipset; a strap keeps it from resetting the guest until it is pulled.
    arguments.add("-global", "ICH9-LPC.noreboot=off");
  } else {
    Props device{{"driver", watchdog_device(watchdog.model())}, {"id", watchdog.alias()}};
    place(device, watchdog.address(), launch.spec);
    arguments.add("-device", device);
  }
  arguments.add("-action", Keyval().add("watchdog", watchdog_action(watchdog.action())));
}

void add_rng(Arguments& arguments, const Launch& launch, const v1::Rng& rng) {
  const std::string object = "obj" + rng.alias();
  if (rng.has_egd()) {
    const std::string chardev = add_chardev(arguments, rng.egd().backend(), rng.alias());
    arguments.add("-object", Props{{"qom-type", "rng-egd"}, {"id", object}, {"chardev", chardev}});
  } else if (rng.has_builtin()) {
    arguments.add("-object", Props{{"qom-type", "rng-builtin"}, {"id", object}});
  } else {
    arguments.add("-object", Props{{"qom-type", "rng-random"}, {"id", object}, {"filename", rng.random().device()}});
  }
  const auto variant = variant_of(rng.model(), v1::RNG_MODEL_VIRTIO_TRANSITIONAL,
                                  v1::RNG_MODEL_VIRTIO_NON_TRANSITIONAL);
  Props device{{"driver", virtio_device("virtio-rng", variant, rng.address(), launch.spec)},
               {"rng", object},
               {"id", rng.alias()}};
  if (rng.has_rate_bytes()) {
    device["max-bytes"] = rng.rate_bytes();
    device["period"] = rng.has_rate_period() ? rng.rate_period() : 1000;
  }
  add_virtio_options(device, rng.virtio());
  place(device, rng.address(), launch.spec);
  arguments.add("-device", device);
}

bool has_balloon(const v1::Memballoon& balloon) {
  return balloon.model() == v1::MEMBALLOON_MODEL_VIRTIO ||
         balloon.model() == v1::MEMBALLOON_MODEL_VIRTIO_TRANSITIONAL ||
         balloon.model() == v1::MEMBALLOON_MODEL_VIRTIO_NON_TRANSITIONAL;
}

void add_balloon(Arguments& arguments, const Launch& launch, const v1::Memballoon& balloon) {
  const auto variant = variant_of(balloon.model(), v1::MEMBALLOON_MODEL_VIRTIO_TRANSITIONAL,
                                  v1::MEMBALLOON_MODEL_VIRTIO_NON_TRANSITIONAL);
  Props device{{"driver", virtio_device("virtio-balloon", variant, balloon.address(), launch.spec)},
               {"id", balloon.alias()}};
  if (balloon.has_autodeflate()) device["deflate-on-oom"] = balloon.autodeflate();
  if (balloon.has_free_page_reporting()) device["free-page-reporting"] = balloon.free_page_reporting();
  add_virtio_options(device, balloon.virtio());
  place(device, balloon.address(), launch.spec);
  arguments.add("-device", device);
}

}  // namespace

void add_small_devices(Arguments& arguments, const Launch& launch) {
  const auto& spec = launch.spec;
  for (const auto& hub : spec.hubs()) {
    Props device{{"driver", "usb-hub"}, {"id", hub.alias()}};
    place(device, hub.address(), spec);
    arguments.add("-device", device);
  }
  for (const auto& input : spec.inputs()) {
    if (is_ps2(input)) continue;
    Props device{{"driver", input_device(input, spec)}, {"id", input.alias()}};
    if (!input.source_evdev().empty()) device["evdev"] = input.source_evdev();
    add_virtio_options(device, input.virtio());
    place(device, input.address(), spec);
    arguments.add("-device", device);
  }
  for (int i = 0; i < spec.videos_size(); ++i) {
    if (spec.videos(i).type() != v1::VIDEO_TYPE_NONE) add_video(arguments, launch, spec.videos(i), i == 0);
  }
  for (const auto& watchdog : spec.watchdogs()) add_watchdog(arguments, launch, watchdog);
  if (has_balloon(spec.memballoon())) add_balloon(arguments, launch, spec.memballoon());
  for (const auto& rng : spec.rngs()) add_rng(arguments, launch, rng);
  for (const auto& panic : spec.panics()) {
    if (panic.model() != v1::PANIC_MODEL_ISA) continue;  // the others are not devices of their own
    Props device{{"driver", "pvpanic"}, {"id", panic.alias()}};
    if (panic.address().isa().has_iobase()) device["ioport"] = panic.address().isa().iobase();
    arguments.add("-device", device);
  }
}

void check_small_devices(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator) {
  for (int i = 0; i < spec.inputs_size(); ++i) {
    const auto& input = spec.inputs(i);
    if (is_ps2(input)) continue;
    const std::string device = input_device(input, spec);
    if (device.empty()) {
      refusals.add(device_path("input", i, spec.inputs()), "QEMU has no such device on this bus");
    } else {
      refusals.need_device(device_path("input", i, spec.inputs()), device, emulator);
    }
  }
  for (int i = 0; i < spec.videos_size(); ++i) {
    if (spec.videos(i).type() == v1::VIDEO_TYPE_NONE) continue;
    const std::string device = video_device(spec.videos(i), i == 0, spec);
    if (device.empty()) {
      refusals.add(device_path("video", i, spec.videos()) + "/model/@type",
                   "QEMU has no such card: use virtio, vga, qxl, bochs or cirrus");
    } else {
      refusals.need_device(device_path("video", i, spec.videos()), device, emulator);
    }
  }
  for (int i = 0; i < spec.watchdogs_size(); ++i) {
    const auto& watchdog = spec.watchdogs(i);
    if (watchdog.model() == v1::WATCHDOG_MODEL_ITCO) {
      if (!is_q35(spec))
        refusals.add(device_path("watchdog", i, spec.watchdogs()) + "/@model",
                     "only q35 machines have an itco watchdog");
    } else {
      refusals.need_device(device_path("watchdog", i, spec.watchdogs()), watchdog_device(watchdog.model()), emulator);
    }
    if (watchdog.action() == v1::WATCHDOG_ACTION_DUMP) {
      refusals.add(device_path("watchdog", i, spec.watchdogs()) + "/@action", "dumping a guest is not supported yet");
    }
  }
  if (spec.memballoon().model() == v1::MEMBALLOON_MODEL_XEN) {
    refusals.add("/domain/devices/memballoon/@model", "only Xen has this balloon");
  }
}

}  // namespace lodge::drivers::qemu
