#include "conf/secret/check.h"

namespace lodge::conf {

void check_secret(const v1::SecretSpec& secret, Findings& findings) {
  const auto& usage = secret.usage();
  const auto need = [&](const std::string& value, std::string_view element, std::string_view example) {
    if (!value.empty()) return;
    findings.add(fmt::format("/secret/usage/{}", element), "says what the secret is for: <{0}>{1}</{0}>", element,
                 example);
  };
  switch (usage.type_case()) {
    case v1::SecretUsage::kVolume: return need(usage.volume(), "volume", "/images/web1.img");
    case v1::SecretUsage::kCeph: return need(usage.ceph(), "name", "client.web1 secret");
    case v1::SecretUsage::kIscsi: return need(usage.iscsi(), "target", "iqn.2013-07.com.example:web1");
    case v1::SecretUsage::kTls: return need(usage.tls(), "name", "web1 TLS key");
    case v1::SecretUsage::kVtpm: return need(usage.vtpm(), "name", "web1 TPM state");
    case v1::SecretUsage::kNone:
    case v1::SecretUsage::TYPE_NOT_SET: return;
  }
}

}  // namespace lodge::conf
