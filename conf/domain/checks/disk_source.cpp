#include <algorithm>
#include <array>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/numbered.h"
#include "conf/secret/reference.h"

// Where the contents of disks come from.
namespace lodge::conf::checks {

namespace {

constexpr std::uint32_t kMaxPort = 65535;

struct SourceCheck {
  const v1::DomainSpec& spec;
  const v1::Disk& disk;
  std::string path;  // the disk's
  Findings& findings;
};

bool is_http(v1::NetworkDiskProtocol protocol) {
  return protocol == v1::NETWORK_DISK_PROTOCOL_HTTP || protocol == v1::NETWORK_DISK_PROTOCOL_HTTPS;
}

// What libvirt lets through of RFC 6265's cookies.
void check_cookies(const v1::DiskNetwork& network, const std::string& source, Findings& findings) {
  for (int i = 0; i < network.cookies_size(); ++i) {
    const auto& cookie = network.cookies(i);
    const auto path = numbered(source + "/cookies/cookie", i, network.cookies());
    const auto odd = cookie.name().find_first_of("()<>@,;:\\\"/[]?={} \t");
    if (cookie.name().empty() || odd != std::string::npos)
      findings.add(path + "/@name",
                   "'{}' is no cookie's name: letters, digits and none of ()<>@,;:\\\"/[]?={{}} or blanks",
                   cookie.name());
  }
  if (!network.cookies().empty() && !is_http(network.protocol()))
    findings.add(source + "/cookies", "only http and https have them, not '{}'", spelling(network.protocol()));
}

void check_name(const v1::DiskNetwork& network, const std::string& path, Findings& findings) {
  const auto protocol = network.protocol();
  const auto& name = network.name();
  if (name.empty()) {
    if (protocol == v1::NETWORK_DISK_PROTOCOL_NBD || protocol == v1::NETWORK_DISK_PROTOCOL_UNSPECIFIED) return;
    return findings.add(path, "names the image on the server, as '{}' does", spelling(protocol));
  }
  const auto slash = name.find('/', 1);
  if (protocol == v1::NETWORK_DISK_PROTOCOL_GLUSTER && (slash == std::string::npos || slash + 1 == name.size()))
    findings.add(path, "'{}' is not a volume and a file in it: name='images/web1.img'", name);
}

void check_server(const SourceCheck& check) {
  const auto& network = check.disk.network();
  const auto source = check.path + "/source";
  check_name(network, source + "/@name", check.findings);
  check_cookies(network, source, check.findings);
  for (int i = 0; i < network.hosts_size(); ++i) {
    const auto& host = network.hosts(i);
    const auto path = numbered(source + "/host", i, network.hosts());
    if (host.transport() == v1::NETWORK_DISK_TRANSPORT_UNIX) {
      if (host.socket().empty()) check.findings.add(path + "/@socket", "is the socket's path: socket='/run/nbd.sock'");
      continue;
    }
    if (!host.socket().empty())
      check.findings.add(path + "/@socket", "only with transport='unix'; without it the server has a name");
    else if (host.name().empty())
      check.findings.add(path + "/@name", "names the server: <host name='storage.example.com'/>");
    if (host.port() > kMaxPort)
      check.findings.add(path + "/@port", "{} is not between 1 and {}", host.port(), kMaxPort);
  }
}

void check_source(const SourceCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  const bool takes_media = disk.device() == v1::DISK_DEVICE_CDROM || disk.device() == v1::DISK_DEVICE_FLOPPY;
  const auto missing = [&](std::string_view attribute, std::string_view example) {
    findings.add(path + "/source", "a disk of this type says where it is: <source {}='{}'/>", attribute, example);
  };
  switch (disk.type_case()) {
    case v1::Disk::kFile:
      if (disk.file().path().empty() && !takes_media) missing("file", "/images/web1.qcow2");
      break;
    case v1::Disk::kBlock:
      if (disk.block().dev().empty() && !takes_media) missing("dev", "/dev/vg/web1");
      break;
    case v1::Disk::kDir:
      if (disk.dir().dir().empty() && !takes_media) missing("dir", "/exports/web1");
      break;
    case v1::Disk::kNetwork:
      if (disk.network().protocol() == v1::NETWORK_DISK_PROTOCOL_UNSPECIFIED) missing("protocol", "nbd");
      check_server(check);
      if (disk.has_auth() && disk.network().has_auth())
        findings.add(path + "/source/auth", "credentials are given twice: here and in the disk's own <auth>");
      break;
    case v1::Disk::kVolume:
      if (disk.volume().pool().empty() || disk.volume().volume().empty()) {
        findings.add(path + "/source", "a disk of this type names both: <source pool='default' volume='web1.qcow2'/>");
      }
      break;
    case v1::Disk::kNvme:
      if (!disk.nvme().has_address()) {
        findings.add(path + "/source/address", "names the drive: <address type='pci' domain='…' bus='…' …/>");
      }
      if (disk.nvme().drive_namespace() == 0)
        findings.add(path + "/source/@namespace", "a drive's namespaces count from 1");
      break;
    case v1::Disk::kVhostuser:
      if (disk.vhostuser().path().empty()) missing("path", "/run/disk.sock");
      check_shared_memory(spec, path + "/@type", "vhostuser", findings);
      break;
    case v1::Disk::TYPE_NOT_SET: missing("file", "/images/web1.qcow2"); break;
  }
}

bool takes_credentials(v1::NetworkDiskProtocol protocol) {
  constexpr std::array kWith = {v1::NETWORK_DISK_PROTOCOL_ISCSI, v1::NETWORK_DISK_PROTOCOL_HTTP,
                                v1::NETWORK_DISK_PROTOCOL_HTTPS, v1::NETWORK_DISK_PROTOCOL_FTP,
                                v1::NETWORK_DISK_PROTOCOL_FTPS,  v1::NETWORK_DISK_PROTOCOL_SSH,
                                v1::NETWORK_DISK_PROTOCOL_RBD};
  return std::ranges::find(kWith, protocol) != kWith.end();
}

// @source libvirt 9.0, virDomainDiskDefValidateSourceChainOne
void check_credentials(const SourceCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  const bool in_source = disk.network().has_auth();
  if (!in_source && !disk.has_auth()) return;
  const auto at = path + (in_source ? "/source/auth" : "/auth");
  const auto& auth = in_source ? disk.network().auth() : disk.auth();
  check_auth(auth, at, findings);
  if (!disk.has_network()) return;
  const auto protocol = disk.network().protocol();
  if (!takes_credentials(protocol) && protocol != v1::NETWORK_DISK_PROTOCOL_UNSPECIFIED)
    return findings.add(at, "'{}' knows no credentials; rbd, iscsi, ssh, http and ftp do", spelling(protocol));
  const std::string_view wanted = protocol == v1::NETWORK_DISK_PROTOCOL_RBD     ? "ceph"
                                  : protocol == v1::NETWORK_DISK_PROTOCOL_ISCSI ? "iscsi"
                                                                                : "";
  if (!wanted.empty() && auth.has_secret() && auth.secret().type() != wanted)
    findings.add(at + "/secret/@type", "'{}' takes a secret of type '{}', not '{}'", spelling(protocol), wanted,
                 auth.secret().type());
}

void check_encryption(const v1::StorageEncryption& encryption, const std::string& path, Findings& findings) {
  if (encryption.format() == v1::STORAGE_ENCRYPTION_FORMAT_QCOW) {
    findings.add(path + "/@format", "emulators no longer read qcow2's own encryption: convert the image to 'luks'");
  }
  if (encryption.has_cipher()) {
    findings.add(path + "/cipher", "the image itself says how it is encrypted; only new volumes name a cipher");
  }
  for (int i = 0; i < encryption.secrets_size(); ++i) {
    const auto& secret = encryption.secrets(i);
    check_secret_reference(numbered(path + "/secret", i, encryption.secrets()), secret.uuid(), secret.usage(),
                           findings);
  }
}

void check_encryptions(const SourceCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  if (disk.has_encryption()) check_encryption(disk.encryption(), path + "/encryption", findings);
  if (!disk.source().has_encryption()) return;
  check_encryption(disk.source().encryption(), path + "/source/encryption", findings);
  if (disk.has_encryption()) findings.add(path + "/encryption", "is in <source> already; one of them is enough");
}

void check_options(const SourceCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  const bool takes_media = disk.device() == v1::DISK_DEVICE_CDROM || disk.device() == v1::DISK_DEVICE_FLOPPY;
  const auto policy = disk.startup_policy();
  const bool is_here = disk.has_file() || disk.has_block() || disk.has_dir() || disk.has_volume();
  if (policy != v1::STARTUP_POLICY_UNSPECIFIED && !is_here) {
    findings.add(path + "/source/@startupPolicy", "only files, devices and volumes of this host can be missing");
  } else if (policy == v1::STARTUP_POLICY_REQUISITE && !takes_media) {
    findings.add(path + "/source/@startupPolicy", "'requisite' is for media: a cdrom's or a floppy's; it can be {}",
                 "mandatory or optional");
  }
  if (disk.source().has_reservations() && disk.device() != v1::DISK_DEVICE_LUN)
    findings.add(path + "/source/reservations", "only a disk with device='lun' has them");
}

// Storage formats that QEMU reads as a disk.
constexpr std::array<std::string_view, 13> kFormats = {"raw", "qcow2", "qcow",  "qed",   "vmdk", "vdi", "vpc",
                                                       "vhd", "ploop", "bochs", "cloop", "dmg",  "fat"};

void check_format(const SourceCheck& check) {
  const auto& [spec, disk, path, findings] = check;
  const auto& driver = disk.driver();
  if (!driver.name().empty() && driver.name() != "qemu")
    findings.add(path + "/driver/@name", "'{}' is another hypervisor's; here it is 'qemu'", driver.name());
  const auto& type = driver.type();
  const auto at = path + "/driver/@type";
  // What Xen called raw once.
  if (type.empty() || type == "aio") return;
  if (type == "iso") return findings.add(at, "an ISO image is 'raw' to the emulator");
  if (std::ranges::find(kFormats, type) == kFormats.end())
    return findings.add(at, "'{}' is not one of {}", type, fmt::format("{}", fmt::join(kFormats, ", ")));
  if (disk.has_dir() && type != "fat")
    findings.add(at, "a folder is shown as a FAT file system: type='fat', not '{}'", type);
  if (disk.device() == v1::DISK_DEVICE_LUN && type != "raw")
    findings.add(at, "a lun is a whole device: type='raw', not '{}'", type);
}

}  // namespace

void check_auth(const v1::DiskAuth& auth, const std::string& path, Findings& findings) {
  if (auth.username().empty()) findings.add(path + "/@username", "says who we are to the server: username='web'");
  if (!auth.has_secret())
    return findings.add(path + "/secret", "says what proves it: <secret type='ceph' usage='web1'/>");
  check_secret_reference(path + "/secret", auth.secret().uuid(), auth.secret().usage(), findings);
}

void check_disk_sources(const v1::DomainSpec& spec, Findings& findings) {
  for (int i = 0; i < spec.disks_size(); ++i) {
    const SourceCheck check{spec, spec.disks(i), device_path("disk", i, spec.disks()), findings};
    check_source(check);
    check_credentials(check);
    check_encryptions(check);
    check_options(check);
    check_format(check);
  }
}

}  // namespace lodge::conf::checks
