#include "conf/kinds.h"

#include <algorithm>
#include <array>

#include "conf/cpu/check.h"
#include "conf/cpu/map_check.h"
#include "conf/domain/findings.h"
#include "conf/interface/check.h"
#include "conf/network/check.h"
#include "conf/nodedev/check.h"
#include "conf/nwfilter/check.h"
#include "conf/secret/check.h"
#include "conf/snapshot/check.h"
#include "conf/storage/check.h"
#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/domain.pb.h"
#include "lodge/v1/domain_capabilities.pb.h"
#include "lodge/v1/storage_pool_capabilities.pb.h"

namespace lodge::conf {

namespace {

template <class M, void (*kCheck)(const M&, Findings&)>
void check_as(const google::protobuf::Message& message, Findings& findings) {
  kCheck(static_cast<const M&>(message), findings);
}

template <class M, void (*kCheck)(const M&, Findings&)>
Kind checked(std::string_view name, std::string_view root, std::string_view schema) {
  return {name, root, schema, &M::default_instance(), &check_as<M, kCheck>};
}

template <class M>
Kind unchecked(std::string_view name, std::string_view root, std::string_view schema) {
  return {name, root, schema, &M::default_instance(), nullptr};
}

constexpr std::string_view kSpace = " \t\r\n";

}  // namespace

std::span<const Kind> kinds() {
  static const std::array all{
      unchecked<v1::DomainSpec>("domain", "domain", "domain.rng"),
      checked<v1::NetworkSpec, check_network>("network", "network", "network.rng"),
      checked<v1::NetworkPortSpec, check_network_port>("networkport", "networkport", "networkport.rng"),
      checked<v1::StoragePoolSpec, check_pool>("pool", "pool", "storagepool.rng"),
      checked<v1::StorageVolumeSpec, check_volume>("volume", "volume", "storagevol.rng"),
      checked<v1::NodeDeviceSpec, check_node_device>("nodedev", "device", "nodedev.rng"),
      checked<v1::HostInterfaceSpec, check_host_interface>("interface", "interface", "interface.rng"),
      checked<v1::NwFilterSpec, check_nwfilter>("nwfilter", "filter", "nwfilter.rng"),
      checked<v1::NwFilterBindingSpec, check_nwfilter_binding>("nwfilterbinding", "filterbinding",
                                                               "nwfilterbinding.rng"),
      checked<v1::SecretSpec, check_secret>("secret", "secret", "secret.rng"),
      unchecked<v1::Capabilities>("capability", "capabilities", "capability.rng"),
      unchecked<v1::DomainCapabilities>("domaincaps", "domainCapabilities", "domaincaps.rng"),
      unchecked<v1::StoragePoolCapabilities>("poolcaps", "storagepoolCapabilities", "storagepoolcaps.rng"),
      checked<v1::CpuDocument, check_cpu>("cpu", "cpu", "cpu.rng"),
      checked<v1::CpuMap, check_cpu_map>("cpumap", "cpus", ""),
      checked<v1::DomainSnapshotSpec, check_snapshot>("snapshot", "domainsnapshot", "domainsnapshot.rng"),
      checked<v1::DomainCheckpointSpec, check_checkpoint>("checkpoint", "domaincheckpoint", "domaincheckpoint.rng"),
      checked<v1::DomainBackupSpec, check_backup>("backup", "domainbackup", "domainbackup.rng"),
  };
  return all;
}

const Kind* find_kind(std::string_view name) {
  const auto found = std::ranges::find(kinds(), name, &Kind::name);
  return found == kinds().end() ? nullptr : &*found;
}

std::string_view root_of(std::string_view document) {
  // Past the declaration, comments and processing instructions.
  if (document.starts_with("\xEF\xBB\xBF")) document.remove_prefix(3);
  while (!document.empty()) {
    document.remove_prefix(std::min(document.find_first_not_of(kSpace), document.size()));
    const std::string_view end = document.starts_with("<!--") ? "-->" : document.starts_with("<?") ? "?>" : "";
    if (end.empty()) break;
    const auto at = document.find(end);
    if (at == document.npos) return {};
    document.remove_prefix(at + end.size());
  }
  if (!document.starts_with('<')) return {};
  return document.substr(1, document.find_first_of(" \t\r\n/>", 1) - 1);
}

const Kind* guess_kind(std::string_view document) {
  const auto found = std::ranges::find(kinds(), root_of(document), &Kind::root);
  return found == kinds().end() ? nullptr : &*found;
}

Result<void> validate(const Kind& kind, const google::protobuf::Message& message, const xml::SourceMap& source) {
  Findings findings(source);
  if (kind.check) kind.check(message, findings);
  return std::move(findings).result();
}

}  // namespace lodge::conf
