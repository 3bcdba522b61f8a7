#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/pki/certificate.h"
#include "base/result.h"

namespace lodge::pki {

// Certificates that count no more, whoever signed them. As text, one a line, with a remark after `#`:
//
//     sha256:5f1c…                 # the fingerprint of a certificate
//     serial:04a1…                 # its serial number, of any authority
//
// Both in hexadecimal digits, with or without colons between bytes. Immutable once read: any thread.
class RevocationList {
 public:
  // Reads all that can be read; `damaged` tells the first line that cannot, as "LINE: what is wrong".
  struct Read;
  static Read parse(std::string_view text);

  // The remark of the line that revokes it (which may be empty); none if it is not revoked.
  std::optional<std::string> reason(const Certificate& certificate) const;
  // Takes over what `other` revokes.
  void add(const RevocationList& other);
  std::size_t size() const { return entries_.size(); }
  bool operator==(const RevocationList&) const = default;

 private:
  std::map<std::string, std::string, std::less<>> entries_;  // "sha256:…" or "serial:…", and the remark
};

struct RevocationList::Read {
  RevocationList list;
  std::optional<std::string> damaged;
};

// Blocks. A file that is not there revokes nobody; one that cannot be read, or not wholly, is an error that names file
// and line.
Result<RevocationList> load_revoked(const fs::path& file);

// Adds the certificate to the file, by its fingerprint, and returns when that is durable. Blocks. already_exists if it is
// revoked already. `remark` is one line.
Result<void> revoke(const fs::path& file, const Certificate& certificate, std::string_view remark);
// The same by an entry, "sha256:…" or "serial:…", for a certificate that is not at hand.
Result<void> revoke(const fs::path& file, std::string_view entry, std::string_view remark);

}  // namespace lodge::pki
