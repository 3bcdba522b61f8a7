#include "conf/domain/checks/checks.h"
#include "conf/domain/validated.h"

namespace lodge::conf {

Result<ValidatedDomain> validate(v1::DomainSpec spec, const v1::Capabilities& host, const xml::SourceMap& source) {
  Findings findings(source);
  checks::check_host(spec, host, findings);
  checks::check_general(spec, findings);
  checks::check_machine_features(spec, findings);
  checks::check_memory(spec, findings);
  checks::check_cpu(spec, findings);
  checks::check_processors(spec, findings);
  checks::check_architecture(spec, findings);
  checks::check_disks(spec, findings);
  checks::check_disk_sources(spec, findings);
  checks::check_filesystems(spec, findings);
  checks::check_interfaces(spec, findings);
  checks::check_controllers(spec, findings);
  checks::check_chardevs(spec, findings);
  checks::check_displays(spec, findings);
  checks::check_audio(spec, findings);
  checks::check_small_devices(spec, findings);
  checks::check_host_devices(spec, findings);
  checks::check_scheduling(spec, findings);
  checks::check_tuning(spec, findings);
  checks::check_boot_order(spec, findings);
  checks::check_aliases(spec, findings);
  checks::check_addresses(spec, findings);
  TRY(std::move(findings).result());
  return ValidatedDomain(std::move(spec));
}

}  // namespace lodge::conf
