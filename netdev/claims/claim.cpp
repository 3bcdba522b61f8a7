#include "netdev/claims/claim.h"

#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <span>

#include "base/uuid.h"

namespace lodge::netdev {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 3> kStates = {"planned", "held", "releasing"};

constexpr std::string_view kQbg = "802.1Qbg";
constexpr std::string_view kQbh = "802.1Qbh";

// Two hexadecimal digits per byte.
std::string hex(std::span<const std::uint8_t> bytes) { return fmt::format("{:02x}", fmt::join(bytes, "")); }

struct Encoder {
  Json operator()(const LinkIdentity& link) const {
    return {{"ifindex", link.ifindex},
            {"link_kind", link.link_kind},
            {"parent_ifindex", link.parent_ifindex},
            {"alias", link.alias}};
  }
  Json operator()(const ProcessIdentity& process) const {
    return {{"pid", process.pid}, {"start_time", process.start_time}};
  }
  Json operator()(const FolderIdentity& folder) const { return {{"path", folder.path}}; }
  Json operator()(const CgroupIdentity& group) const {
    return {{"path", group.path}, {"device", group.device}, {"inode", group.inode}};
  }
  Json operator()(const PortIdentity& port) const {
    return {{"protocol", port.protocol}, {"address", port.address}, {"number", port.number}};
  }
  Json operator()(const FileIdentity& file) const {
    return {{"path", file.path}, {"device", file.device}, {"inode", file.inode}};
  }
  Json operator()(const PciIdentity& pci) const {
    return {{"address", pci.address}, {"driver", pci.driver}, {"wanted", pci.wanted}};
  }
  Json operator()(const AssociationIdentity& association) const {
    const SwitchPort& port = association.port;
    return {{"parent_ifindex", association.parent_ifindex},
            {"parent", association.parent},
            {"protocol", port.protocol == SwitchPort::Protocol::qbh ? kQbh : kQbg},
            {"mac", port.mac.str()},
            {"station", hex(port.station)},
            {"manager_id", port.manager_id},
            {"type_id", port.type_id},
            {"type_version", port.type_version},
            {"profile", port.profile}};
  }
  Json operator()(const TableIdentity& table) const { return {{"table", table.table}, {"comment", table.comment}}; }
};

Result<std::array<std::uint8_t, 16>> unhex(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  if (text.size() != 2 * bytes.size()) return fail(Code::data_loss, "a station of {} digits", text.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* const begin = text.data() + 2 * i;
    if (std::from_chars(begin, begin + 2, bytes[i], 16).ptr != begin + 2)
      return fail(Code::data_loss, "a station '{}'", text);
  }
  return bytes;
}

Result<AssociationIdentity> decode_association(const Json& object) {
  SwitchPort port{.protocol = object.at("protocol") == kQbh ? SwitchPort::Protocol::qbh : SwitchPort::Protocol::qbg,
                  .manager_id = object.at("manager_id"),
                  .type_id = object.at("type_id"),
                  .type_version = object.at("type_version"),
                  .profile = object.at("profile")};
  TRY_ASSIGN(port.mac, Mac::parse(object.at("mac").get<std::string>()));
  TRY_ASSIGN(port.station, unhex(object.at("station").get<std::string>()));
  return AssociationIdentity{
      .parent_ifindex = object.at("parent_ifindex"), .parent = object.at("parent"), .port = std::move(port)};
}

Result<Identity> decode_object(const Json& object) {
  const std::string kind = object.at("kind");
  if (kind == to_string(ClaimKind::link))
    return LinkIdentity{.ifindex = object.at("ifindex"),
                        .link_kind = object.at("link_kind"),
                        .parent_ifindex = object.at("parent_ifindex"),
                        .alias = object.at("alias")};
  if (kind == to_string(ClaimKind::process))
    return ProcessIdentity{.pid = object.at("pid"), .start_time = object.at("start_time")};
  if (kind == to_string(ClaimKind::folder)) return FolderIdentity{.path = object.at("path")};
  if (kind == to_string(ClaimKind::cgroup))
    return CgroupIdentity{.path = object.at("path"), .device = object.at("device"), .inode = object.at("inode")};
  if (kind == to_string(ClaimKind::port))
    return PortIdentity{
        .protocol = object.at("protocol"), .address = object.at("address"), .number = object.at("number")};
  if (kind == to_string(ClaimKind::file))
    return FileIdentity{.path = object.at("path"), .device = object.at("device"), .inode = object.at("inode")};
  if (kind == to_string(ClaimKind::pci))
    return PciIdentity{.address = object.at("address"), .driver = object.at("driver"), .wanted = object.at("wanted")};
  if (kind == to_string(ClaimKind::table))
    return TableIdentity{.table = object.at("table"), .comment = object.at("comment")};
  if (kind == to_string(ClaimKind::association)) return decode_association(object);
  return fail(Code::data_loss, "a claim of unknown kind '{}'", kind);
}

struct Describer {
  const std::string& name;
  std::string operator()(const LinkIdentity& link) const { return fmt::format("{} (link {})", name, link.ifindex); }
  std::string operator()(const ProcessIdentity& process) const {
    return process.pid == 0 ? fmt::format("{} (a process)", name) : fmt::format("{} (process {})", name, process.pid);
  }
  std::string operator()(const FolderIdentity& folder) const { return folder.path; }
  std::string operator()(const CgroupIdentity& group) const { return group.path; }
  std::string operator()(const PortIdentity& port) const {
    const std::string number = port.number == 0 ? "a free port" : fmt::format("port {}", port.number);
    return fmt::format("{} ({} {}{}{})", name, port.protocol, number, port.address.empty() ? "" : " at ", port.address);
  }
  std::string operator()(const FileIdentity& file) const { return file.path; }
  std::string operator()(const PciIdentity& pci) const { return fmt::format("PCI device {}", pci.address); }
  std::string operator()(const AssociationIdentity& association) const {
    return fmt::format("{} (known to the switch behind {})", name, association.parent);
  }
  std::string operator()(const TableIdentity& table) const {
    return fmt::format("table {} (filter of {})", table.table, name);
  }
};

}  // namespace

