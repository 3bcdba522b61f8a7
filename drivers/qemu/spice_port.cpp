#include "drivers/qemu/spice_port.h"

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>

#include "base/fd.h"

namespace lodge::drivers::qemu {

namespace {

constexpr std::uint16_t kFirst = 5900;
constexpr std::uint16_t kLast = 65535;

// As the server will do it: with SO_REUSEADDR, so that connections on their way out are no obstacle.
bool is_free(const boost::asio::ip::address& address, std::uint16_t port) {
  const boost::asio::ip::tcp::endpoint endpoint(address, port);
  const Fd fd(::socket(address.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return ::bind(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0 && ::listen(fd.get(), 1) == 0;
}

}  // namespace

Result<int> free_spice_port(const std::string& address, const std::set<std::uint16_t>& taken) {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  if (error)
    return fail(Code::invalid_argument, "'{}' is not a numeric address: name the port, or the address by number",
                address);
  for (std::uint32_t port = kFirst; port <= kLast; ++port) {
    const auto candidate = static_cast<std::uint16_t>(port);
    if (!taken.contains(candidate) && is_free(parsed, candidate)) return candidate;
  }
  return fail(Code::resource_exhausted, "no free port from {} on at {}", kFirst, address);
}

}  // namespace lodge::drivers::qemu
