#include <algorithm>

#include "conf/domain/checks/checks.h"
#include "conf/domain/machine.h"
#include "conf/xml/text.h"

namespace lodge::conf::checks {

namespace {

template <class Range, class Project>
std::vector<std::string> names(const Range& range, Project project) {
  std::vector<std::string> result;
  for (const auto& item : range) {
    std::string name = project(item);
    if (std::ranges::find(result, name) == result.end()) result.push_back(std::move(name));
  }
  return result;
}

void check_machine(const v1::DomainSpec& spec, const v1::GuestCapabilities& guest, Findings& findings) {
  const auto& os = spec.os();
  const std::string path = "/domain/os/type/@machine";
  if (guest.machines().empty()) return;
  if (const auto* machine = find_machine(guest, os.machine())) {
    if (machine->max_cpus() && spec.vcpu().count() > machine->max_cpus()) {
      findings.add("/domain/vcpu", "{} processors are more than machine '{}' can have: {}", spec.vcpu().count(),
                   os.machine(), machine->max_cpus());
    }
    return;
  }
  const auto known = names(guest.machines(), [](const auto& machine) { return machine.name(); });
  const auto near = xml::nearest(os.machine(), known);
  if (!near.empty()) {
    findings.add(path, "'{}' is not a machine of {}; did you mean '{}'?", os.machine(), guest.emulator(), near);
  } else {
    findings.add(path, "'{}' is not a machine of {}; it has {}", os.machine(), guest.emulator(), xml::join(known, 12));
  }
}

void check_type(const v1::DomainSpec& spec, const v1::GuestCapabilities& guest, Findings& findings) {
  if (guest.domains().empty()) return;
  if (std::ranges::any_of(guest.domains(), [&](const auto& domain) { return domain.type() == spec.type(); })) return;
  const auto known = names(guest.domains(), [](const auto& domain) { return spelling(domain.type()); });
  if (spec.type() == v1::DOMAIN_TYPE_KVM) {
    findings.add(
        "/domain/@type",
        "this host cannot run 'kvm' guests of {}: /dev/kvm is missing, not accessible, or for another architecture; here it can be {}",
        spec.os().arch(), xml::join(known, 8));
  } else {
    findings.add("/domain/@type", "'{}' guests cannot run here; it can be {}", spelling(spec.type()),
                 xml::join(known, 8));
  }
}

}  // namespace

void check_host(const v1::DomainSpec& spec, const v1::Capabilities& host, Findings& findings) {
  if (spec.type() == v1::DOMAIN_TYPE_UNSPECIFIED) {
    findings.add("/domain/@type", "says which hypervisor runs the guest: kvm, or qemu to emulate");
  }
  if (host.guests().empty()) return;
  const auto* guest = find_guest(host, spec);
  if (!guest) {
    const auto known = names(host.guests(), [](const auto& each) { return each.os_type() + " for " + each.arch(); });
    findings.add("/domain/os/type", "no emulator here runs '{}' guests for '{}'; there are {}", spec.os().type(),
                 spec.os().arch(), xml::join(known, 12));
    return;
  }
  const bool known_emulator = std::ranges::any_of(host.guests(),
                                                  [&](const auto& each) { return each.emulator() == spec.emulator(); });
  if (was_probed(*guest) && !known_emulator) {
    const auto known = names(host.guests(), [](const auto& each) { return each.emulator(); });
    findings.add("/domain/devices/emulator", "'{}' is not an emulator of this host; there are {}", spec.emulator(),
                 xml::join(known, 12));
    return;
  }
  check_machine(spec, *guest, findings);
  if (spec.type() != v1::DOMAIN_TYPE_UNSPECIFIED) check_type(spec, *guest, findings);
}

}  // namespace lodge::conf::checks
