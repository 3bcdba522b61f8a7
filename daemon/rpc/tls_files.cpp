#include "daemon/rpc/tls_files.h"

#include "base/pki/revoked.h"

namespace lodge::rpc {

Result<TlsSet> load_tls_files(const TlsFiles& files, pki::Clock::time_point now) {
  TRY_ASSIGN(std::vector<pki::Certificate> chain, pki::load_certificates(files.certificate));
  for (const pki::Certificate& certificate : chain) TRY(pki::check_dates(certificate, files.certificate, now));
  if (!chain.front().serves(pki::Use::server))
    return fail(Code::invalid_argument,
                "{}: the certificate is not meant for a TLS server (extended key usage serverAuth)",
                files.certificate.string());

  TRY_ASSIGN(pki::Key key, pki::load_key(files.key));
  if (!key.belongs_to(chain.front()))
    return fail(Code::invalid_argument, "{}: the key does not belong to the certificate in {}", files.key.string(),
                files.certificate.string());

  TRY_ASSIGN(std::vector<pki::Certificate> authorities, pki::load_certificates(files.ca));
  for (const pki::Certificate& authority : authorities) {
    TRY(pki::check_dates(authority, files.ca, now));
    if (!authority.is_authority())
      return fail(Code::invalid_argument, "{}: a certificate in it is not an authority's (basic constraint CA)",
                  files.ca.string());
  }
  return TlsSet{std::move(chain), std::move(key), std::move(authorities)};
}

Result<void> check_tls_files(const TlsFiles& files, pki::Clock::time_point now) {
  TRY(load_tls_files(files, now));
  TRY(pki::load_revoked(files.revoked));
  return {};
}

}  // namespace lodge::rpc
