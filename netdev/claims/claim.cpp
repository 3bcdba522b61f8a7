#include "netdev/claims/claim.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/uuid.h"

namespace lodge::netdev {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 3> kStates = {"planned", "held", "releasing"};

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
};

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
  return fail(Code::data_loss, "a claim of unknown kind '{}'", kind);
}

struct Describer {
  const std::string& name;
  std::string operator()(const LinkIdentity& link) const { return fmt::format("{} (link {})", name, link.ifindex); }
  std::string operator()(const ProcessIdentity& process) const {
    return process.pid == 0 ? fmt::format("{} (a process)", name) : fmt::format("{} (process {})", name, process.pid);
  }
  std::string operator()(const FolderIdentity& folder) const { return folder.path; }
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
