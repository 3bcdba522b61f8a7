#pragma once

#include <string>

#include "base/file.h"

namespace lodge::test {

// A small certificate authority, made with the openssl command.
class Pki {
 public:
  // In a folder of its own: ca.crt, ca.key.
  explicit Pki(fs::path folder);

  struct Subject {
    std::string common_name;
    std::string alternative_names = {};  // "DNS:host1,IP:192.0.2.1,URI:spiffe://site/admin"
    std::string purpose = "clientAuth";  // extended key usage
    int days = 30;                       // until it expires; negative: it has expired
  };
  // Makes NAME.crt and NAME.key.
  void issue(const std::string& name, const Subject& subject) const;

  fs::path certificate(const std::string& name) const { return folder_ / (name + ".crt"); }
  fs::path key(const std::string& name) const { return folder_ / (name + ".key"); }
  fs::path ca() const { return folder_ / "ca.crt"; }

 private:
  fs::path folder_;
};

}  // namespace lodge::test
