#include "netdev/claims/strays.h"

#include <algorithm>
#include <set>

#include "netdev/claims/folder.h"
#include "netdev/claims/kinds.h"

namespace lodge::netdev {
namespace {

std::vector<StrayLink> marked_links(std::vector<Link> links) {
  std::vector<StrayLink> marked;
  for (Link& link : links)
    if (auto mark = read_link_mark(link)) marked.push_back({.link = std::move(link), .mark = std::move(*mark)});
  return marked;
}

Result<std::vector<StrayFolder>> marked_folders(const fs::path& below) {
  std::vector<StrayFolder> marked;
  std::error_code error;
  for (fs::directory_iterator entry(below, error); entry != fs::directory_iterator(); entry.increment(error)) {
    if (error) break;
    std::string id = folder_claim(entry->path());
    if (!id.empty() && entry->is_directory(error) && !entry->is_symlink(error))
      marked.push_back({.path = entry->path(), .claim_id = std::move(id)});
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail_errno(error.value(), "list {}", below.string());
  return marked;
}

// A kernel without nftables has none.
Result<std::vector<StrayTable>> marked_tables(Firewall& firewall) {
  std::vector<StrayTable> marked;
  const auto names = firewall.tables();
  if (!names) return marked;
  for (const std::string& name : *names) {
    if (!name.starts_with(kTablePrefix)) continue;
    TRY_ASSIGN(const auto comment, firewall.find_table(name));
    auto mark = comment ? read_mark(*comment) : std::nullopt;
    if (mark && name == fmt::format("{}{}", kTablePrefix, mark->claim_id))
      marked.push_back({.name = name, .mark = *std::move(mark)});
  }
  return marked;
}

Result<Strays> all_marked(System system, const fs::path& folders) {
  Strays all;
  TRY_ASSIGN(all.processes, system.processes.all_marked());
  TRY_ASSIGN(auto links, system.kernel.links());
  all.links = marked_links(std::move(links));
  TRY_ASSIGN(all.tables, marked_tables(system.firewall));
  TRY_ASSIGN(all.folders, marked_folders(folders));
  return all;
}

// Takes out what is not in `other`, too.
void keep_common(Strays& strays, const Strays& other) {
  std::erase_if(strays.processes, [&](const MarkedProcess& process) {
    return std::ranges::find(other.processes, process) == other.processes.end();
  });
  std::erase_if(strays.links, [&](const StrayLink& stray) {
    return std::ranges::none_of(other.links, [&](const StrayLink& one) {
      return one.link.ifindex == stray.link.ifindex && one.link.alias == stray.link.alias;
    });
  });
  std::erase_if(strays.tables, [&](const StrayTable& stray) {
    return std::ranges::find(other.tables, stray.name, &StrayTable::name) == other.tables.end();
  });
  std::erase_if(strays.folders, [&](const StrayFolder& stray) {
    return std::ranges::find(other.folders, stray.path, &StrayFolder::path) == other.folders.end();
  });
}

LinkIdentity identity_of(const Link& link) {
  return {.ifindex = link.ifindex, .link_kind = link.kind, .parent_ifindex = link.parent_ifindex, .alias = link.alias};
}

}  // namespace

Result<Strays> find_strays(System system, Ledger& ledger, const fs::path& folders) {
  // A claim is there before its thing and after it. So what is seen, then has no claim, and then is seen again has none.
  TRY_ASSIGN(Strays strays, all_marked(system, folders));
  TRY_ASSIGN(const std::vector<Claim> claims, ledger.load());
  std::set<std::string> known;
  for (const Claim& claim : claims) known.insert(claim.id);
  std::erase_if(strays.processes, [&](const MarkedProcess& process) { return known.contains(process.claim_id); });
  std::erase_if(strays.links, [&](const StrayLink& stray) { return known.contains(stray.mark.claim_id); });
  std::erase_if(strays.tables, [&](const StrayTable& stray) { return known.contains(stray.mark.claim_id); });
  std::erase_if(strays.folders, [&](const StrayFolder& stray) { return known.contains(stray.claim_id); });
  if (strays.processes.empty() && strays.links.empty() && strays.tables.empty() && strays.folders.empty())
    return strays;
  TRY_ASSIGN(const Strays again, all_marked(system, folders));
  keep_common(strays, again);
  return strays;
}

Result<void> end_stray(System system, const StrayLink& stray) {
  TRY_ASSIGN(const auto link, system.kernel.find_link(stray.link.ifindex));
  if (!link) return {};
  if (link->alias != stray.link.alias || !difference(*link, identity_of(stray.link)).empty())
    return fail(Code::failed_precondition, "link {} has become another one", stray.link.ifindex);
  auto deleted = system.kernel.delete_link(link->ifindex);
  if (!deleted && deleted.error().code() != Code::not_found) return deleted;
  return {};
}

Result<void> end_stray(System system, const MarkedProcess& stray, Deadline deadline) {
  TRY(system.processes.kill(stray.claim_id, stray.identity, deadline));
  return {};
}

Result<void> end_stray(System system, const StrayTable& stray) {
  TRY_ASSIGN(const auto comment, system.firewall.find_table(stray.name));
  if (!comment) return {};
  if (*comment != link_mark(stray.mark.ledger, stray.mark.claim_id))
    return fail(Code::failed_precondition, "{} has become another one", stray.name);
  return system.firewall.delete_table(stray.name);
}

Result<void> end_stray(const StrayFolder& stray) {
  Claim claim{.id = stray.claim_id, .identity = FolderIdentity{.path = stray.path.string()}};
  TRY_ASSIGN(const Ended ended, end_folder(claim));
  if (!ended.not_ours.empty()) return fail(Code::failed_precondition, "{}: {}", stray.path.string(), ended.not_ours);
  return {};
}

}  // namespace lodge::netdev
