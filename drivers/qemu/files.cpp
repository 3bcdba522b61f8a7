#include "drivers/qemu/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/as_user.h"
#include "base/file.h"
#include "conf/domain/device.h"

namespace lodge::drivers::qemu {

namespace {

class Look {
 public:
  // A file that must be there, if one is named.
  void at(const std::string& element, const std::string& file) {
    if (file.empty() || ::faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) == 0) return;
    const int err = errno;
    findings_.push_back({.line = 0, .path = element, .message = fmt::format("{}: {}", file, errno_text(err))});
  }

  std::vector<Finding> take() && { return std::move(findings_); }

 private:
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> find_missing_files(const v1::DomainSpec& spec, std::optional<RunAs> run_as) {
  std::optional<AsUser> user;
  if (run_as && !user.emplace(run_as->uid, run_as->gid).is_so()) return {};  // QEMU will say it
  Look look;
  const v1::Os& os = spec.os();
  look.at("/domain/os/kernel", os.kernel());
  look.at("/domain/os/initrd", os.initrd());
  look.at("/domain/os/dtb", os.dtb());
  look.at("/domain/os/loader", os.loader().path());
  for (int i = 0; i < spec.disks_size(); ++i) {
    const v1::Disk& disk = spec.disks(i);
    if (disk.startup_policy() != v1::STARTUP_POLICY_UNSPECIFIED) continue;
    const std::string element = conf::device_path("disk", i, spec.disks()) + "/source";
    if (disk.has_file()) look.at(element + "/@file", disk.file().path());
    if (disk.has_block()) look.at(element + "/@dev", disk.block().dev());
  }
  return std::move(look).take();
}

}  // namespace lodge::drivers::qemu
