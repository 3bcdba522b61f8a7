#include "netdev/names.h"

#include <net/if.h>

#include <algorithm>
#include <array>

namespace lodge::netdev {
namespace {

constexpr std::size_t kLongestName = IFNAMSIZ - 1;
constexpr int kTries = 1000;
constexpr std::size_t kListed = 12;

// @source Linux net/core/dev.c, dev_valid_name; '%' because the kernel would take it for a pattern to be filled in.
Result<void> check_name(std::string_view name) {
  const auto bad = [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '/' || c == ':' || c == '%'; };
  if (name.size() > kLongestName)
    return fail(Code::invalid_argument, "the device name '{}' has {} characters, more than {}", name, name.size(),
                kLongestName);
  if (name == "." || name == ".." || std::ranges::any_of(name, bad))
    return fail(Code::invalid_argument, "'{}' cannot be the name of a device: no spaces, '/', ':' or '%'", name);
  return {};
}

// How many different numbers fit behind the prefix.
std::uint64_t room_behind(std::string_view prefix) {
  std::uint64_t room = 1;
  for (std::size_t used = prefix.size(); used < kLongestName; ++used) room *= 10;
  return room;
}

// Where in the range a ledger starts to count. FNV-1a, since std::hash may change from one build to the next.
std::uint64_t start_of(std::string_view instance) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : instance) hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

}  // namespace

Result<std::uint32_t> choose_ifindex(Kernel& kernel, Ledger& ledger) {
  constexpr std::uint64_t kRoom = kLastIfindex - kFirstIfindex + 1;
  const std::uint64_t start = start_of(ledger.instance()) % kRoom;
  for (int i = 0; i < kTries; ++i) {
    TRY_ASSIGN(const std::uint64_t count, ledger.next("ifindex"));
    const auto ifindex = static_cast<std::uint32_t>(kFirstIfindex + (start + count) % kRoom);
    TRY_ASSIGN(const auto taken, kernel.find_link(ifindex));
    if (!taken) return ifindex;
  }
  return fail(Code::resource_exhausted, "no free number for a new link between {} and {}", kFirstIfindex, kLastIfindex);
}

bool has_reserved_prefix(std::string_view name) {
  constexpr std::array<std::string_view, 4> kReserved = {"vnet", "macvtap", "macvlan", "vif"};
  return std::ranges::any_of(kReserved, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

Result<std::string> choose_name(Kernel& kernel, Ledger& ledger, std::string_view wanted, std::string_view prefix) {
  if (!wanted.empty() && !has_reserved_prefix(wanted)) {
    TRY(check_name(wanted));
    TRY_ASSIGN(const auto taken, kernel.find_link(wanted));
    if (taken) return fail(Code::already_exists, "the name {} is taken by link {}", wanted, taken->ifindex);
    return std::string(wanted);
  }
  for (int i = 0; i < kTries; ++i) {
    TRY_ASSIGN(const std::uint64_t number, ledger.next(prefix));
    std::string name = fmt::format("{}{}", prefix, number % room_behind(prefix));
    TRY_ASSIGN(const auto taken, kernel.find_link(name));
    if (!taken) return name;
  }
  return fail(Code::resource_exhausted, "no free name for a new link: the next {} that start with '{}' are taken",
              kTries, prefix);
}

std::string list_links(Kernel& kernel, std::string_view kind) {
  const auto links = kernel.links();
  if (!links) return fmt::format("unknown: {}", links.error().message());
  std::vector<std::string_view> names;
  for (const Link& link : *links)
    if (kind.empty() || link.kind == kind) names.push_back(link.name);
  if (names.empty()) return "none";
  const std::size_t more = names.size() - std::min(names.size(), kListed);
  names.resize(names.size() - more);
  std::string text = fmt::format("{}", fmt::join(names, ", "));
  if (more > 0) text += fmt::format(" and {} more", more);
  return text;
}

}  // namespace lodge::netdev
