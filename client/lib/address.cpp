#include "client/lib/address.h"

#include <sys/un.h>

#include <cctype>
#include <charconv>
#include <optional>

namespace lodge::client {

namespace {

constexpr std::string_view kUnixScheme = "lodge+unix://";
constexpr std::string_view kTlsScheme = "lodge+tls://";

Failure refuse(std::string_view uri, std::string_view why) {
  return fail(Code::invalid_argument, "'{}' is not an address of lodged: {}", uri, why);
}

std::optional<char> hex_byte(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || digits.size() != 2 || end != digits.data() + 2 || value == 0) return {};
  return static_cast<char>(value);
}

// Empty if a % is not followed by two hexadecimal digits, or stands for NUL.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = hex_byte(text.substr(i + 1, 2));
    if (!byte) return {};
    out += *byte;
    i += 2;
  }
  return out;
}

Result<Address> parse_unix(std::string_view uri, std::string_view rest) {
  if (rest.empty()) return refuse(uri, fmt::format("it names no socket; write {}", kSystemUri));
  if (rest.front() != '/')
    return refuse(uri, fmt::format("the socket's path must be absolute, with three slashes: {}/{}", kUnixScheme, rest));
  if (rest.find_first_of("?#") != rest.npos) return refuse(uri, "it takes no parameters; write ? as %3F and # as %23");
  const auto path = percent_decoded(rest);
  if (!path) return refuse(uri, "a % must be followed by two hexadecimal digits; write % as %25");
  constexpr std::size_t longest = sizeof(sockaddr_un{}.sun_path) - 1;
  if (path->size() > longest)
    return refuse(uri, fmt::format("the path has {} bytes, and a socket's may have {}", path->size(), longest));
  if (path->back() == '/')
    return refuse(uri, fmt::format("it names a folder; write {}{}lodge.sock", kUnixScheme, rest));
  return UnixAddress{*path};
}

Result<Address> parse_tls(std::string_view uri, std::string_view rest) {
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#") != rest.npos)
    return refuse(uri, fmt::format("nothing may follow the port; write {}HOST:{}", kTlsScheme, kTlsPort));
  if (rest.find('@') != rest.npos) return refuse(uri, "it takes no user; who calls is told by the client certificate");

  TlsAddress address;
  std::string_view port;
  bool has_port = false;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == rest.npos) return refuse(uri, "the ']' after the IPv6 address is missing");
    address.host = rest.substr(1, close - 1);
    const auto after = rest.substr(close + 1);
    if (!after.empty() && after.front() != ':') return refuse(uri, "only :PORT may follow the ']'");
    has_port = !after.empty();
    if (has_port) port = after.substr(1);
  } else {
    const auto colon = rest.find(':');
    if (colon != rest.rfind(':'))
      return refuse(uri, fmt::format("an IPv6 address goes in brackets: {}[::1]:{}", kTlsScheme, kTlsPort));
    address.host = rest.substr(0, colon);
    has_port = colon != rest.npos;
    if (has_port) port = rest.substr(colon + 1);
  }
  if (address.host.empty()) return refuse(uri, fmt::format("it names no host; write {}HOST:{}", kTlsScheme, kTlsPort));
  if (has_port) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size() || address.port == 0)
      return refuse(uri, fmt::format("'{}' is not a port; ports go from 1 to 65535", port));
  }
  return address;
}

// What the writer of an address with no scheme of ours may have meant.
std::string meant(std::string_view uri) {
  if (uri.starts_with('/')) return fmt::format("write {}{}", kUnixScheme, uri);
  if (uri.find("://") == uri.npos && !uri.empty()) return fmt::format("write {}{}", kTlsScheme, uri);
  return fmt::format("write lodge+unix:///PATH/lodge.sock for a daemon on this machine, {}HOST:{} for another",
                     kTlsScheme, kTlsPort);
}

}  // namespace

std::string TlsAddress::host_port() const {
  return host.find(':') == host.npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<Address> parse_address(std::string_view uri) {
  if (uri.starts_with(kUnixScheme)) return parse_unix(uri, uri.substr(kUnixScheme.size()));
  if (uri.starts_with(kTlsScheme)) return parse_tls(uri, uri.substr(kTlsScheme.size()));
  return refuse(uri, meant(uri));
}

std::string to_string(const Address& address) {
  if (const auto* local = std::get_if<UnixAddress>(&address)) return local->path;
  return std::get<TlsAddress>(address).host_port();
}

}  // namespace lodge::client
