#include "drivers/qemu/kvm.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace lodge::drivers::qemu {

namespace {

constexpr const char* kDevice = "/dev/kvm";

}  // namespace

Result<void> kvm_usable() {
  const auto fd = open_file(kDevice, O_RDWR);
  if (!fd && fd.error().sys() == ENOENT) {
    return fail(
        Code::failed_precondition,
        "there is no {}: this processor or kernel cannot run guests by itself, or its kvm module is not loaded; "
        "use <domain type='qemu'> for emulation in software",
        kDevice);
  }
  if (!fd && (fd.error().sys() == EACCES || fd.error().sys() == EPERM)) {
    return fail(Code::permission_denied,
                "{} may not be used by user {}: add it to the group that owns the device (`ls -l {}`), or use <domain "
                "type='qemu'> for emulation in software",
                kDevice, ::geteuid(), kDevice);
  }
  if (!fd) return wrap(Error(fd.error()), "KVM cannot be used (<domain type='qemu'> emulates in software)");
  const int version = ::ioctl(fd->get(), KVM_GET_API_VERSION, 0);
  if (version != KVM_API_VERSION) {
    return fail(Code::failed_precondition,
                "{} is not KVM as QEMU needs it (API version {}, not {}); use <domain type='qemu'>", kDevice, version,
                KVM_API_VERSION);
  }
  return {};
}

bool kvm_runs(std::string_view guest_arch) {
  utsname host{};
  if (::uname(&host) != 0) return false;
  return guest_arch == host.machine || (guest_arch == "i686" && std::string_view(host.machine) == "x86_64");
}

}  // namespace lodge::drivers::qemu
