#include "base/pki/check.h"

#include <sys/stat.h>

#include "base/pki/revoked.h"
#include "base/pki/trust.h"

namespace lodge::pki {
namespace {

using namespace std::chrono_literals;
using Weight = Remark::Weight;

constexpr auto kSoon = 30 * 24h;

class Check {
 public:
  Check(const Files& files, Use use, Clock::time_point now) : files_(files), use_(use), now_(now) {}

  std::vector<Remark> run(const std::string& host) {
    auto chain = load_certificates(files_.certificate);
    auto authorities = load_certificates(files_.ca);
    if (!chain) wrong(chain.error().message(), renew());
    if (!authorities) wrong(authorities.error().message(), use_ == Use::server ? "run: lodge pki init" : fetch_ca());
    if (chain) {
      const Certificate& own = chain->front();
      fine(fmt::format("{}: {}, valid until {}", files_.certificate.string(), own.identity(), own.until()));
      for (const Certificate& one : *chain) dates(one, files_.certificate, renew());
      key(own);
      if (!own.serves(use_))
        wrong(fmt::format("{}: it is not meant for a TLS {}", files_.certificate.string(), word()), renew());
      if (!host.empty() && !own.names_host(host))
        wrong(fmt::format("{}: it is not for {}, but for {}", files_.certificate.string(), host, own.identity()),
              fmt::format("run: lodge pki issue-server {} --force", host));
    }
    if (authorities)
      for (const Certificate& one : *authorities) authority(one);
    if (chain && authorities) trust(*chain, *authorities);
    return std::move(remarks_);
  }

 private:
  std::string_view word() const { return use_ == Use::server ? "server" : "client"; }
  std::string renew() const {
    return use_ == Use::server
               ? "run: lodge pki issue-server --force"
               : "get a token on the host (lodge remote token NAME) and run: lodge remote add HOST TOKEN";
  }
  static std::string fetch_ca() { return "copy ca.crt of the host there, or enrol: lodge remote add HOST TOKEN"; }

  void fine(std::string text) { remarks_.push_back({Weight::fine, std::move(text)}); }
  void wrong(std::string_view what, std::string_view remedy) {
    remarks_.push_back({Weight::wrong, fmt::format("{}; {}", what, remedy)});
  }

  void dates(const Certificate& certificate, const fs::path& file, const std::string& remedy) {
    if (auto in_time = check_dates(certificate, file, now_); !in_time) return wrong(in_time.error().message(), remedy);
    if (certificate.not_after() - now_ < kSoon)
      remarks_.push_back({Weight::warning, fmt::format("{}: {} expires soon, on {}; {}", file.string(),
                                                       certificate.identity(), certificate.until(), remedy)});
  }

  void key(const Certificate& own) {
    const auto key = load_key(files_.key);
    if (!key && key.error().code() == Code::permission_denied && key.error().sys() == 0)
      return wrong(key.error().message(), "who has read it can pose as you");
    if (!key) return wrong(key.error().message(), renew());
    if (!key->belongs_to(own))
      return wrong(fmt::format("{}: the key does not belong to the certificate in {}", files_.key.string(),
                               files_.certificate.string()),
                   renew());
    fine(fmt::format("{}: the key of that certificate", files_.key.string()));
  }

  void authority(const Certificate& one) {
    fine(fmt::format("{}: authority {}, valid until {}", files_.ca.string(), one.identity(), one.until()));
    dates(one, files_.ca,
          use_ == Use::server ? "run: lodge pki init --force, and issue all certificates again" : fetch_ca());
    if (!one.is_authority())
      wrong(fmt::format("{}: {} is not an authority's certificate", files_.ca.string(), one.identity()),
            use_ == Use::server ? "run: lodge pki init" : fetch_ca());
  }

  void trust(const std::vector<Certificate>& chain, const std::vector<Certificate>& authorities) {
    RevocationList revoked;
    if (!files_.revoked.empty()) {
      if (auto list = load_revoked(files_.revoked))
        revoked = std::move(*list);
      else
        wrong(list.error().message(), "correct or remove that line");
    }
    const Trust trust(authorities, std::move(revoked), files_.ca.string());
    if (const auto checked = trust.check(chain.front(), {chain.begin() + 1, chain.end()}, use_, now_); !checked)
      // The other side may trust an authority that is not in this file.
      remarks_.push_back(
          {Weight::warning,
           fmt::format("{}: {}; unless {} another authority, {}", files_.certificate.string(),
                       checked.error().message(), use_ == Use::server ? "clients trust" : "the host trusts", renew())});
  }

  const Files& files_;
  const Use use_;
  const Clock::time_point now_;
  std::vector<Remark> remarks_;
};

}  // namespace

std::vector<Remark> check(const Files& files, Use use, const std::string& host, Clock::time_point now) {
  return Check(files, use, now).run(host);
}

}  // namespace lodge::pki
