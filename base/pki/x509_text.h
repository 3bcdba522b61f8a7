#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

// Certificates told to people. OpenSSL's own printing is for dumps.
namespace lodge::pki {

// What a certificate says whom it is for. A name with a control character in it is left out: no honest one has any.
struct Names {
  std::string common_name;  // empty if it has none; the first of several
  std::vector<std::string> dns, ips, uris, emails;
};
Names x509_names(const X509* certificate);

// The names it goes by: "CN=host1, DNS host1.example.org, IP 10.0.0.1"; "no name" if it has none.
std::string x509_identity(const X509* certificate);

// The same of whoever signed it: "CN=example authority".
std::string x509_issuer(const X509* certificate);

// "2026-11-22 18:00:00 UTC"; empty if it is not a time.
std::string x509_time(const ASN1_TIME* time);

}  // namespace lodge::pki
