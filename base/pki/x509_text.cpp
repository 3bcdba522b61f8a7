#include "base/pki/x509_text.h"

#include <arpa/inet.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

namespace lodge::pki {

namespace {

// Empty if it cannot be told as text.
std::string text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, string);
  if (length < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length));
  OPENSSL_free(utf8);
  const bool control = std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return control ? std::string() : text;
}

std::string ip_text(const ASN1_OCTET_STRING* bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  const int length = ASN1_STRING_length(bytes);
  if (length == 4) inet_ntop(AF_INET, ASN1_STRING_get0_data(bytes), text, sizeof text);
  if (length == 16) inet_ntop(AF_INET6, ASN1_STRING_get0_data(bytes), text, sizeof text);
  return text;
}

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  return at < 0 ? std::string() : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

void add(std::vector<std::string>& list, std::string text) {
  if (!text.empty()) list.push_back(std::move(text));
}

void add_name(Names& names, const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS: return add(names.dns, text_of(name.d.dNSName));
    case GEN_EMAIL: return add(names.emails, text_of(name.d.rfc822Name));
    case GEN_URI: return add(names.uris, text_of(name.d.uniformResourceIdentifier));
    case GEN_IPADD: return add(names.ips, ip_text(name.d.iPAddress));
    default: return;
  }
}

}  // namespace

Names x509_names(const X509* certificate) {
  Names names{
      .common_name = common_name(X509_get_subject_name(certificate)), .dns = {}, .ips = {}, .uris = {}, .emails = {}};
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; alternatives && i < sk_GENERAL_NAME_num(alternatives.get()); ++i)
    add_name(names, *sk_GENERAL_NAME_value(alternatives.get(), i));
  return names;
}

std::string x509_identity(const X509* certificate) {
  const Names names = x509_names(certificate);
  std::vector<std::string> told;
  if (!names.common_name.empty()) told.push_back("CN=" + names.common_name);
  for (const std::string& name : names.dns) told.push_back("DNS " + name);
  for (const std::string& name : names.ips) told.push_back("IP " + name);
  for (const std::string& name : names.uris) told.push_back("URI " + name);
  for (const std::string& name : names.emails) told.push_back("email " + name);
  return told.empty() ? "no name" : fmt::format("{}", fmt::join(told, ", "));
}

std::string x509_issuer(const X509* certificate) {
  const std::string name = common_name(X509_get_issuer_name(certificate));
  return name.empty() ? "no name" : "CN=" + name;
}

std::string x509_time(const ASN1_TIME* time) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(time, &tm) != 1) return {};
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", tm);
}

}  // namespace lodge::pki
