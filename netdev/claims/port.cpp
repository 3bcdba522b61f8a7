#include "netdev/claims/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/fd.h"
#include "netdev/claims/claims.h"

namespace lodge::netdev {
namespace {

bool is_everywhere(std::string_view address) { return address.empty() || address == "0.0.0.0" || address == "::"; }

bool meet(const PortIdentity& one, const PortIdentity& other) {
  if (one.number == 0 || one.number != other.number || one.protocol != other.protocol) return false;
  return one.address == other.address || is_everywhere(one.address) || is_everywhere(other.address);
}

struct Place {
  sockaddr_storage address{};
  socklen_t size = 0;
};

// None if the address is not in numbers.
std::optional<Place> place_of(const PortIdentity& port) {
  Place place;
  const std::string text = port.address.empty() ? "0.0.0.0" : port.address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(place.address);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(place.address);
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port.number);
    place.size = sizeof v4;
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port.number);
    place.size = sizeof v6;
  } else {
    return std::nullopt;
  }
  return place;
}

}  // namespace

Claim plan_port_number(const Owner& owner, std::string name, const PortIdentity& identity) {
  return Claim{.id = new_claim_id(), .owner = owner, .name = std::move(name), .identity = identity};
}

// As servers do it, with SO_REUSEADDR, so that TCP connections on their way out are no obstacle. For UDP that would let two in.
Result<void> check_port_free(const Claim& claim) {
  const auto& port = std::get<PortIdentity>(claim.identity);
  const auto place = place_of(port);
  if (!place) return {};
  const bool tcp = port.protocol == "tcp";
  const Fd fd(::socket(place->address.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (tcp) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&place->address), place->size) == 0;
  if (bound && (!tcp || ::listen(fd.get(), 1) == 0)) return {};
  if (errno != EADDRINUSE) return {};
  return fail(Code::busy, "{} is in use by another program", describe(claim));
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
