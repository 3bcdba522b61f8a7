#include "conf/domain/plug.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "conf/domain/prepare.h"
#include "conf/xml/codec.h"

namespace lodge::conf {

namespace {

constexpr std::string_view kUsersAlias = "ua-";

// "52:54:00:77:00:02 (net0, vnet3)".
std::string name_of(const v1::Interface& interface) {
  std::vector<std::string> more;
  if (!interface.alias().empty()) more.push_back(interface.alias());
  if (!interface.target_dev().empty()) more.push_back(interface.target_dev());
  return more.empty() ? interface.mac() : fmt::format("{} ({})", interface.mac(), fmt::join(more, ", "));
}

Failure no_such(const v1::DomainSpec& guest, std::string_view which) {
  std::vector<std::string> names;
  for (const auto& interface : guest.interfaces()) names.push_back(name_of(interface));
  return fail(Code::not_found, "it has no network card {} (it has {})", which,
              names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, "; ")));
}

// What is wrong with the card is told about its own document.
Failure told_of_card(const Error& error, int card) {
  const std::string before = fmt::format("/domain/devices/interface[{}]", card + 1);
  std::vector<Finding> findings = error.findings();
  for (Finding& finding : findings) {
    for (const std::string& prefix : {before, std::string("/domain/devices/interface/")}) {
      if (!finding.path.starts_with(prefix)) continue;
      const std::string rest = finding.path.substr(prefix.ends_with('/') ? prefix.size() - 1 : prefix.size());
      finding.path = "/interface" + rest;
      break;
    }
  }
  if (findings.empty()) return Failure(error);
  const std::string more = findings.size() > 1 ? fmt::format(" (and {} more)", findings.size() - 1) : "";
  Error told(error.code(), fmt::format("{}: {}{}", findings[0].path, findings[0].message, more));
  return Failure(std::move(told).with_findings(std::move(findings)));
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

Result<v1::Interface> read_interface(std::string_view document) {
  TRY_ASSIGN(auto read, xml::parse<v1::Interface>(document, {.view = View::live}));
  return std::move(read.message);
}

Result<Plugged> plug_interface(v1::Interface interface, const v1::DomainSpec& guest, const v1::Capabilities& host,
                               Plugging how) {
  v1::DomainSpec together = guest;
  const int card = together.interfaces_size();
  const int controllers = together.controllers_size();
  *together.add_interfaces() = std::move(interface);
  auto domain = prepare(std::move(together), host);
  if (!domain) return told_of_card(domain.error(), card);
  if (how == Plugging::hot && domain->spec().controllers_size() > controllers) {
    return fail(Code::failed_precondition,
                "no PCI slot that takes a device while the guest runs is free; define more for its next start: "
                "<controller type='pci' model='pcie-root-port'/>");
  }
  v1::Interface completed = domain->spec().interfaces(card);
  return Plugged{.domain = *std::move(domain), .interface = std::move(completed)};
}

Result<int> find_interface(const v1::DomainSpec& guest, std::string_view which) {
  if (which.empty()) return fail(Code::invalid_argument, "no network card is named");
  const std::string mac = lower(which);
  int found = -1;
  for (int i = 0; i < guest.interfaces_size(); ++i) {
    const auto& interface = guest.interfaces(i);
    if (interface.alias() == which || interface.target_dev() == which) return i;
    if (interface.mac() != mac) continue;
    if (found >= 0)
      return fail(Code::invalid_argument,
                  "several of its cards have the MAC address {}: name one by its host device or alias", which);
    found = i;
  }
  if (found < 0) return no_such(guest, which);
  return found;
}

Result<int> find_interface(const v1::DomainSpec& guest, const v1::Interface& described) {
  if (!described.mac().empty()) return find_interface(guest, described.mac());
  if (!described.target_dev().empty()) return find_interface(guest, described.target_dev());
  if (!described.alias().empty()) return find_interface(guest, described.alias());
  return fail(Code::invalid_argument, "the document does not say which card it means: it has no <mac address='…'/>");
}

std::string next_interface_alias(const v1::DomainSpec& guest, const v1::Interface& interface) {
  if (interface.alias().starts_with(kUsersAlias)) return interface.alias();
  for (int n = 0;; ++n) {
    std::string alias = fmt::format("net{}", n);
    if (std::ranges::none_of(guest.interfaces(), [&](const auto& other) { return other.alias() == alias; }))
      return alias;
  }
}

}  // namespace lodge::conf
