#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/pki/certificate.h"
#include "base/pki/revoked.h"
#include "base/pki/token.h"
#include "base/pki/trust.h"
#include "tests/fuzz/check.h"

// Any bytes as what the TLS door is shown (certificates), as the list of the revoked, and as an enrolment token.

using namespace lodge;
using namespace lodge::pki;

namespace {

void judge(const std::vector<Certificate>& shown) {
  const Certificate& leaf = shown.front();
  const std::vector<Certificate> issuers(shown.begin() + 1, shown.end());
  std::ignore = leaf.names();
  std::ignore = leaf.identity();
  std::ignore = leaf.issuer();
  std::ignore = leaf.until();
  std::ignore = leaf.names_host("host1.example");
  if (leaf.fingerprint().size() != 64) fuzz::broken("a fingerprint of another length", leaf.fingerprint());
  // Believing one's own last issuer is the most that somebody can bring along.
  const Trust trust({shown.back()}, {}, "ca.pem");
  for (const Use use : {Use::client, Use::server}) std::ignore = trust.check(leaf, issuers, use, Clock::now());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto shown = Certificate::parse_all(text)) judge(*shown);
  std::ignore = RevocationList::parse(text);
  if (const auto token = parse_token(text); token && to_string(*token) != text)
    fuzz::broken("a token that is spelt in another way", to_string(*token));
  return 0;
}
