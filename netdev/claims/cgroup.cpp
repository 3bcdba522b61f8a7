#include "netdev/claims/cgroup.h"

#include "netdev/claims/kinds.h"

namespace lodge::netdev {

Claim plan_cgroup(const Owner& owner, const fs::path& base, std::string_view label) {
  Claim claim{.id = new_claim_id(), .owner = owner};
  claim.name = marked_name(label, claim.id);
  claim.identity = CgroupIdentity{.path = (base / claim.name).string()};
  return claim;
}

fs::path cgroup_of(const Claim& claim) { return std::get<CgroupIdentity>(claim.identity).path; }

Result<void> make_cgroup(Cgroups& cgroups, Claim& claim) {
  TRY_ASSIGN(claim.identity, cgroups.create(cgroup_of(claim)));
  return {};
}

// Its processes have claims of their own and are gone by now; who is still in it came out of them.
Result<Seen> see_cgroup(Cgroups& cgroups, const Claim& claim) {
  const CgroupIdentity& identity = std::get<CgroupIdentity>(claim.identity);
  TRY_ASSIGN(const auto found, cgroups.find(identity.path));
  if (!found) return Seen{};
  if (!carries_id(identity.path, claim.id))
    return Seen{.there = true, .not_ours = "its name does not end in the claim's id"};
  if (identity.inode != 0 && *found != identity)
    return Seen{.there = true,
                .not_ours = fmt::format("it is another group of that name: {}, not {}", found->inode, identity.inode)};
  return Seen{.there = true};
}

Result<Ended> end_cgroup(Cgroups& cgroups, const Claim& claim, Deadline deadline) {
  TRY_ASSIGN(Seen seen, see_cgroup(cgroups, claim));
  if (!seen.there || !seen.not_ours.empty()) return Ended{.not_ours = std::move(seen.not_ours)};
  TRY(cgroups.remove(cgroup_of(claim), deadline));
  return Ended{};
}

}  // namespace lodge::netdev
