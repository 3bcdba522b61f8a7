#include "base/pki/token.h"

#include <catch2/catch.hpp>

#include "base/pki/bytes.h"

using namespace lodge;
using namespace lodge::pki;

namespace {

Token some_token() {
  return {.host = "host1.example",
          .port = 16515,
          .enrol_port = 16516,
          .fingerprint = sha256("a certificate"),
          .id = random_bytes(kTokenIdBytes),
          .secret = random_bytes(kTokenSecretBytes)};
}

}  // namespace

TEST_CASE("a token is one word, and says again what was put into it") {
  const Token token = some_token();
  const std::string text = to_string(token);
  CHECK(text.find_first_of(" \n+/=") == std::string::npos);
  CHECK(parse_token(text) == token);
  CHECK(parse_token("  " + text + "\n") == token);
}

TEST_CASE("a token with any character changed or missing is refused") {
  const std::string text = to_string(some_token());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(parse_token(changed));
    CHECK_FALSE(parse_token(text.substr(0, i)));
  }
}

TEST_CASE("what is no token is told apart from a damaged one and from one of another version") {
  CHECK(parse_token("swordfish").error().message().starts_with("that is no token"));
  CHECK(parse_token("lodge1_AAAA").error().message().starts_with("the token is incomplete or mistyped"));
  CHECK(parse_token("lodge2_AAAA").error().message().starts_with("the token is of another version"));
}

TEST_CASE("a token whose host could not be one is refused though its checksum is right") {
  Token token = some_token();
  token.host = "host1;reboot";
  CHECK_FALSE(parse_token(to_string(token)));
}
