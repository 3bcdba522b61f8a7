#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/fd.h"
#include "base/pki/revoked.h"
#include "base/result.h"
#include "daemon/rpc/client_certificates.h"
#include "daemon/rpc/tls_files.h"

namespace lodge::rpc {

// Keeps a TLS door as fresh as its files, on a thread of its own. Certificate, key and authorities are read together,
// checked together, and handed to gRPC as copies in a folder of ours that changes in one step: however they are replaced,
// gRPC never sees a key beside another's certificate. A new set that could not work is refused, with its reason in the log,
// and the old one goes on. Revocations count at once. Only ever more is revoked by accident: a list that is damaged adds what
// can be read, one that is gone takes nothing back.
class TlsKeeper {
 public:
  // `folder` is where gRPC finds the copies; only ours. `certificates` gets each new trust; `changed` is called after that,
  // on the keeper's thread. Both outlive it. Blocks; fails if the files cannot work.
  static Result<std::unique_ptr<TlsKeeper>> start(TlsFiles files, fs::path folder, ClientCertificates& certificates,
                                                  std::function<void()> changed);
  ~TlsKeeper();
  TlsKeeper(const TlsKeeper&) = delete;
  TlsKeeper& operator=(const TlsKeeper&) = delete;

  // Looks now, whether or not the files seem to have changed. Any thread; returns at once.
  void look_again();

  // Where gRPC shall read.
  fs::path certificate() const { return folder_ / "current" / "certificate.pem"; }
  fs::path key() const { return folder_ / "current" / "key.pem"; }
  fs::path ca() const { return folder_ / "current" / "ca.pem"; }

 private:
  TlsKeeper(TlsFiles files, fs::path folder, ClientCertificates& certificates, std::function<void()> changed,
            std::vector<pki::Certificate> authorities, pki::RevocationList revoked);
  void run();
  void look(bool even_if_same);
  bool look_at_set(bool even_if_same);
  // Of a set that is refused, what is gone from its authorities counts.
  bool distrust();
  bool look_at_revoked(bool even_if_same);
  Result<void> publish(const TlsSet& set);
  std::shared_ptr<const pki::Trust> trust() const;
  void watch_folders();

  const TlsFiles files_;
  const fs::path folder_;
  ClientCertificates& certificates_;
  const std::function<void()> changed_;
  // After start(), the keeper's thread only.
  std::vector<pki::Certificate> authorities_;
  pki::RevocationList revoked_;
  std::string set_seen_, revoked_seen_;  // what the files looked like when they were last read
  std::optional<Error> set_wrong_;       // why the last set was refused, until it has been told
  std::chrono::steady_clock::time_point set_wrong_since_{};
  std::time_t generation_ = 0;

  Fd wake_, stop_, folders_;
  std::thread thread_;
};

}  // namespace lodge::rpc
