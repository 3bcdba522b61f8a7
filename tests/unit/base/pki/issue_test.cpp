#include "base/pki/issue.h"

#include <openssl/pem.h>

#include <catch2/catch.hpp>

#include "base/pki/trust.h"

using namespace lodge;
using namespace lodge::pki;
using namespace std::chrono_literals;

namespace {

const auto kNow = Clock::now();

Certificate must_issue(const Authority& authority, const Subject& subject, const Key& key = Key::make()) {
  auto certificate = issue(authority, subject, key);
  INFO((certificate ? "" : certificate.error().message()));
  REQUIRE(certificate);
  return *certificate;
}

Trust trust_in(const Authority& authority, RevocationList revoked = {}) {
  return Trust({authority.certificate}, std::move(revoked), "ca.crt");
}

std::string refusal(const Trust& trust, const Certificate& certificate, Clock::time_point now = kNow) {
  const auto checked = trust.check(certificate, {}, Use::client, now);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code() == Code::unauthenticated);
  return checked.error().message();
}

}  // namespace

TEST_CASE("an authority's certificates are believed for what they were made for, and for nothing else") {
  const Authority authority = make_authority("example", Days(10));
  const Trust trust = trust_in(authority);
  const Certificate client = must_issue(authority, {.common_name = "laptop"});
  const Certificate server = must_issue(authority,
                                        {.common_name = "host1", .dns = {"host1.example"}, .use = Use::server});
  CHECK(trust.check(client, {}, Use::client, kNow));
  CHECK(trust.check(server, {}, Use::server, kNow));
  CHECK(refusal(trust, server) ==
        "the certificate (CN=host1, DNS host1.example) is not meant for a TLS client (extended key usage)");
  CHECK_FALSE(trust.check(client, {}, Use::server, kNow));
  CHECK(client.signed_by(authority.certificate));
}

TEST_CASE("a server's certificate names the hosts that were asked for") {
  const Authority authority = make_authority("example", Days(10));
  const Certificate server = must_issue(
      authority,
      {.common_name = "host1", .dns = {"host1.example"}, .ips = {"192.0.2.1", "2001:db8::1"}, .use = Use::server});
  CHECK(server.names_host("host1.example"));
  CHECK(server.names_host("192.0.2.1"));
  CHECK(server.names_host("2001:db8::1"));
  CHECK_FALSE(server.names_host("host2.example"));
}

TEST_CASE("a certificate of another authority of the same name is not believed") {
  const Authority ours = make_authority("example", Days(10)), theirs = make_authority("example", Days(10));
  CHECK(refusal(trust_in(ours), must_issue(theirs, {.common_name = "laptop"})) ==
        "the certificate (CN=laptop) was signed by CN=example, which is no authority in ca.crt");
}

TEST_CASE("a certificate counts from an hour before it was made until its last day") {
  const Authority authority = make_authority("example", Days(10));
  const Certificate client = must_issue(authority, {.common_name = "laptop", .valid = Days(2)});
  CHECK(trust_in(authority).check(client, {}, Use::client, kNow + 47h));
  CHECK(refusal(trust_in(authority), client, kNow + 49h).starts_with("the certificate (CN=laptop) expired on "));
  CHECK(refusal(trust_in(authority), client, kNow - 2h).find("is not valid before") != std::string::npos);
}

TEST_CASE("no certificate outlives its authority") {
  const Authority authority = make_authority("example", Days(10));
  const Certificate client = must_issue(authority, {.common_name = "laptop", .valid = Days(1000)});
  CHECK(client.not_after() == authority.certificate.not_after());
}

TEST_CASE("a revoked certificate is not believed, by fingerprint or by serial number, and the remark is told") {
  const Authority authority = make_authority("example", Days(10));
  const Certificate client = must_issue(authority, {.common_name = "laptop"});
  const auto revoked = [](const std::string& line) { return RevocationList::parse(line).list; };
  CHECK(refusal(trust_in(authority, revoked("sha256:" + client.fingerprint() + " # stolen in May\n")), client) ==
        "the certificate (CN=laptop) was revoked: stolen in May");
  CHECK(refusal(trust_in(authority, revoked("serial:" + client.serial())), client) ==
        "the certificate (CN=laptop) was revoked");
}

TEST_CASE("a name that would be more than one name in a certificate is refused") {
  const Authority authority = make_authority("example", Days(10));
  const auto made = issue(authority, {.common_name = "x", .dns = {"a,DNS:b"}, .use = Use::server}, Key::make());
  REQUIRE_FALSE(made);
  CHECK(made.error().message() == "'a,DNS:b' cannot be a name of kind DNS in a certificate");
  CHECK_FALSE(issue(authority, {.common_name = "x", .ips = {"300.1.1.1"}, .use = Use::server}, Key::make()));
}

TEST_CASE("a client's name is short and plain") {
  CHECK(check_client_name("laptop-7.ops@example_org"));
  for (const std::string& name : {std::string(), std::string("-x"), std::string("a b"), std::string("a/b"),
                                  std::string("sha256:ab"), std::string("ä"), std::string(65, 'a')})
    CHECK_FALSE(check_client_name(name));
}

TEST_CASE("a request proves that its sender has the key, and gets a certificate for it") {
  const Authority authority = make_authority("example", Days(10));
  const Key key = Key::make();
  const auto asked = key_of_request(make_request(key));
  REQUIRE(asked);
  CHECK(key.belongs_to(must_issue(authority, {.common_name = "laptop"}, *asked)));
}

TEST_CASE("what is no request, or is damaged, is refused") {
  CHECK(key_of_request("hello").error().message() == "that is no certificate request (PKCS #10) in PEM");
  CHECK_FALSE(key_of_request(std::string(100'000, 'A')));
  std::string request = make_request(Key::make());
  const auto near_end = request.rfind("-----END") - 12;
  request[near_end] = request[near_end] == 'A' ? 'B' : 'A';
  CHECK_FALSE(key_of_request(request));
}

TEST_CASE("a certificate that something was changed in is not believed") {
  const Authority authority = make_authority("example", Days(10));
  const std::string pem = must_issue(authority, {.common_name = "laptop"}).pem();
  // But for the last four characters, some bits of which may stand for nothing.
  for (std::size_t i = pem.find('\n') + 1; i < pem.rfind("\n-----END") - 4; i += 7) {
    std::string changed = pem;
    if (changed[i] == '\n') continue;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto parsed = Certificate::parse(changed);
    CHECK_FALSE((parsed && trust_in(authority).check(*parsed, {}, Use::client, kNow)));
  }
}
