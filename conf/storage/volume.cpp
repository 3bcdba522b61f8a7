#include <algorithm>
#include <array>
#include <bit>

#include "conf/numbered.h"
#include "conf/secret/reference.h"
#include "conf/storage/check.h"

namespace lodge::conf {

namespace {

constexpr std::uint64_t kLeastCluster = 512;
constexpr std::uint64_t kMostCluster = 2 << 20;

bool is_version(const std::string& text) {
  const auto dot = text.find('.');
  return dot != std::string::npos && dot > 0 && dot + 1 < text.size() &&
         text.find_first_not_of("0123456789.") == std::string::npos && text.find('.', dot + 1) == std::string::npos;
}

void check_encryption(const v1::StorageEncryption& encryption, Findings& findings) {
  const std::string path = "/volume/target/encryption";
  if (encryption.format() == v1::STORAGE_ENCRYPTION_FORMAT_UNSPECIFIED)
    findings.add(path + "/@format", "says how: <encryption format='luks'>");
  for (int i = 0; i < encryption.secrets_size(); ++i) {
    const auto& secret = encryption.secrets(i);
    const std::string at = numbered(path + "/secret", i, encryption.secrets());
    check_secret_reference(at, secret.uuid(), secret.usage(), findings);
    if (secret.type() != "passphrase") findings.add(at + "/@type", "'{}' is not passphrase", secret.type());
  }
  const bool luks = encryption.format() == v1::STORAGE_ENCRYPTION_FORMAT_LUKS ||
                    encryption.format() == v1::STORAGE_ENCRYPTION_FORMAT_LUKS2;
  if (encryption.has_cipher() && !luks)
    findings.add(path + "/cipher", "only with format luks, luks2; here it is {}", spelling(encryption.format()));
  if (encryption.has_ivgen() && !encryption.has_cipher()) findings.add(path + "/ivgen", "it needs a cipher");
}

// Of files, file systems and partitions; which of them a pool takes, the pool says.
constexpr std::array<std::string_view, 41> kFormats{
    "unknown", "none",  "raw",     "dir",        "bochs",     "cloop",      "dmg",      "iso",  "vpc",  "vdi",   "vhd",
    "ploop",   "cow",   "qcow",    "qcow2",      "qed",       "vmdk",       "fat",      "luks", "auto", "ext2",  "ext3",
    "ext4",    "ufs",   "iso9660", "udf",        "gfs",       "gfs2",       "vfat",     "hfs+", "xfs",  "ocfs2", "vmfs",
    "linux",   "fat16", "fat32",   "linux-swap", "linux-lvm", "linux-raid", "extended", "lvm2"};

void check_format(const std::string& path, const std::string& format, Findings& findings) {
  if (format.empty() || std::ranges::find(kFormats, format) != kFormats.end()) return;
  findings.add(path + "/format/@type", "'{}' is no format: raw, qcow2, vmdk, vdi, …; for partitions linux, extended, …",
               format);
}

void check_target(const v1::StorageVolumeTarget& target, Findings& findings) {
  const std::string path = "/volume/target";
  check_format(path, target.format(), findings);
  if (target.permissions().mode() > 07777)
    findings.add(path + "/permissions/mode", "'{:o}' is more than 7777", target.permissions().mode());
  if (!target.compat().empty() && !is_version(target.compat()))
    findings.add(path + "/compat", "'{}' is not a version, such as 1.1", target.compat());
  if (target.has_features() && target.compat() == "0.10") findings.add(path + "/features", "they need compat 1.1");
  const std::uint64_t cluster = target.cluster_size();
  if (target.has_cluster_size() && (cluster < kLeastCluster || cluster > kMostCluster || !std::has_single_bit(cluster)))
    findings.add(path + "/clusterSize", "'{}' is not a power of two from 512 to 2097152", cluster);
  if (target.has_encryption()) check_encryption(target.encryption(), findings);
}

}  // namespace

void check_volume(const v1::StorageVolumeSpec& volume, Findings& findings) {
  if (volume.name().empty()) findings.add("/volume/name", "a volume needs a name: <name>web1.qcow2</name>");
  if (volume.name().find('/') != std::string::npos) findings.add("/volume/name", "'{}' has a '/'", volume.name());
  if (volume.name() == "." || volume.name() == "..") findings.add("/volume/name", "'{}' is a folder", volume.name());
  if (!volume.has_capacity() && volume.backing_store().path().empty())
    findings.add("/volume/capacity",
                 "says how large it is: <capacity unit='GiB'>20</capacity>; only an overlay needs none");
  if (volume.has_backing_store() && volume.backing_store().path().empty())
    findings.add("/volume/backingStore/path", "says which image it lies over: <path>/images/base.qcow2</path>");
  check_format("/volume/backingStore", volume.backing_store().format(), findings);
  check_target(volume.target(), findings);
}

}  // namespace lodge::conf
