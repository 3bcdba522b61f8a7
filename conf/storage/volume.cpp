#include <bit>

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
  if (encryption.format() == v1::STORAGE_ENCRYPTION_FORMAT_UNSPECIFIED) findings.add(path + "/@format", "is missing");
  for (int i = 0; i < encryption.secrets_size(); ++i) {
    const auto& secret = encryption.secrets(i);
    if (secret.uuid().empty() && secret.usage().empty())
      findings.add(fmt::format("{}/secret[{}]", path, i + 1), "it needs a uuid or a usage");
    if (secret.type() != "passphrase")
      findings.add(fmt::format("{}/secret[{}]/@type", path, i + 1), "'{}' is not passphrase", secret.type());
  }
  const bool luks = encryption.format() == v1::STORAGE_ENCRYPTION_FORMAT_LUKS ||
                    encryption.format() == v1::STORAGE_ENCRYPTION_FORMAT_LUKS2;
  if (encryption.has_cipher() && !luks)
    findings.add(path + "/cipher", "only with format luks, luks2; here it is {}", spelling(encryption.format()));
  if (encryption.has_ivgen() && !encryption.has_cipher()) findings.add(path + "/ivgen", "it needs a cipher");
}

void check_target(const v1::StorageVolumeTarget& target, Findings& findings) {
  const std::string path = "/volume/target";
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
  if (volume.name().empty()) findings.add("/volume/name", "is missing");
  if (volume.name().find('/') != std::string::npos) findings.add("/volume/name", "'{}' has a '/'", volume.name());
  if (volume.name() == "." || volume.name() == "..") findings.add("/volume/name", "'{}' is a folder", volume.name());
  if (!volume.has_capacity() && volume.backing_store().path().empty())
    findings.add("/volume/capacity", "is missing; only an overlay needs none");
  if (volume.has_backing_store() && volume.backing_store().path().empty())
    findings.add("/volume/backingStore/path", "is missing");
  check_target(volume.target(), findings);
}

}  // namespace lodge::conf
