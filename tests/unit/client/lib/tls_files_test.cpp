#include "client/lib/tls_files.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <map>

using namespace lodge;
using namespace lodge::client;

namespace {

// A folder of the test's own, gone at its end.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "lodge-tls.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  void put(const char* name, std::string_view content = "") const { REQUIRE(write_file(path / name, content)); }
};

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> const char* {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  };
}

// Self-signed, CN=lodge-test, valid from 2020 to 2120; made for this test with openssl(1); the keys guard nothing.
constexpr std::string_view kCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBGTCBzKADAgECAgEBMAUGAytlcDAVMRMwEQYDVQQDDApsb2RnZS10ZXN0MCAX
DTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAVMRMwEQYDVQQDDApsb2Rn
ZS10ZXN0MCowBQYDK2VwAyEA/JMUD7wPXXySZcNZLEEMPqgUrhSUy3Y+Bvi0d1ye
zDujPzA9MBwGA1UdEQQVMBOBEWFkbWluQGV4YW1wbGUub3JnMB0GA1UdDgQWBBR1
eooTAx3bLSvQMnkSAhhv2oV71TAFBgMrZXADQQDfBJBxF6KaZsRbvMN+56iGggqP
gEaJUB589Od37fSOVvv52TzCk8BHvOcZ0TnAtp0tZM9Mgef+5KUFAQP5ZswL
-----END CERTIFICATE-----
)";
constexpr std::string_view kKey = R"(-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEID+xQtM4ahEP0MuVfyPFAK56JfP4PpxPP7IBaQsLYrfK
-----END PRIVATE KEY-----
)";
constexpr std::string_view kOtherKey = R"(-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIDx1pBYzAU2z9IQ/V5kbKqubbheNS0Wa9UbuGaUg2vEc
-----END PRIVATE KEY-----
)";
constexpr std::string_view kExpired = R"(-----BEGIN CERTIFICATE-----
MIHRMIGEAgECMAUGAytlcDAVMRMwEQYDVQQDDApsb2RnZS10ZXN0MB4XDTIwMDEw
MTAwMDAwMFoXDTIwMDEwMjAwMDAwMFowFTETMBEGA1UEAwwKbG9kZ2UtdGVzdDAq
MAUGAytlcAMhAPyTFA+8D118kmXDWSxBDD6oFK4UlMt2Pgb4tHdcnsw7MAUGAytl
cANBAGimJLIe5U0Ek6CZDPMAh84pjo7/Kqr8AhAZHkkzvNIbj0FI9OTQ4TeaeLah
YItS2d2uGsrPYNO7n6uQqL86ow0=
-----END CERTIFICATE-----
)";

}  // namespace

TEST_CASE("certificate files are looked for in the user's folder before the system's") {
  CHECK(tls_folders(environment({{"HOME", "/home/me"}})) ==
        std::vector<fs::path>{"/home/me/.config/lodge/pki", "/etc/lodge/pki/client"});
  CHECK(tls_folders(environment({{"HOME", "/home/me"}, {"XDG_CONFIG_HOME", "/home/me/cfg"}})).front() ==
        "/home/me/cfg/lodge/pki");
  CHECK(tls_folders(environment({})) == std::vector<fs::path>{"/etc/lodge/pki/client"});
}

TEST_CASE("the caller's certificate file goes before the environment's, and that before the folders'") {
  const Folder folder;
  folder.put("ca.pem");
  folder.put("cert.pem");
  folder.put("key.pem");
  const auto files = find_tls_files({.ca = "/mine/ca"}, environment({{"LODGE_TLS_CERT", "/env/cert"}}), {folder.path});
  REQUIRE(files);
  CHECK(*files == TlsFiles{.ca = "/mine/ca", .certificate = "/env/cert", .key = folder.path / "key.pem"});
}

TEST_CASE("a certificate file that is nowhere is told with the places that were tried") {
  const auto files = find_tls_files({}, environment({}), {"/nowhere/a", "/nowhere/b"});
  REQUIRE_FALSE(files);
  CHECK(files.error().code() == Code::not_found);
  CHECK(files.error().message() ==
        "no certificate authority: LODGE_TLS_CA is not set, and there is no /nowhere/a/ca.pem and /nowhere/b/ca.pem");
}

TEST_CASE("certificate files that fit together are taken, and their identity is known") {
  const Folder folder;
  folder.put("c", kCertificate);
  folder.put("k", kKey);
  const auto material = load_tls({.ca = folder.path / "c", .certificate = folder.path / "c", .key = folder.path / "k"});
  REQUIRE(material);
  CHECK(material->identity == "CN=lodge-test, email admin@example.org");
}

TEST_CASE("what is wrong with a certificate file is said before anybody is called") {
  const Folder folder;
  folder.put("c", kCertificate);
  folder.put("k", kKey);
  folder.put("other", kOtherKey);
  folder.put("old", kExpired);
  folder.put("junk", "not PEM");
  const auto at = [&](const char* name) { return folder.path / name; };
  const auto complaint = [](const TlsFiles& files) {
    const auto material = load_tls(files);
    return material ? std::string("none") : material.error().message();
  };

  CHECK(complaint({.ca = at("none"), .certificate = at("c"), .key = at("k")}) ==
        "open " + at("none").string() + ": No such file or directory");
  CHECK(complaint({.ca = at("junk"), .certificate = at("c"), .key = at("k")}) ==
        at("junk").string() + ": there is no PEM certificate of an authority in it");
  CHECK(complaint({.ca = at("c"), .certificate = at("junk"), .key = at("k")}) ==
        at("junk").string() + ": there is no PEM certificate in it");
  CHECK(complaint({.ca = at("c"), .certificate = at("c"), .key = at("junk")}) ==
        at("junk").string() + ": there is no unencrypted PEM private key in it");
  CHECK(complaint({.ca = at("c"), .certificate = at("c"), .key = at("other")}) ==
        at("other").string() + " is not the key of " + at("c").string());
  CHECK(complaint({.ca = at("c"), .certificate = at("old"), .key = at("k")}) ==
        at("old").string() + " (CN=lodge-test) expired on 2020-01-02 00:00:00 UTC");
}
