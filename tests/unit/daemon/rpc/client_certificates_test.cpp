#include "daemon/rpc/client_certificates.h"

#include <catch2/catch.hpp>

#include "base/pki/issue.h"

using namespace lodge;
using namespace lodge::rpc;
using namespace std::chrono_literals;

namespace {

struct Site {
  pki::Authority authority = pki::make_authority("example", pki::Days(10));
  std::string laptop = issue("laptop");

  std::string issue(const std::string& name) const {
    const auto made = pki::issue(authority, {.common_name = name, .valid = pki::Days(1)}, pki::Key::make());
    REQUIRE(made);
    return made->pem();
  }
  std::shared_ptr<const pki::Trust> trust(const std::string& revoked = "") const {
    return std::make_shared<const pki::Trust>(std::vector{authority.certificate},
                                              pki::RevocationList::parse(revoked).list, "ca.crt");
  }
};

}  // namespace

TEST_CASE("nobody is believed before there is anybody to trust") {
  const Site site;
  ClientCertificates certificates;
  CHECK(certificates.judge(site.laptop, "").error().code() == Code::unauthenticated);
}

TEST_CASE("a client's certificate is judged once, and found by what it shows after that") {
  const Site site;
  ClientCertificates certificates;
  certificates.use(site.trust());
  const auto judged = certificates.judge(site.laptop, "");
  REQUIRE(judged);
  CHECK((*judged)->names == std::vector<std::string>{"laptop"});
  CHECK((*judged)->fingerprint.size() == 64);
  CHECK(certificates.judge(site.laptop, "") == *judged);
}

TEST_CASE("a certificate that was believed is refused as soon as it is revoked, and once it has expired") {
  const Site site;
  ClientCertificates certificates;
  certificates.use(site.trust());
  const auto now = pki::Clock::now();
  const auto judged = certificates.judge(site.laptop, "", now);
  REQUIRE(judged);
  CHECK_FALSE(certificates.judge(site.laptop, "", now + 25h));
  certificates.use(site.trust("sha256:" + (*judged)->fingerprint + "  # lost\n"));
  CHECK(certificates.judge(site.laptop, "", now).error().message() == "the certificate (CN=laptop) was revoked: lost");
}

TEST_CASE("whatever is shown, the answer is an error and no more") {
  const Site site;
  ClientCertificates certificates;
  certificates.use(site.trust());
  for (const std::string& shown : {std::string(), std::string("hello"), std::string(70'000, 'A'),
                                   site.laptop.substr(0, site.laptop.size() / 2), std::string("\0\n-----BEGIN", 12)})
    CHECK_FALSE(certificates.judge(shown, shown));
}

TEST_CASE("a client cannot vouch for another, though it has a certificate itself") {
  const Site site;
  ClientCertificates certificates;
  certificates.use(site.trust());
  const pki::Key key = pki::Key::make();
  const auto middle = pki::issue(site.authority, {.common_name = "middle"}, key);
  REQUIRE(middle);
  const auto below = pki::issue({*middle, key}, {.common_name = "below"}, pki::Key::make());
  REQUIRE(below);
  CHECK_FALSE(certificates.judge(below->pem(), middle->pem()));
}
