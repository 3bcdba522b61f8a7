#include "conf/domain/defaults/defaults.h"

namespace lodge::conf::defaults {

namespace {

void complete_scsi(v1::HostdevScsi& scsi) {
  if (!scsi.has_iscsi()) return;
  // An iSCSI target without a LUN means the first.
  auto& name = *scsi.mutable_iscsi()->mutable_name();
  if (!name.empty() && name.find('/') == std::string::npos) name += "/0";
}

void complete_pci_address(v1::PciAddress& address) {
  address.set_domain(address.domain());
  address.set_bus(address.bus());
  address.set_slot(address.slot());
  address.set_function(address.function());
}

}  // namespace

void complete_hostdevs(v1::DomainSpec& spec) {
  for (auto& hostdev : *spec.mutable_hostdevs()) {
    if (!hostdev.has_subsystem()) continue;
    auto& subsystem = *hostdev.mutable_subsystem();
    if (!subsystem.has_managed()) subsystem.set_managed(false);
    if (subsystem.has_scsi()) complete_scsi(*subsystem.mutable_scsi());
    if (subsystem.has_pci() && subsystem.pci().has_source()) {
      complete_pci_address(*subsystem.mutable_pci()->mutable_source());
    }
    if (subsystem.has_mdev() && subsystem.mdev().model() == v1::HOSTDEV_MDEV_MODEL_VFIO_PCI &&
        !subsystem.mdev().has_display()) {
      subsystem.mutable_mdev()->set_display(false);
    }
  }
}

}  // namespace lodge::conf::defaults
