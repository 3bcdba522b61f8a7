#include "daemon/rpc/client_certificates.h"

#include <algorithm>

#include "daemon/access/peer.h"

namespace lodge::rpc {
namespace {

using namespace std::chrono_literals;

constexpr auto kRemember = 1min;
constexpr std::size_t kMostRemembered = 4096;

}  // namespace

ClientCertificates::ClientCertificates() {
  state_.lock()->trust = std::make_shared<const pki::Trust>(std::vector<pki::Certificate>(), pki::RevocationList(),
                                                            "no file");
}

void ClientCertificates::use(std::shared_ptr<const pki::Trust> trust) {
  auto state = state_.lock();
  state->trust = std::move(trust);
  state->remembered.clear();
}

Result<ClientCertificates::Judged> ClientCertificates::judge(std::string_view certificate, std::string_view issuers,
                                                             Clock::time_point now) {
  std::string key(certificate);
  std::shared_ptr<const pki::Trust> trust;
  {
    auto state = state_.lock();
    const auto known = state->remembered.find(key);
    if (known != state->remembered.end() && known->second.from <= now && now < known->second.until)
      return known->second.certificate;
    trust = state->trust;
  }
  auto parsed = pki::Certificate::parse(certificate);
  if (!parsed) return fail(Code::unauthenticated, "the client's certificate cannot be read");
  std::vector<pki::Certificate> chain;
  if (auto sent = pki::Certificate::parse_all(issuers)) chain = std::move(*sent);
  TRY(trust->check(*parsed, chain, pki::Use::client, now));

  const pki::Names names = parsed->names();
  std::string fingerprint = parsed->fingerprint();
  const auto judged = std::make_shared<const ClientCertificate>(
      ClientCertificate{.names = access::identities_of(names.uris, names.dns, names.common_name, fingerprint),
                        .fingerprint = fingerprint,
                        .pem = key,
                        .issuers = std::string(issuers)});
  auto state = state_.lock();
  // Judged by what counts no more: the next call asks again.
  if (state->trust != trust) return judged;
  if (state->remembered.size() >= kMostRemembered) state->remembered.clear();
  state->remembered.insert_or_assign(
      std::move(key), Remembered{judged, now, std::min<Clock::time_point>(parsed->not_after(), now + kRemember)});
  return judged;
}

}  // namespace lodge::rpc
