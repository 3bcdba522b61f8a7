#include "conf/domain/defaults/defaults.h"

namespace lodge::conf::defaults {

namespace {

constexpr std::uint64_t kPowerBlock = 256 * 1024;   // KiB: POWER guests take memory in blocks of it
constexpr std::uint64_t kShmemBytes = 4ULL << 20U;  // what QEMU takes when nobody says

// What is not the label is whole blocks.
void align_nvdimm(v1::MemoryDeviceTarget& target) {
  if (target.size() <= target.label_size()) return;
  const auto blocks = (target.size() - target.label_size()) / kPowerBlock;
  if (blocks > 0) target.set_size(blocks * kPowerBlock + target.label_size());
}

}  // namespace

void complete_memory_devices(v1::DomainSpec& spec) {
  if (spec.cpu().numa_cells().empty()) {
    // Without nodes the guest is the node 0.
    for (int i = 0; i < spec.memory_backing().hugepages().pages_size(); ++i) {
      auto& page = *spec.mutable_memory_backing()->mutable_hugepages()->mutable_pages(i);
      if (page.nodeset() == "0") page.clear_nodeset();
    }
  }
  for (auto& memory : *spec.mutable_memory_devices()) {
    // The guest itself decides when it is written back.
    if (memory.model() == v1::MEMORY_DEVICE_MODEL_VIRTIO_PMEM && memory.access() == v1::MEMORY_ACCESS_UNSPECIFIED) {
      memory.set_access(v1::MEMORY_ACCESS_SHARED);
    }
    if (memory.model() == v1::MEMORY_DEVICE_MODEL_NVDIMM && chipset_of(spec.os()) == Chipset::pseries) {
      align_nvdimm(*memory.mutable_target());
    }
  }
  for (auto& shmem : *spec.mutable_shmems()) {
    if (shmem.model() == v1::SHMEM_MODEL_IVSHMEM_PLAIN && !shmem.has_size()) shmem.set_size(kShmemBytes);
    if (shmem.model() == v1::SHMEM_MODEL_IVSHMEM_DOORBELL) shmem.mutable_msi();  // its interrupts are what it is for
    if (shmem.has_msi() && !shmem.msi().has_ioeventfd()) shmem.mutable_msi()->set_ioeventfd(true);
  }
}

}  // namespace lodge::conf::defaults
