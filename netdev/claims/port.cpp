#include "netdev/claims/port.h"

#include "netdev/claims/claims.h"

namespace lodge::netdev {
namespace {

bool is_everywhere(std::string_view address) { return address.empty() || address == "0.0.0.0" || address == "::"; }

bool meet(const PortIdentity& one, const PortIdentity& other) {
  if (one.number == 0 || one.number != other.number || one.protocol != other.protocol) return false;
  return one.address == other.address || is_everywhere(one.address) || is_everywhere(other.address);
}

}  // namespace

Claim plan_port_number(const Owner& owner, std::string name, const PortIdentity& identity) {
  return Claim{.id = new_claim_id(), .owner = owner, .name = std::move(name), .identity = identity};
}

bool exclude(const Claim& one, const Claim& other) {
  if (one.kind() != other.kind()) return false;
  if (const auto* port = std::get_if<PortIdentity>(&one.identity))
    return meet(*port, std::get<PortIdentity>(other.identity));
  if (const auto* file = std::get_if<FileIdentity>(&one.identity))
    return file->path == std::get<FileIdentity>(other.identity).path;
  if (const auto* pci = std::get_if<PciIdentity>(&one.identity))
    return pci->address == std::get<PciIdentity>(other.identity).address;
  return false;
}

}  // namespace lodge::netdev
