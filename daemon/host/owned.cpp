#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "base/uuid.h"
#include "daemon/host/strays.h"
#include "netdev/claims/inspect.h"

// What users see of the ledger.
namespace lodge::host {
namespace {

struct TellIdentity {
  v1::Claim& told;

  void operator()(const netdev::LinkIdentity& link) const {
    v1::ClaimedLink& shown = *told.mutable_link();
    shown.set_ifindex(link.ifindex);
    shown.set_link_kind(link.link_kind);
    shown.set_parent_ifindex(link.parent_ifindex);
    shown.set_alias(link.alias);
  }
  void operator()(const netdev::ProcessIdentity& process) const {
    told.mutable_process()->set_pid(process.pid);
    told.mutable_process()->set_start_time(process.start_time);
  }
  void operator()(const netdev::FolderIdentity& folder) const { told.mutable_folder()->set_path(folder.path); }
  void operator()(const netdev::CgroupIdentity& cgroup) const {
    v1::ClaimedCgroup& shown = *told.mutable_cgroup();
    shown.set_path(cgroup.path);
    shown.set_device(cgroup.device);
    shown.set_inode(cgroup.inode);
  }
  void operator()(const netdev::PortIdentity& port) const {
    v1::ClaimedPort& shown = *told.mutable_port();
    shown.set_protocol(port.protocol);
    shown.set_address(port.address);
    shown.set_number(port.number);
  }
  void operator()(const netdev::FileIdentity& file) const {
    v1::ClaimedFile& shown = *told.mutable_file();
    shown.set_path(file.path);
    shown.set_device(file.device);
    shown.set_inode(file.inode);
  }
  void operator()(const netdev::PciIdentity& pci) const {
    v1::ClaimedPci& shown = *told.mutable_pci();
    shown.set_address(pci.address);
    shown.set_driver(pci.driver);
    shown.set_driver_override(pci.wanted);
  }
  void operator()(const netdev::TableIdentity& table) const {
    told.mutable_table()->set_table(table.table);
    told.mutable_table()->set_comment(table.comment);
  }
  void operator()(const netdev::AssociationIdentity& association) const {
    const netdev::SwitchPort& port = association.port;
    v1::ClaimedAssociation& shown = *told.mutable_association();
    shown.set_parent_ifindex(association.parent_ifindex);
    shown.set_parent(association.parent);
    shown.set_protocol(port.protocol == netdev::SwitchPort::Protocol::qbg ? "802.1Qbg" : "802.1Qbh");
    shown.set_mac(port.mac.str());
    shown.set_station(Uuid::parse(fmt::format("{:02x}", fmt::join(port.station, "")))->str());
    shown.set_manager_id(port.manager_id);
    shown.set_type_id(port.type_id);
    shown.set_type_version(port.type_version);
    shown.set_profile(port.profile);
  }
};

v1::ClaimState state_of(netdev::ClaimState state) {
  switch (state) {
    case netdev::ClaimState::planned: return v1::CLAIM_STATE_PLANNED;
    case netdev::ClaimState::held: return v1::CLAIM_STATE_HELD;
    case netdev::ClaimState::releasing: return v1::CLAIM_STATE_RELEASING;
  }
  return v1::CLAIM_STATE_UNSPECIFIED;
}

v1::ClaimPresence presence_of(netdev::Presence presence) {
  switch (presence) {
    case netdev::Presence::absent: return v1::CLAIM_PRESENCE_ABSENT;
    case netdev::Presence::ours: return v1::CLAIM_PRESENCE_THERE;
    case netdev::Presence::other: return v1::CLAIM_PRESENCE_NOT_OURS;
    case netdev::Presence::unknown: return v1::CLAIM_PRESENCE_UNSPECIFIED;
  }
  return v1::CLAIM_PRESENCE_UNSPECIFIED;
}

v1::Claim told_of(const netdev::Claim& claim, const netdev::Inspection& inspection) {
  v1::Claim told;
  told.set_id(claim.id);
  told.set_kind(std::string(to_string(claim.kind())));
  told.set_name(claim.name);
  told.set_description(describe(claim));
  told.set_domain(claim.owner.domain_uuid);
  told.set_run_id(claim.owner.run_id);
  told.set_state(state_of(claim.state));
  told.set_presence(presence_of(inspection.presence));
  told.set_presence_detail(inspection.why);
  std::visit(TellIdentity{told}, claim.identity);
  return told;
}

std::vector<std::string_view> kinds() {
  std::vector<std::string_view> all;
  for (std::size_t i = 0; i < std::variant_size_v<netdev::Identity>; ++i)
    all.push_back(to_string(static_cast<netdev::ClaimKind>(i)));
  return all;
}

Result<std::vector<v1::Claim>> look(Core& core, const std::string& uuid, const std::string& kind) {
  TRY_ASSIGN(std::vector<netdev::Claim> claims, core.parts.store.load());
  std::erase_if(claims, [&](const netdev::Claim& claim) {
    return (!uuid.empty() && claim.owner.domain_uuid != uuid) || (!kind.empty() && to_string(claim.kind()) != kind);
  });
  const auto inspections = netdev::inspect(core.system(), claims);
  std::vector<v1::Claim> told;
  for (std::size_t i = 0; i < claims.size(); ++i) told.push_back(told_of(claims[i], inspections[i]));
  return told;
}

// A guest that is not known any more may still have claims, under its uuid.
Result<std::string> uuid_of(const Core& core, const Caller& caller, const std::string& guest) {
  if (guest.empty()) return guest;
  v1::DomainRef ref;
  ref.set_any(guest);
  const auto found = core.find(caller, ref);
  if (found) return (*found)->uuid;
  if (Uuid::parse(guest)) return guest;
  return Failure(found.error());
}

}  // namespace

Task<Result<std::vector<v1::Claim>>> Host::claims(CallContext context, std::string guest, std::string kind) {
  const auto known = kinds();
  if (!kind.empty() && std::ranges::find(known, kind) == known.end())
    co_return fail(Code::invalid_argument, "there are no claims of kind '{}'; there are {}", kind,
                   fmt::join(known, ", "));
  CO_TRY_ASSIGN(const std::string uuid, uuid_of(*core_, context.caller, guest));
  const auto work = [this, uuid, kind] { return look(*core_, uuid, kind); };
  CO_TRY_ASSIGN(std::vector<v1::Claim> claims, co_await core_->parts.pool.run(work));
  for (v1::Claim& claim : claims)
    if (const auto object = core_->by_uuid.find(claim.domain()); object != core_->by_uuid.end())
      claim.set_domain_name(object->second->name);
  std::ranges::sort(claims, {}, [](const v1::Claim& claim) {
    return std::tuple(claim.domain_name(), claim.domain(), claim.kind(), claim.name(), claim.id());
  });
  co_return claims;
}

}  // namespace lodge::host
