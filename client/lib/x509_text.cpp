#include "client/lib/x509_text.h"

#include <arpa/inet.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <memory>
#include <vector>

namespace lodge::client {

namespace {

std::string text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, string);
  if (length < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length));
  OPENSSL_free(utf8);
  return text;
}

std::string ip_text(const ASN1_OCTET_STRING* bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  const int length = ASN1_STRING_length(bytes);
  if (length == 4) inet_ntop(AF_INET, ASN1_STRING_get0_data(bytes), text, sizeof text);
  if (length == 16) inet_ntop(AF_INET6, ASN1_STRING_get0_data(bytes), text, sizeof text);
  return text;
}

std::string name_text(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS: return "DNS " + text_of(name.d.dNSName);
    case GEN_EMAIL: return "email " + text_of(name.d.rfc822Name);
    case GEN_URI: return "URI " + text_of(name.d.uniformResourceIdentifier);
    case GEN_IPADD: return "IP " + ip_text(name.d.iPAddress);
    default: return {};
  }
}

}  // namespace

std::string x509_identity(const X509* certificate) {
  std::vector<std::string> names;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
    names.push_back("CN=" + text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));

  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; alternatives && i < sk_GENERAL_NAME_num(alternatives.get()); ++i)
    if (std::string name = name_text(*sk_GENERAL_NAME_value(alternatives.get(), i)); !name.empty())
      names.push_back(std::move(name));
  return names.empty() ? "no name" : fmt::format("{}", fmt::join(names, ", "));
}

std::string x509_time(const ASN1_TIME* time) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(time, &tm) != 1) return {};
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", tm);
}

}  // namespace lodge::client
