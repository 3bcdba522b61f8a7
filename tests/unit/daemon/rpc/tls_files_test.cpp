#include "daemon/rpc/tls_files.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <functional>
#include <memory>

using namespace lodge;
using namespace lodge::rpc;
using namespace std::chrono_literals;

namespace {

using Bio = std::unique_ptr<BIO, decltype(&::BIO_free_all)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;

std::string text_of(const Bio& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

Bio memory() { return Bio(BIO_new(BIO_s_mem()), &::BIO_free_all); }

Key new_key() { return Key(EVP_EC_gen("P-256"), &::EVP_PKEY_free); }

std::string pem_of(const Key& key) {
  const Bio out = memory();
  PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(out);
}

struct Contents {
  std::chrono::seconds from = -1h;
  std::chrono::seconds until = 1h;
  int extension = 0;  // an NID, or none
  const char* value = "";
};

// A certificate for this key, signed with it.
std::string certificate(const Key& key, const Contents& contents = {}) {
  const std::unique_ptr<X509, decltype(&::X509_free)> x509(X509_new(), &::X509_free);
  X509_set_version(x509.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), contents.from.count());
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), contents.until.count());
  X509_set_pubkey(x509.get(), key.get());
  if (contents.extension != 0) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, contents.extension, contents.value);
    X509_add_ext(x509.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(x509.get(), key.get(), EVP_sha256());
  const Bio out = memory();
  PEM_write_bio_X509(out.get(), x509.get());
  return text_of(out);
}

// A folder with files that belong together, of which a test spoils one.
struct Folder {
  fs::path path;
  Key key = new_key();
  TlsFiles files;

  Folder() {
    char name[] = "/tmp/lodge-tls-XXXXXX";
    path = ::mkdtemp(name);
    files = {.certificate = path / "server.crt", .key = path / "server.key", .ca = path / "ca.crt"};
    put(files.certificate, certificate(key));
    put(files.key, pem_of(key));
    put(files.ca, certificate(key, {.extension = NID_basic_constraints, .value = "critical,CA:TRUE"}));
  }
  ~Folder() { fs::remove_all(path); }

  void put(const fs::path& file, const std::string& content) const { REQUIRE(write_file(file, content)); }
  std::string complaint() const {
    const auto checked = check_tls_files(files);
    REQUIRE_FALSE(checked);
    return checked.error().message().substr(path.string().size() + 1);
  }
};

}  // namespace

TEST_CASE("files that belong together and are in date are fine") {
  const Folder folder;
  CHECK(check_tls_files(folder.files));
}

TEST_CASE("a missing file is named") {
  const Folder folder;
  fs::remove(folder.files.ca);
  const auto checked = check_tls_files(folder.files);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().message() == "open " + folder.files.ca.string() + ": No such file or directory");
}

TEST_CASE("a key of another certificate is refused") {
  const Folder folder;
  folder.put(folder.files.key, pem_of(new_key()));
  CHECK(folder.complaint() ==
        "server.key: the key does not belong to the certificate in " + folder.files.certificate.string());
}

TEST_CASE("a certificate out of its dates is refused with the date") {
  const Folder folder;
  folder.put(folder.files.certificate, certificate(folder.key, {.from = -2h, .until = -1h}));
  CHECK(folder.complaint().starts_with("server.crt: expired on "));
  folder.put(folder.files.certificate, certificate(folder.key, {.from = 1h, .until = 2h}));
  CHECK(folder.complaint().starts_with("server.crt: not valid before "));
}

TEST_CASE("a client's certificate cannot serve") {
  const Folder folder;
  folder.put(folder.files.certificate,
             certificate(folder.key, {.extension = NID_ext_key_usage, .value = "clientAuth"}));
  CHECK(folder.complaint() ==
        "server.crt: the certificate is not meant for a TLS server (extended key usage serverAuth)");
}

TEST_CASE("an ordinary certificate is no authority") {
  const Folder folder;
  folder.put(folder.files.ca, certificate(folder.key, {.extension = NID_basic_constraints, .value = "CA:FALSE"}));
  CHECK(folder.complaint() == "ca.crt: a certificate in it is not an authority's (basic constraint CA)");
}

TEST_CASE("a key that everybody may read is refused with the remedy") {
  const Folder folder;
  REQUIRE(::chmod(folder.files.key.c_str(), 0644) == 0);
  CHECK(folder.complaint() ==
        "server.key: every user of this host may read it (mode 0644); run: chmod o= " + folder.files.key.string());
}

TEST_CASE("files that hold something else are refused") {
  const Folder folder;
  folder.put(folder.files.ca, "hello\n");
  CHECK(folder.complaint() == "ca.crt: there is no PEM certificate in it");
  folder.put(folder.files.key, "hello\n");
  CHECK(folder.complaint() == "server.key: there is no PEM private key in it");
  folder.put(folder.files.certificate,
             certificate(folder.key) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  CHECK(folder.complaint() == "server.crt: certificate 2 in it is damaged");
}
