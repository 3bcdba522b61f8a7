#include "daemon/doctor/devices.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"

namespace lodge::doctor {
namespace {

constexpr std::string_view kCheck = "devices";

// Opening either has no effect but for the descriptor.
int errno_of_opening(const char* device) {
  const auto fd = open_file(device, O_RDWR);
  return fd ? 0 : fd.error().sys();
}

bool has_word(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

std::string no_kvm(const DeviceFacts& facts) {
  if (facts.kvm != ENOENT && facts.kvm != ENODEV && facts.kvm != ENXIO)
    return "let lodged's user read and write it: a rule of udev for kvm sets its group and mode";
  if (facts.x86 && !facts.vmx_or_svm)
    return "the processor does not say that it can virtualize: switch it on in the firmware (VT-x, AMD-V), or run "
           "lodged in a machine whose own host allows nested virtualization";
  return "load the kernel's module: modprobe kvm_intel, kvm_amd, or what the processor needs";
}

}  // namespace

DeviceFacts look_at_devices() {
  DeviceFacts facts{.kvm = errno_of_opening("/dev/kvm"), .tun = errno_of_opening("/dev/net/tun")};
  const auto processors = read_file("/proc/cpuinfo", 64u << 20);
  facts.x86 = processors && has_word(*processors, "\nflags\t");
  facts.vmx_or_svm = processors && (has_word(*processors, " vmx ") || has_word(*processors, " svm "));
  return facts;
}

Findings device_findings(const DeviceFacts& facts) {
  Findings findings;
  if (facts.kvm != 0)
    findings.push_back(
        warning(kCheck, {.subject = "/dev/kvm",
                         .message = fmt::format("guests of type kvm cannot start: {}", errno_text(facts.kvm)),
                         .remedy = no_kvm(facts)}));
  if (facts.tun != 0)
    findings.push_back(
        error(kCheck, {.subject = "/dev/net/tun",
                       .message = fmt::format("guests with a tap cannot start: {}", errno_text(facts.tun)),
                       .remedy = facts.tun == ENOENT || facts.tun == ENODEV ? "modprobe tun"
                                                                            : "let lodged's user read and write it"}));
  return findings;
}

}  // namespace lodge::doctor
