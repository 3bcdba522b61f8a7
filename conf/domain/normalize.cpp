#include "conf/domain/normalize.h"

#include "conf/domain/addresses/addresses.h"
#include "conf/domain/arrange.h"
#include "conf/domain/defaults/defaults.h"
#include "conf/domain/device.h"
#include "conf/domain/findings.h"
#include "conf/domain/limits.h"

namespace lodge::conf {

Result<v1::DomainSpec> normalize(v1::DomainSpec spec, const v1::Capabilities& host, const xml::SourceMap& source) {
  if (const auto count = count_devices(spec); count > kMaxDevices) {
    Findings findings(source);
    findings.add("/domain/devices", "{} devices are more than {}, the most a guest can have", count, kMaxDevices);
    return Failure(std::move(findings).result().error());
  }
  arrange(spec);
  defaults::complete_os(spec, host);
  defaults::complete_cpu(spec, host);
  defaults::complete_general(spec);
  const Chipset chipset = chipset_of(spec.os());

  defaults::complete_disks(spec);
  addresses::complete_given(spec);
  addresses::assign_drive_addresses(spec);
  addresses::assign_slot_addresses(spec);
  defaults::complete_controllers(spec, chipset);
  defaults::complete_interfaces(spec);
  defaults::complete_graphics(spec);
  defaults::complete_small_devices(spec);
  defaults::complete_hostdevs(spec);
  defaults::complete_memory_devices(spec);
  defaults::complete_tuning(spec);
  defaults::complete_chardevs(spec);

  defaults::add_needed_controllers(spec);
  defaults::add_implicit_devices(spec);

  addresses::assign_virtio_serial_addresses(spec);
  addresses::assign_spapr_vio_addresses(spec, chipset);
  addresses::assign_virtio_mmio_addresses(spec, chipset);
  addresses::assign_ccw_addresses(spec, chipset);
  TRY(addresses::assign_usb_addresses(spec, source));
  TRY(addresses::assign_pci_addresses(spec, chipset, source));
  addresses::assign_zpci_addresses(spec, chipset);
  defaults::mirror_first_serial(spec);
  return spec;
}

}  // namespace lodge::conf
