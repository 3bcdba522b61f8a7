#include "conf/secret/check.h"

namespace lodge::conf {

void check_secret(const v1::SecretSpec& secret, Findings& findings) {
  const auto& usage = secret.usage();
  const auto need = [&](const std::string& value, std::string_view element) {
    if (value.empty()) findings.add(fmt::format("/secret/usage/{}", element), "is missing");
  };
  switch (usage.type_case()) {
    case v1::SecretUsage::kVolume: return need(usage.volume(), "volume");
    case v1::SecretUsage::kCeph: return need(usage.ceph(), "name");
    case v1::SecretUsage::kIscsi: return need(usage.iscsi(), "target");
    case v1::SecretUsage::kTls: return need(usage.tls(), "name");
    case v1::SecretUsage::kVtpm: return need(usage.vtpm(), "name");
    case v1::SecretUsage::kNone:
    case v1::SecretUsage::TYPE_NOT_SET: return;
  }
}

}  // namespace lodge::conf
