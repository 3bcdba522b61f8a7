#include "conf/domain/addresses/virtio_devices.h"

#include <algorithm>

namespace lodge::conf::addresses {

namespace {

bool is_virtio(const v1::Disk& disk) { return disk.bus() == v1::DISK_BUS_VIRTIO; }
bool is_virtio(const v1::Interface& interface) { return interface.model().starts_with("virtio"); }
bool is_virtio(const v1::Video& video) { return video.type() == v1::VIDEO_TYPE_VIRTIO; }
bool is_virtio(const v1::Input& input) { return input.bus() == v1::INPUT_BUS_VIRTIO; }
bool is_virtio(const v1::Rng& rng) { return rng.model() != v1::RNG_MODEL_UNSPECIFIED; }
bool is_virtio(const v1::Controller& controller) {
  return controller.type() == v1::CONTROLLER_TYPE_VIRTIO_SERIAL ||
         (controller.type() == v1::CONTROLLER_TYPE_SCSI && controller.model().starts_with("virtio"));
}
bool is_virtio(const v1::Memballoon& balloon) {
  return balloon.model() != v1::MEMBALLOON_MODEL_NONE && balloon.model() != v1::MEMBALLOON_MODEL_XEN;
}

bool is_virtio(const v1::Hostdev& hostdev) {
  const auto& subsystem = hostdev.subsystem();
  return subsystem.has_scsi_host() ||
         (subsystem.has_mdev() && subsystem.mdev().model() == v1::HOSTDEV_MDEV_MODEL_VFIO_CCW);
}

}  // namespace

std::vector<DeviceAddress> unplaced_virtio_devices(v1::DomainSpec& spec) {
  std::vector<DeviceAddress> devices;
  const auto add = [&devices](auto& device) {
    const DeviceAddress address(device);
    if (is_virtio(device) && !address.has()) devices.push_back(address);
  };
  std::ranges::for_each(*spec.mutable_disks(), add);
  std::ranges::for_each(*spec.mutable_interfaces(), add);
  std::ranges::for_each(*spec.mutable_hostdevs(), add);
  std::ranges::for_each(*spec.mutable_videos(), add);
  std::ranges::for_each(*spec.mutable_controllers(), add);
  std::ranges::for_each(*spec.mutable_inputs(), add);
  if (spec.has_memballoon()) add(*spec.mutable_memballoon());
  std::ranges::for_each(*spec.mutable_rngs(), add);
  for (auto& filesystem : *spec.mutable_filesystems()) {
    if (!filesystem.has_address()) devices.push_back(DeviceAddress(filesystem));
  }
  if (spec.has_vsock() && !spec.vsock().has_address()) devices.push_back(DeviceAddress(*spec.mutable_vsock()));
  return devices;
}

}  // namespace lodge::conf::addresses
