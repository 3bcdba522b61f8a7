#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "base/pki/trust.h"
#include "base/result.h"

namespace lodge::rpc {

// A client's certificate that is to be believed.
struct ClientCertificate {
  std::vector<std::string> names;  // access::identities_of()
  std::string fingerprint;
  std::string pem, issuers;  // as it was shown, to be judged again
};

// Judges the certificates of clients: at each handshake and again at each call, since a connection outlives both. What was
// judged once is remembered for a minute, or until the trust changes, so that a call costs a look-up. Any thread.
class ClientCertificates {
 public:
  using Clock = pki::Clock;
  using Judged = std::shared_ptr<const ClientCertificate>;

  // Believes nobody yet.
  ClientCertificates();

  // From now on, for open connections too.
  void use(std::shared_ptr<const pki::Trust> trust);
  // Both as PEM: the client's own certificate, and the issuers that it sent along. unauthenticated says why not. May be
  // given anything.
  Result<Judged> judge(std::string_view certificate, std::string_view issuers, Clock::time_point now = Clock::now());

 private:
  struct Remembered {
    Judged certificate;
    Clock::time_point from, until;
  };
  struct State {
    std::shared_ptr<const pki::Trust> trust;
    std::unordered_map<std::string, Remembered> remembered;  // by the certificate's PEM
  };
  Guarded<State> state_;
};

}  // namespace lodge::rpc
