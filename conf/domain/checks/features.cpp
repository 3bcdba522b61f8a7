#include <charconv>

#include "conf/domain/checks/checks.h"
#include "conf/domain/machine.h"
#include "conf/numbered.h"

// What the machine offers beyond its devices, and its clock.
namespace lodge::conf::checks {

namespace {

constexpr std::uint32_t kLeastRetries = 4095;
constexpr std::size_t kMaxVendor = 12;  // three registers of CPUID
constexpr std::uint64_t kMiB = 1 << 20;

void check_hyperv(const v1::HypervFeatures& hyperv, Findings& findings) {
  const std::string path = "/domain/features/hyperv";
  if (hyperv.spinlocks() && !hyperv.has_spinlocks_retries()) {
    findings.add(path + "/spinlocks/@retries", "says how often, from {0}: retries='8191'", kLeastRetries);
  } else if (hyperv.has_spinlocks_retries() && hyperv.spinlocks_retries() < kLeastRetries) {
    findings.add(path + "/spinlocks/@retries", "{} is less than {}", hyperv.spinlocks_retries(), kLeastRetries);
  }
  const auto& vendor = hyperv.vendor_id_value();
  if (hyperv.vendor_id() && vendor.empty())
    findings.add(path + "/vendor_id/@value", "says what the guest is told: value='KVM Hv'");
  if (vendor.size() > kMaxVendor)
    findings.add(path + "/vendor_id/@value", "'{}' has more than {} characters", vendor, kMaxVendor);
  if (vendor.find(',') != std::string::npos)
    findings.add(path + "/vendor_id/@value", "'{}' has a ',', which the emulator takes for an end", vendor);
}

void check_smm(const v1::DomainSpec& spec, Findings& findings) {
  const auto tseg = spec.features().smm().tseg();
  if (tseg != 0 && chipset_of(spec.os()) != Chipset::q35)
    findings.add("/domain/features/smm/tseg", "only q35 machines have one");
  if (tseg % kMiB != 0) findings.add("/domain/features/smm/tseg", "{} bytes are not whole MiB", tseg);
}

bool is_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

void check_clock(const v1::Clock& clock, Findings& findings) {
  const bool fixed = clock.offset() == v1::CLOCK_OFFSET_UTC || clock.offset() == v1::CLOCK_OFFSET_LOCALTIME;
  const auto& adjustment = clock.adjustment();
  if (!adjustment.empty() && !is_number(adjustment) && !(fixed && adjustment == "reset")) {
    findings.add("/domain/clock/@adjustment", "'{}' is not {}a number of seconds", adjustment,
                 fixed ? "'reset', nor " : "");
  }
  if (clock.offset() == v1::CLOCK_OFFSET_TIMEZONE && clock.timezone().empty())
    findings.add("/domain/clock/@timezone", "says which one: timezone='Europe/Paris'");
  if (clock.offset() == v1::CLOCK_OFFSET_ABSOLUTE && !clock.has_start())
    findings.add("/domain/clock/@start", "says which moment, in seconds since 1970: start='1669900000'");
}

// Which timers an architecture has.
void check_timers(const v1::DomainSpec& spec, Findings& findings) {
  const auto& os = spec.os();
  const auto& timers = spec.clock().timers();
  for (int i = 0; i < timers.size(); ++i) {
    const auto path = numbered("/domain/clock/timer", i, timers) + "/@name";
    const bool wanted = !timers[i].has_present() || timers[i].present();
    switch (timers[i].name()) {
      case v1::TIMER_NAME_UNSPECIFIED:
        findings.add(path, "says which one: rtc, pit, hpet, tsc, kvmclock, hypervclock or armvtimer");
        break;
      case v1::TIMER_NAME_PLATFORM:
        findings.add(path, "only guests of Xen have the host's own timer; it can be rtc, pit, hpet, tsc, kvmclock");
        break;
      case v1::TIMER_NAME_TSC:
      case v1::TIMER_NAME_KVMCLOCK:
      case v1::TIMER_NAME_HYPERVCLOCK:
        if (wanted && !is_x86(os.arch()))
          findings.add(path, "'{}' is x86's, not {}'s", spelling(timers[i].name()), os.arch());
        break;
      case v1::TIMER_NAME_ARMVTIMER:
        if (os.arch() != "aarch64" || chipset_of(os) != Chipset::virt || spec.type() != v1::DOMAIN_TYPE_KVM)
          findings.add(path, "'armvtimer' is for kvm guests of aarch64's machine 'virt'");
        break;
      default: break;
    }
  }
}

}  // namespace

void check_machine_features(const v1::DomainSpec& spec, Findings& findings) {
  check_hyperv(spec.features().hyperv(), findings);
  check_smm(spec, findings);
  check_clock(spec.clock(), findings);
  check_timers(spec, findings);
}

}  // namespace lodge::conf::checks
