#pragma once

#include <openssl/x509.h>

#include <string>

// Certificates told to people. OpenSSL's own printing is for dumps.
namespace lodge::client {

// The names it goes by: "CN=host1, DNS host1.example.org, IP 10.0.0.1"; "no name" if it has none.
std::string x509_identity(const X509* certificate);

// "2026-11-22 18:00:00 UTC"; empty if it is not a time.
std::string x509_time(const ASN1_TIME* time);

}  // namespace lodge::client
