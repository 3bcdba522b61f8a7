#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/pki/certificate.h"
#include "base/pki/revoked.h"
#include "base/result.h"

namespace lodge::pki {

// Whom to believe: authorities, and the certificates of theirs that count no more. Immutable: any thread.
class Trust {
 public:
  // `where` is told in messages: the file with the authorities.
  Trust(const std::vector<Certificate>& authorities, RevocationList revoked, std::string where);
  ~Trust();

  // Whether the certificate is one to believe, now and for this use; `chain` may hold the issuers between it and an
  // authority. unauthenticated says why not: signed by another, expired, not for this use, revoked.
  Result<void> check(const Certificate& certificate, const std::vector<Certificate>& chain, Use use,
                     Clock::time_point now) const;

  const RevocationList& revoked() const { return revoked_; }

 private:
  struct Store;
  std::unique_ptr<Store> store_;
  RevocationList revoked_;
  std::string where_;
};

}  // namespace lodge::pki
