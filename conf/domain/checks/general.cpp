#include <algorithm>
#include <set>

#include "base/uuid.h"
#include "conf/domain/checks/checks.h"
#include "conf/domain/limits.h"
#include "conf/domain/machine.h"
#include "conf/numbered.h"

namespace lodge::conf::checks {

namespace {

// A domain's name becomes part of file names.
constexpr std::size_t kMaxName = 200;

void check_name(const v1::DomainSpec& spec, Findings& findings) {
  const auto& name = spec.name();
  const std::string path = "/domain/name";
  if (name.empty()) return findings.add(path, "a domain needs a name: <name>web1</name>");
  if (std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return findings.add(path, "a name is one line without control characters");
  }
  if (name.find('/') != std::string::npos) findings.add(path, "'{}': a name cannot have a '/'", name);
  if (name == "." || name == "..") findings.add(path, "'{}' cannot be a name", name);
  if (name.find_first_not_of(' ') == std::string::npos) return findings.add(path, "a name is more than blanks");
  if (name.front() == ' ' || name.back() == ' ') {
    findings.add(path, "'{}': a name neither begins nor ends with a blank", name);
  }
  if (Uuid::parse(name)) findings.add(path, "'{}' is a UUID, and would be taken for another guest's", name);
  if (name.size() > kMaxName) findings.add(path, "a name has at most {} bytes, this one has {}", kMaxName, name.size());
}

void check_identity(const v1::DomainSpec& spec, Findings& findings) {
  check_name(spec, findings);
  const auto uuid = Uuid::parse(spec.uuid());
  if (!uuid) {
    findings.add("/domain/uuid", "'{}' is not a UUID: 32 hexadecimal digits, with or without dashes", spec.uuid());
  } else if (*uuid == Uuid()) {
    findings.add("/domain/uuid", "the nil UUID names nothing; leave the element out to get a new one");
  }
  if (spec.title().find('\n') != std::string::npos) {
    findings.add("/domain/title", "a title is one line; <description> may have more");
  }
}

void check_pool(const v1::IothreadPool& pool, const std::string& path, Findings& findings) {
  if (pool.has_max() && pool.max() == 0) findings.add(path + "/@thread_pool_max", "counts from 1");
  if (pool.has_max() && pool.min() > pool.max())
    findings.add(path + "/@thread_pool_min", "{} are more than there can be: {}", pool.min(), pool.max());
}

void check_vcpus(const v1::DomainSpec& spec, Findings& findings) {
  const auto& vcpu = spec.vcpu();
  if (vcpu.count() == 0) return findings.add("/domain/vcpu", "a guest needs at least 1 processor");
  if (vcpu.has_current() && vcpu.current() == 0) {
    findings.add("/domain/vcpu/@current", "a guest boots with at least 1 processor");
  }
  if (vcpu.current() > vcpu.count()) {
    findings.add("/domain/vcpu/@current", "{} is more than there can be: {}", vcpu.current(), vcpu.count());
  }
  if (spec.iothreads() > kMaxIothreads) {
    return findings.add("/domain/iothreads", "{} are more than {}", spec.iothreads(), kMaxIothreads);
  }
  check_pool(spec.default_iothread(), "/domain/defaultiothread", findings);
  std::set<std::uint32_t> ids;
  for (int i = 0; i < spec.iothread_ids_size(); ++i) {
    const auto id = spec.iothread_ids(i).id();
    const auto thread = numbered("/domain/iothreadids/iothread", i, spec.iothread_ids());
    const auto path = thread + "/@id";
    check_pool(spec.iothread_ids(i).pool(), thread, findings);
    if (id == 0) findings.add(path, "ids start at 1");
    if (!ids.insert(id).second) findings.add(path, "{} is another I/O thread's id", id);
  }
}

void check_firmware(const v1::DomainSpec& spec, Findings& findings) {
  const auto& os = spec.os();
  const bool chosen = os.firmware() != v1::OS_FIRMWARE_UNSPECIFIED;
  if (!chosen && os.has_loader() && os.loader().path().empty())
    findings.add("/domain/os/loader",
                 "names the firmware: /usr/share/OVMF/OVMF_CODE.fd; <os firmware='efi'> finds one");
  if (!chosen && !os.firmware_features().empty())
    findings.add("/domain/os/firmware", "is what the firmware that is found must have: <os firmware='efi'>");
  if (!os.loader().secure()) return;
  if (chipset_of(os) != Chipset::q35) {
    findings.add("/domain/os/loader/@secure", "only q35 machines of x86 can keep the firmware from the guest");
  } else if (!chosen && !spec.features().smm().state()) {
    findings.add("/domain/os/loader/@secure", "secure boot needs system management mode: <features><smm/></features>");
  }
}

void check_os(const v1::DomainSpec& spec, Findings& findings) {
  const auto& os = spec.os();
  if (os.bootmenu_timeout() > 65535) {
    findings.add("/domain/os/bootmenu/@timeout", "{} ms is not between 0 and 65535", os.bootmenu_timeout());
  }
  if (os.bios_reboot_timeout() < -1 || os.bios_reboot_timeout() > 65535) {
    findings.add("/domain/os/bios/@rebootTimeout", "{} ms is not between 0 and 65535, nor -1 for never",
                 os.bios_reboot_timeout());
  }
  if (os.kernel().empty() && !os.initrd().empty()) {
    findings.add("/domain/os/initrd", "an initrd needs a kernel that loads it: <kernel>/path/vmlinuz</kernel>");
  }
  if (os.kernel().empty() && !os.cmdline().empty()) {
    findings.add("/domain/os/cmdline", "a command line needs a kernel that reads it: <kernel>/path/vmlinuz</kernel>");
  }
  const bool uefi = os.firmware() == v1::OS_FIRMWARE_EFI || os.loader().type() == v1::LOADER_TYPE_PFLASH;
  if (uefi && is_x86(os.arch()) && !spec.features().acpi()) {
    findings.add("/domain/os", "UEFI needs ACPI: <features><acpi/></features>");
  }
  check_firmware(spec, findings);
  if (os.loader().stateless() && os.has_nvram()) {
    findings.add("/domain/os/nvram", "a stateless loader keeps no variables");
  }
}

bool dumps_core(v1::LifecycleAction action) {
  return action == v1::LIFECYCLE_ACTION_COREDUMP_DESTROY || action == v1::LIFECYCLE_ACTION_COREDUMP_RESTART;
}

void check_lifecycle(const v1::DomainSpec& spec, Findings& findings) {
  const auto check = [&](const std::string& path, v1::LifecycleAction action) {
    if (dumps_core(action)) findings.add(path, "'{}' is only for on_crash", spelling(action));
    if (action == v1::LIFECYCLE_ACTION_RENAME_RESTART) {
      findings.add(path, "a guest is never renamed here; 'restart' starts it again under its name");
    }
  };
  check("/domain/on_poweroff", spec.on_poweroff());
  check("/domain/on_reboot", spec.on_reboot());
  if (spec.on_poweroff() == v1::LIFECYCLE_ACTION_RESTART && spec.on_reboot() == v1::LIFECYCLE_ACTION_DESTROY) {
    findings.add("/domain/on_reboot",
                 "a guest that starts again when it powers off does so when it reboots, too: 'restart', not 'destroy'");
  }
  if (spec.on_crash() == v1::LIFECYCLE_ACTION_RENAME_RESTART) {
    findings.add("/domain/on_crash", "a guest is never renamed here; 'restart' starts it again under its name");
  }
}

void check_launch_security(const v1::LaunchSecurity& security, Findings& findings) {
  if (security.has_sev() && !security.sev().has_policy())
    findings.add("/domain/launchSecurity/policy", "says what the host may do: <policy>0x0001</policy>");
}

// What each security module of the host does to the guest, once for each.
void check_seclabels(const v1::DomainSpec& spec, Findings& findings) {
  std::set<std::string> models;
  for (int i = 0; i < spec.seclabels_size(); ++i) {
    const auto& label = spec.seclabels(i);
    const auto path = numbered("/domain/seclabel", i, spec.seclabels());
    if (!label.model().empty() && !models.insert(label.model()).second)
      findings.add(path + "/@model", "'{}' has a label already", label.model());
    if (label.has_static_label() && label.static_label().label().empty() && label.model() != "none")
      findings.add(path + "/label", "a static label is named: <label>system_u:system_r:svirt_t:s0:c1,c2</label>");
  }
}

}  // namespace

void check_general(const v1::DomainSpec& spec, Findings& findings) {
  check_identity(spec, findings);
  check_vcpus(spec, findings);
  check_os(spec, findings);
  check_lifecycle(spec, findings);
  check_seclabels(spec, findings);
  if (spec.has_launch_security()) check_launch_security(spec.launch_security(), findings);
}

}  // namespace lodge::conf::checks
