#include "base/pki/bytes.h"

#include <catch2/catch.hpp>

using namespace lodge::pki;

TEST_CASE("bytes survive hexadecimal and base64url, whatever their number") {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string bytes = random_bytes(size);
    CHECK(from_hex(hex(bytes)) == bytes);
    CHECK(from_base64url(base64url(bytes)) == bytes);
  }
}

TEST_CASE("hexadecimal digits may be upper case and have colons between bytes, and nothing else") {
  CHECK(from_hex("0A:ff") == std::string("\x0a\xff", 2));
  CHECK_FALSE(from_hex("0A:f"));
  CHECK_FALSE(from_hex("0:A"));
  CHECK_FALSE(from_hex(":0A"));
  CHECK_FALSE(from_hex("0A:"));
  CHECK_FALSE(from_hex("0x"));
}

TEST_CASE("base64url with stray bits, blanks or padding is refused") {
  CHECK(base64url("f") == "Zg");
  CHECK_FALSE(from_base64url("Zh"));
  CHECK_FALSE(from_base64url("Zg="));
  CHECK_FALSE(from_base64url("Z g"));
  CHECK_FALSE(from_base64url("Z"));
}

TEST_CASE("the digest is the one that everybody computes") {
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
