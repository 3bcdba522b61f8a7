#include "tests/fault/support/foreign.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "netdev/claims/claims.h"
#include "netdev/claims/process.h"
#include "netdev/names.h"
#include "tests/e2e/support/sandbox.h"
#include "tests/e2e/support/world.h"
#include "tests/fault/support/network_state.h"

namespace lodge::test {
namespace {

using Json = nlohmann::json;

constexpr uid_t kOtherUser = 65534;
// As ours are, but of a ledger that is not here.
constexpr const char* kOtherClaim = "0123456789abcdef";
constexpr const char* kOtherMark = "lodge:0000000000000000:0123456789abcdef";
constexpr std::size_t kMostTaken = 12;

Process other_users_qemu() {
  return Process({.argv = {"qemu-system-x86_64", "-name", "guest=web1", "-machine", "none", "-nodefaults", "-display",
                           "none", "-S", "-monitor", "none"},
                  .environment = {std::string("LODGE_CLAIM=") + kOtherClaim},
                  .uid = kOtherUser});
}

// All of a link but what changes by itself, such as counters and the carrier.
std::string identity_of(const Json& link) {
  Json kept;
  for (const char* const field : {"ifindex", "ifname", "address", "ifalias", "group", "mtu", "link", "master", "qdisc"})
    if (link.contains(field)) kept[field] = link[field];
  // A bridge's data, and that of its ports, have timers in them.
  const Json& info = link.value("linkinfo", Json::object());
  kept["kind"] = info.value("info_kind", "");
  if (kept["kind"] == "macvtap") kept["data"] = info["info_data"];
  kept["up"] = link["flags"].dump().find("\"UP\"") != std::string::npos;
  return kept.dump();
}

std::string inode_of(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return "gone";
  return fmt::format("inode {}", info.st_ino);
}

}  // namespace

Foreign::Foreign(std::string parent, fs::path runs, fs::path sockets)
    : parent_(std::move(parent)),
      folder_(runs / fmt::format("web1.{}", kOtherClaim)),
      sockets_(std::move(sockets)),
      qemu_(other_users_qemu()) {
  // The first names that a new ledger gives.
  for (const char* const name : {"macvtap0", "macvtap1", "macvtap3"})
    plant(fmt::format("link {} name {} type macvtap mode bridge", parent_, name), name);
  for (const char* const name : {"vnet0", "vnet1"}) must_run({"ip", "tuntap", "add", name, "mode", "tap"});
  ip(fmt::format("link set macvtap3 alias {} group {}", kOtherMark, netdev::kLinkGroup));
  plant(fmt::format("link {} name macvtap7 index {} type macvtap mode bridge", parent_, netdev::kFirstIfindex + 77),
        "macvtap7");
  ip("link add br-other type bridge");
  ip("link set vnet1 master br-other");
  must_run({"nft",
            "add table inet lodge_other; add chain inet lodge_other c { type filter hook input priority 0; };"
            " add rule inet lodge_other c iifname macvtap2 drop"});
  must_run({"nft", fmt::format(
                       "add table netdev lodge-{0} {{ comment \"{1}\"; }}; add chain netdev lodge-{0} c {{ type filter "
                       "hook ingress device vnet1 priority 0; }}; add rule netdev lodge-{0} c counter accept",
                       kOtherClaim, kOtherMark)});
  plant_traffic_control();
  if (const auto groups = own_control_group()) {
    group_ = *groups / fmt::format("web1.{}", kOtherClaim);
    fs::create_directory(*group_);
  }
  if (auto made = make_folder(folder_); !made) throw WorldError(made.error().message());
  if (auto written = write_file(folder_ / "qmp", "not a socket"); !written) throw WorldError(written.error().message());
  if (auto made = make_folder(sockets_); !made) throw WorldError(made.error().message());
  if (auto written = write_file(socket(), "nor this"); !written) throw WorldError(written.error().message());
  identities_ = look();
}

Foreign::~Foreign() {
  std::error_code ignored;
  if (group_) fs::remove(*group_, ignored);
  for (const char* const link : {"vnet0", "vnet1", "br-other"}) run({"ip", "link", "del", link});
  run({"nft", "delete table inet lodge_other"});
  run({"nft", fmt::format("delete table netdev lodge-{}", kOtherClaim)});
}

void Foreign::plant(const std::string& arguments, const std::string& link) {
  ip("link add " + arguments);
  ip(fmt::format("link set {} up", link));
}

// The same class as ours has. The classifier is not in every kernel.
void Foreign::plant_traffic_control() const {
  for (const std::string& link : {std::string("macvtap3"), parent_}) {
    must_run({"tc", "qdisc", "add", "dev", link, "root", "handle", "1:", "htb", "default", "1"});
    must_run({"tc", "class", "add", "dev", link, "parent", "1:", "classid", "1:1", "htb", "rate", "1gbit"});
    run({"tc", "filter", "add", "dev", link, "parent", "1:", "protocol", "all", "u32", "match", "u32", "0", "0",
         "flowid", "1:1"});
  }
  run({"tc", "qdisc", "add", "dev", "vnet1", "ingress"});
}

void Foreign::take(std::span<const std::string> names) {
  for (const std::string& name : names) {
    if (fs::exists("/sys/class/net/" + name)) continue;
    if (name.starts_with("vnet"))
      must_run({"ip", "tuntap", "add", name, "mode", "tap"});
    else
      plant(fmt::format("link {} name {} type macvtap mode bridge", parent_, name), name);
    taken_.push_back(name);
  }
  while (taken_.size() > kMostTaken) {
    // One that is not as it was has been told of, and may be anyone's.
    if (identities_.erase("link " + taken_.front()) > 0) ip("link del " + taken_.front());
    taken_.erase(taken_.begin());
  }
  const auto now = look();
  for (const std::string& name : taken_) {
    const std::string key = "link " + name;
    if (const auto one = now.find(key); one != now.end()) identities_.try_emplace(key, one->second);
  }
}

std::map<std::string, std::string> Foreign::look() const {
  std::map<std::string, std::string> seen;
  for (const Json& link : Json::parse(must_run({"ip", "-d", "-j", "link", "show"}))) {
    const std::string name = link["ifname"];
    if (name != "lo" && !name.starts_with(parent_)) seen["link " + name] = identity_of(link);
  }
  for (const auto& [link, text] : traffic_control()) {
    if (link == parent_)
      seen["traffic control of " + link] = text;
    else if (const auto one = seen.find("link " + link); one != seen.end())
      one->second += "\n" + text;
  }
  for (const PacketFilter& table : packet_filters()) seen["table " + table.name] = table.text;
  if (group_) seen["cgroup " + group_->string()] = inode_of(*group_);
  seen["folder " + folder_.string()] = inode_of(folder_) + read_file(folder_ / "qmp").value_or(", empty");
  seen["socket " + socket().string()] = inode_of(socket());
  const auto process = netdev::identify_process(qemu_.pid());
  seen["another user's QEMU"] = process && qemu_.running()
                                    ? fmt::format("pid {}, started {}", process->pid, process->start_time)
                                    : "gone";
  return seen;
}

std::vector<std::string> Foreign::touched() {
  const auto now = look();
  std::vector<std::string> findings;
  std::erase_if(identities_, [&](const auto& planted) {
    const auto& [what, identity] = planted;
    const auto found = now.find(what);
    if (found != now.end() && found->second == identity) return false;
    findings.push_back(fmt::format("{} was {}, is {}", what, identity, found == now.end() ? "gone" : found->second));
    return true;
  });
  return findings;
}

}  // namespace lodge::test
