#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/pki/certificate.h"

namespace lodge::pki {

// One thing that was looked at.
struct Remark {
  enum class Weight { fine, warning, wrong };
  Weight weight = Weight::fine;
  std::string text;  // names the file; what is not fine also says what to do
};

// One side's files.
struct Files {
  fs::path certificate, key, ca;
  fs::path revoked = {};  // a host's; not looked at if empty
};

// Whether a host, or a client, can work with these files: they are there and can be read, belong together, are in date (a
// warning a month ahead), are for this use, are signed by the authority beside them, and are not revoked. `host` is the
// name or address by which clients know the host, if that is to be checked too. Blocks.
std::vector<Remark> check(const Files& files, Use use, const std::string& host, Clock::time_point now = Clock::now());

}  // namespace lodge::pki
