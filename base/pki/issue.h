#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/pki/certificate.h"

// Making certificates.
namespace lodge::pki {

using Days = std::chrono::duration<int, std::ratio<86400>>;

struct Authority {
  Certificate certificate;
  Key key;
};

// A new authority, which signs itself.
Authority make_authority(const std::string& name, Days valid, Clock::time_point now = Clock::now());

// A certificate to be made.
struct Subject {
  std::string common_name;
  std::vector<std::string> dns, ips, uris;
  Use use = Use::client;
  Days valid{365};
};

// What a client's name may be: 1 to 64 letters, digits, dots, dashes, underscores and at signs, the first a letter or digit.
// invalid_argument says so.
Result<void> check_client_name(std::string_view name);

// A certificate for the key's holder. It starts an hour ago, so that clocks may differ, and ends no later than the
// authority. invalid_argument if a name in it cannot be one; failed_precondition if the authority has expired.
Result<Certificate> issue(const Authority& authority, const Subject& subject, const Key& key,
                          Clock::time_point now = Clock::now());

// A request for a certificate for this key (PKCS #10, PEM), signed by it.
std::string make_request(const Key& key);
// The key that a request asks for, after it has proved that its sender has it. Names in the request are not looked at.
// invalid_argument if it is none, if it is not signed by its own key, or if that is too weak.
Result<Key> key_of_request(std::string_view pem);

}  // namespace lodge::pki
