#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/pki/issue.h"
#include "base/result.h"

namespace lodge::pki {

// Where `lodge pki` keeps a host's certificates and lodged looks for them unless its settings say otherwise.
inline constexpr std::string_view kHostFolder = "/etc/lodge/tls";

// The files of such a folder. All blocking.
struct Folder {
  fs::path path{kHostFolder};

  fs::path ca() const { return path / "ca.crt"; }
  fs::path ca_key() const { return path / "ca.key"; }
  fs::path server() const { return path / "server.crt"; }
  fs::path server_key() const { return path / "server.key"; }
  fs::path revoked() const { return path / "revoked"; }
  fs::path issued() const { return path / "issued"; }
};

// Certificate and key, which belong together. Errors name the file; not_found says how an authority is made.
Result<Authority> load_authority(const fs::path& certificate, const fs::path& key);

// Keeps a copy of a certificate that was made, so that it can be found when it is to be revoked.
Result<void> record(const fs::path& issued, const Certificate& certificate);

// All that were recorded, oldest first. Files that hold no certificate are left out.
Result<std::vector<Certificate>> recorded(const fs::path& issued);

}  // namespace lodge::pki