std::string new_claim_id() {
  // The first half of a random UUID: 60 random bits and the version's four.
  std::string id;
  const Uuid random = Uuid::random();
  for (std::size_t i = 0; i < 8; ++i) id += fmt::format("{:02x}", random.bytes()[i]);
  return id;
}

std::string_view to_string(ClaimKind kind) {
  switch (kind) {
    case ClaimKind::link: return "link";
    case ClaimKind::process: return "process";
    case ClaimKind::folder: return "folder";
    case ClaimKind::cgroup: return "cgroup";
    case ClaimKind::port: return "port";
    case ClaimKind::file: return "file";
    case ClaimKind::pci: return "pci";
    case ClaimKind::table: return "table";
    case ClaimKind::association: return "association";
  }
  return "unknown";
}

std::string_view to_string(ClaimState state) { return kStates[static_cast<std::size_t>(state)]; }

Result<ClaimState> claim_state(std::string_view word) {
  for (std::size_t i = 0; i < kStates.size(); ++i)
    if (kStates[i] == word) return static_cast<ClaimState>(i);
  return fail(Code::data_loss, "a claim in the unknown state '{}'", word);
}

std::string encode(const Identity& identity) {
  Json object = std::visit(Encoder{}, identity);
  object["kind"] = to_string(static_cast<ClaimKind>(identity.index()));
  return object.dump();
}

Result<Identity> decode(std::string_view text) {
  try {
    return decode_object(Json::parse(text));
  } catch (const Json::exception& broken) {
    return fail(Code::data_loss, "the identity of a claim cannot be read: {}", broken.what());
  }
}

std::string describe(const Claim& claim) { return std::visit(Describer{claim.name}, claim.identity); }

}  // namespace lodge::netdev
