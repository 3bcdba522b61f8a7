#include "conf/domain/device.h"

namespace lodge::conf {

std::size_t count_devices(const v1::DomainSpec& spec) {
  const int count = spec.disks_size() + spec.controllers_size() + spec.interfaces_size() + spec.serials_size() +
                    spec.parallels_size() + spec.consoles_size() + spec.channels_size() + spec.inputs_size() +
                    spec.graphics_size() + spec.sounds_size() + spec.audios_size() + spec.videos_size() +
                    spec.redirdevs_size() + spec.hubs_size() + spec.watchdogs_size() + spec.rngs_size() +
                    spec.panics_size() + spec.filesystems_size() + spec.hostdevs_size() + spec.smartcards_size() +
                    spec.tpms_size() + spec.shmems_size() + spec.memory_devices_size();
  return static_cast<std::size_t>(count);
}

std::vector<Device> devices_of(v1::DomainSpec& spec) {
  std::vector<Device> devices;
  const auto add = [&devices](std::string_view element, auto& list, int first = 0) {
    for (int i = first; i < list.size(); ++i) {
      devices.push_back({device_path(element, i, list), DeviceAddress(list[i])});
    }
  };
  // The first console is the first serial port, shown once more.
  const bool mirrored = !spec.serials().empty() && !spec.consoles().empty() &&
                        spec.consoles(0).target_type() == v1::CHAR_TARGET_TYPE_SERIAL;
  add("disk", *spec.mutable_disks());
  add("interface", *spec.mutable_interfaces());
  add("sound", *spec.mutable_sounds());
  add("hostdev", *spec.mutable_hostdevs());
  add("video", *spec.mutable_videos());
  add("controller", *spec.mutable_controllers());
  add("smartcard", *spec.mutable_smartcards());
  add("serial", *spec.mutable_serials());
  add("parallel", *spec.mutable_parallels());
  add("channel", *spec.mutable_channels());
  add("console", *spec.mutable_consoles(), mirrored ? 1 : 0);
  add("input", *spec.mutable_inputs());
  add("filesystem", *spec.mutable_filesystems());
  add("redirdev", *spec.mutable_redirdevs());
  add("watchdog", *spec.mutable_watchdogs());
  if (spec.has_memballoon())
    devices.push_back({"/domain/devices/memballoon", DeviceAddress(*spec.mutable_memballoon())});
  add("rng", *spec.mutable_rngs());
  add("hub", *spec.mutable_hubs());
  if (spec.has_nvram_device())
    devices.push_back({"/domain/devices/nvram", DeviceAddress(*spec.mutable_nvram_device())});
  add("shmem", *spec.mutable_shmems());
  add("tpm", *spec.mutable_tpms());
  add("panic", *spec.mutable_panics());
  add("memory", *spec.mutable_memory_devices());
  if (spec.has_iommu()) devices.push_back({"/domain/devices/iommu", DeviceAddress(*spec.mutable_iommu())});
  if (spec.has_vsock()) devices.push_back({"/domain/devices/vsock", DeviceAddress(*spec.mutable_vsock())});
  return devices;
}

}  // namespace lodge::conf
