#include "drivers/qemu/plan.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include "drivers/qemu/spice_port.h"
#include "netdev/claims/file.h"
#include "netdev/claims/port.h"
#include "netdev/claims/process.h"

namespace lodge::drivers::qemu {

namespace {

using netdev::Claim;
using netdev::PortIdentity;

constexpr const char* kVnc = "vnc";
constexpr const char* kVncWebsocket = "vnc websocket";
constexpr const char* kSpice = "spice";
// With websocket=-1, QEMU counts from this port as it does from 5900 for VNC. @source qemu(1), -vnc websocket
constexpr int kFirstWebsocket = 5700;
constexpr int kFirstVncPort = 5900;

std::uint16_t number_of(std::string_view service) {
  std::uint16_t number = 0;
  std::from_chars(service.data(), service.data() + service.size(), number);
  return number;
}

template <class Graphics>
std::string address_of(const Graphics& graphics) {
  const bool given = !graphics.listens().empty() && graphics.listens(0).has_address();
  const std::string address = given ? graphics.listens(0).address().address() : std::string();
  return address.empty() ? "127.0.0.1" : address;
}

template <class Graphics>
bool on_network(const Graphics& graphics) {
  return graphics.listens().empty() || graphics.listens(0).has_address();
}

class Planning {
 public:
  explicit Planning(const PlanRequest& request)
      : request_(request), owner_{.domain_uuid = request.domain.spec().uuid(), .run_id = request.run.run_id} {
    claims_.push_back(netdev::plan_process(owner_, "qemu"));
  }

  Result<std::vector<Claim>> all() {
    const v1::DomainSpec& spec = request_.domain.spec();
    for (const auto& graphics : spec.graphics()) {
      if (graphics.has_vnc()) TRY(vnc(graphics.vnc()));
      if (graphics.has_spice()) TRY(spice(graphics.spice()));
    }
    TRY(backends(spec.serials()));
    TRY(backends(spec.parallels()));
    TRY(backends(spec.consoles()));
    TRY(backends(spec.channels()));
    TRY(backends(spec.redirdevs()));
    return std::move(claims_);
  }

 private:
  Result<void> vnc(const v1::GraphicsVnc& vnc) {
    if (!on_network(vnc)) return socket_of(vnc.listens(0));
    const bool automatic = vnc.autoport() || vnc.port() <= 0;
    port(kVnc, address_of(vnc), automatic ? 0 : vnc.port());
    if (vnc.has_websocket() && vnc.websocket() != 0) port(kVncWebsocket, address_of(vnc), std::max(vnc.websocket(), 0));
    return {};
  }

  Result<void> spice(const v1::GraphicsSpice& spice) {
    if (!on_network(spice)) return socket_of(spice.listens(0));
    int number = std::max(spice.port(), 0);
    if (number == 0 && spice.autoport()) {
      TRY_ASSIGN(number, free_spice_port(address_of(spice), taken()));
    }
    if (number != 0) port(kSpice, address_of(spice), number);
    return {};
  }

  template <class Devices>
  Result<void> backends(const Devices& devices) {
    for (const auto& device : devices) {
      const v1::CharBackend& backend = device.backend();
      if (backend.has_tcp() && backend.tcp().mode() == v1::CHAR_SOCKET_MODE_BIND)
        port("tcp server", backend.tcp().host(), number_of(backend.tcp().service()));
      for (const auto& source : backend.udp().sources()) {
        if (source.mode() == v1::CHAR_SOCKET_MODE_BIND) udp_port(source.host(), number_of(source.service()));
      }
      if (backend.has_unix_socket() && backend.unix_socket().mode() == v1::CHAR_SOCKET_MODE_BIND)
        TRY(socket(backend.unix_socket().path()));
    }
    return {};
  }

  Result<void> socket_of(const v1::GraphicsListen& listen) {
    return listen.has_socket() ? socket(listen.socket().socket()) : Result<void>();
  }

  // A console may repeat what a serial port has said.
  Result<void> socket(const std::string& path) {
    if (path.empty() || !places_.insert(path).second) return {};
    TRY_ASSIGN(Claim claim, netdev::plan_file(owner_, path));
    claims_.push_back(std::move(claim));
    return {};
  }

  void port(const char* name, const std::string& address, int number) {
    claim({.protocol = "tcp", .address = address, .number = static_cast<std::uint16_t>(number)}, name);
  }

  // Without a number it is any port, which nobody is told.
  void udp_port(const std::string& address, int number) {
    if (number != 0)
      claim({.protocol = "udp", .address = address, .number = static_cast<std::uint16_t>(number)}, "udp");
  }

  void claim(const PortIdentity& identity, const char* name) {
    if (identity.number == 0 || ports_.emplace(identity.protocol, identity.address, identity.number).second)
      claims_.push_back(netdev::plan_port_number(owner_, name, identity));
  }

  // Also this guest's own.
  std::set<std::uint16_t> taken() const {
    std::set<std::uint16_t> numbers;
    for (const auto* const claims : {&request_.others, &claims_}) {
      for (const Claim& claim : *claims) {
        if (const auto* known = std::get_if<PortIdentity>(&claim.identity)) numbers.insert(known->number);
      }
    }
    return numbers;
  }

  const PlanRequest& request_;
  const netdev::Owner owner_;
  std::vector<Claim> claims_;
  std::set<std::string> places_;
  std::set<std::tuple<std::string, std::string, std::uint16_t>> ports_;
};

}  // namespace

Result<std::vector<Claim>> plan_claims(const PlanRequest& request) { return Planning(request).all(); }

Result<void> complete_claims(std::vector<Claim>& claims, const v1::DomainSpec& live) {
  int vnc = 0;
  for (const auto& graphics : live.graphics()) {
    if (graphics.has_vnc()) vnc = graphics.vnc().port();
  }
  for (Claim& claim : claims) {
    if (claim.kind() == netdev::ClaimKind::file) TRY(netdev::identify_file(claim));
    auto* const port = std::get_if<PortIdentity>(&claim.identity);
    if (!port || port->number != 0 || vnc <= 0) continue;
    if (claim.name == kVnc) port->number = static_cast<std::uint16_t>(vnc);
    if (claim.name == kVncWebsocket) port->number = static_cast<std::uint16_t>(vnc - kFirstVncPort + kFirstWebsocket);
  }
  return {};
}

std::uint16_t planned_spice_port(const std::vector<Claim>& claims) {
  // A guest may be called so, too, and with it its folder.
  const auto claim = std::ranges::find_if(
      claims, [](const Claim& one) { return one.kind() == netdev::ClaimKind::port && one.name == kSpice; });
  return claim == claims.end() ? 0 : std::get<PortIdentity>(claim->identity).number;
}

}  // namespace lodge::drivers::qemu
