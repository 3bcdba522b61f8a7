#include "client/lib/address.h"

#include <catch2/catch.hpp>

using namespace lodge;
using namespace lodge::client;

namespace {

std::string refusal(std::string_view uri) {
  const auto address = parse_address(uri);
  REQUIRE_FALSE(address);
  CHECK(address.error().code() == Code::invalid_argument);
  return address.error().message();
}

}  // namespace

TEST_CASE("an address on this machine is the path of a socket") {
  CHECK(*parse_address("lodge+unix:///run/lodge/lodge.sock") == Address(UnixAddress{"/run/lodge/lodge.sock"}));
}

TEST_CASE("a path in an address may be percent-encoded") {
  CHECK(*parse_address("lodge+unix:///tmp/a%20b%3F/l.sock") == Address(UnixAddress{"/tmp/a b?/l.sock"}));
}

TEST_CASE("an address elsewhere is a host and a port") {
  CHECK(*parse_address("lodge+tls://host1.example.org:443") == Address(TlsAddress{"host1.example.org", 443}));
  CHECK(*parse_address("lodge+tls://10.0.0.1:443/") == Address(TlsAddress{"10.0.0.1", 443}));
}

TEST_CASE("an address without a port means the usual one") {
  CHECK(*parse_address("lodge+tls://host1") == Address(TlsAddress{"host1", 16515}));
}

TEST_CASE("an IPv6 address stands in brackets, and is written back in them") {
  const auto address = parse_address("lodge+tls://[fd00::1]:16515");
  REQUIRE(address);
  CHECK(*address == Address(TlsAddress{"fd00::1", 16515}));
  CHECK(to_string(*address) == "[fd00::1]:16515");
}

TEST_CASE("a refused address comes with the one that would have been right") {
  CHECK(refusal("/run/lodge/lodge.sock").ends_with("write lodge+unix:///run/lodge/lodge.sock"));
  CHECK(refusal("host1:16515").ends_with("write lodge+tls://host1:16515"));
  CHECK(refusal("lodge+unix://run/lodge.sock").ends_with("with three slashes: lodge+unix:///run/lodge.sock"));
  CHECK(refusal("lodge+tls://fd00::1").ends_with("an IPv6 address goes in brackets: lodge+tls://[::1]:16515"));
  CHECK(refusal("qemu:///system").find("lodge+unix:///PATH/lodge.sock") != std::string::npos);
  CHECK(refusal("").find("lodge+unix:///PATH/lodge.sock") != std::string::npos);
}

TEST_CASE("what an address of ours cannot have is refused, and told") {
  CHECK(refusal("lodge+unix://").find("names no socket") != std::string::npos);
  CHECK(refusal("lodge+unix:///run/lodge/").find("names a folder") != std::string::npos);
  CHECK(refusal("lodge+unix:///run/l.sock?x=1").find("takes no parameters") != std::string::npos);
  CHECK(refusal("lodge+unix:///run/%zz").find("two hexadecimal digits") != std::string::npos);
  CHECK(refusal("lodge+unix:///run/%00").find("two hexadecimal digits") != std::string::npos);
  CHECK(refusal("lodge+unix:///" + std::string(120, 'a')).find("121 bytes, and a socket's may have 107") !=
        std::string::npos);
  CHECK(refusal("lodge+tls://").find("names no host") != std::string::npos);
  CHECK(refusal("lodge+tls://host:0").find("'0' is not a port") != std::string::npos);
  CHECK(refusal("lodge+tls://host:70000").find("'70000' is not a port") != std::string::npos);
  CHECK(refusal("lodge+tls://host:").find("'' is not a port") != std::string::npos);
  CHECK(refusal("lodge+tls://me@host").find("takes no user") != std::string::npos);
  CHECK(refusal("lodge+tls://host/system").find("nothing may follow the port") != std::string::npos);
  CHECK(refusal("lodge+tls://[::1").find("']'") != std::string::npos);
}
