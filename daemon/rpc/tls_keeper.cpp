#include "daemon/rpc/tls_keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/log.h"

namespace lodge::rpc {
namespace {

// Between looks that nothing has asked for: for what inotify does not see, such as a link swapped further up.
constexpr int kLookEveryMs = 1000;
// How long a set may be half replaced before that is told.
constexpr auto kSettle = std::chrono::milliseconds(900);
constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_ATTRIB;

// What tells one state of a file from another.
std::string signature(const fs::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) return fmt::format("errno {}", errno);
  return fmt::format("{}:{} {} {}.{} {:o}", info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec, info.st_mode);
}

std::string signature(const TlsFiles& files) {
  return signature(files.certificate) + "," + signature(files.key) + "," + signature(files.ca);
}

std::string pem_of(const std::vector<pki::Certificate>& certificates) {
  std::string pem;
  for (const pki::Certificate& certificate : certificates) pem += certificate.pem();
  return pem;
}

void drain(int fd) {
  std::array<char, 4096> buffer;
  while (::read(fd, buffer.data(), buffer.size()) > 0) {
  }
}

}  // namespace

Result<std::unique_ptr<TlsKeeper>> TlsKeeper::start(TlsFiles files, fs::path folder, ClientCertificates& certificates,
                                                    std::function<void()> changed) {
  TRY_ASSIGN(TlsSet set, load_tls_files(files));
  TRY_ASSIGN(pki::RevocationList revoked, pki::load_revoked(files.revoked));
  // From an earlier life of the daemon.
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  TRY(make_folder(folder, 0700));
  std::unique_ptr<TlsKeeper> keeper(new TlsKeeper(std::move(files), std::move(folder), certificates, std::move(changed),
                                                  set.authorities, std::move(revoked)));
  if (!keeper->wake_ || !keeper->stop_ || !keeper->folders_) return fail_errno(errno, "watch the TLS files");
  TRY(keeper->publish(set));
  certificates.use(keeper->trust());
  keeper->watch_folders();
  keeper->thread_ = std::thread([raw = keeper.get()] { raw->run(); });
  return keeper;
}

TlsKeeper::TlsKeeper(TlsFiles files, fs::path folder, ClientCertificates& certificates, std::function<void()> changed,
                     std::vector<pki::Certificate> authorities, pki::RevocationList revoked)
    : files_(std::move(files)),
      folder_(std::move(folder)),
      certificates_(certificates),
      changed_(std::move(changed)),
      authorities_(std::move(authorities)),
      revoked_(std::move(revoked)),
      set_seen_(signature(files_)),
      revoked_seen_(signature(files_.revoked)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      folders_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

TlsKeeper::~TlsKeeper() {
  if (thread_.joinable()) {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void TlsKeeper::look_again() { ::eventfd_write(wake_.get(), 1); }

void TlsKeeper::run() {
  for (;;) {
    std::array<pollfd, 3> entries{pollfd{stop_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0},
                                  pollfd{folders_.get(), POLLIN, 0}};
    ::poll(entries.data(), entries.size(), kLookEveryMs);
    if (entries[0].revents != 0) return;
    eventfd_t asked = 0;
    const bool told = ::eventfd_read(wake_.get(), &asked) == 0;
    drain(folders_.get());
    look(told);
    watch_folders();
  }
}

void TlsKeeper::look(bool even_if_same) {
  // Not `||`: both are to be looked at.
  const bool set = look_at_set(even_if_same);
  const bool revoked = look_at_revoked(even_if_same);
  if (!set && !revoked) return;
  certificates_.use(trust());
  changed_();
}

bool TlsKeeper::look_at_set(bool even_if_same) {
  std::string now = signature(files_);
  if (now == set_seen_ && !even_if_same) {
    // Two files cannot be replaced in one step; what stays wrong is wrong.
    if (!set_wrong_ || std::chrono::steady_clock::now() - set_wrong_since_ < kSettle) return false;
    log::degraded("tls: the new certificates are refused, and the old ones go on", *set_wrong_);
    set_wrong_.reset();
    return distrust();
  }
  auto set = load_tls_files(files_);
  set_seen_ = std::move(now);
  auto published = set ? publish(*set) : Result<void>(Failure(set.error()));
  if (!published) {
    set_wrong_ = std::move(published).error();
    set_wrong_since_ = std::chrono::steady_clock::now();
    return false;
  }
  set_wrong_.reset();
  log::info("tls: serves with the certificate of {}, valid until {}", set->chain.front().identity(),
            set->chain.front().until());
  authorities_ = std::move(set->authorities);
  return true;
}

bool TlsKeeper::distrust() {
  const auto there = pki::load_certificates(files_.ca);
  if (!there) return false;
  const auto gone = std::erase_if(authorities_, [&](const pki::Certificate& one) {
    return std::ranges::none_of(
        *there, [&](const pki::Certificate& other) { return other.fingerprint() == one.fingerprint(); });
  });
  if (gone == 0) return false;
  log::info("tls: {} authorities of clients are trusted no more", gone);
  return true;
}

bool TlsKeeper::look_at_revoked(bool even_if_same) {
  std::string now = signature(files_.revoked);
  if (now == revoked_seen_ && !even_if_same) return false;
  revoked_seen_ = std::move(now);
  auto text = read_file(files_.revoked);
  if (!text && text.error().sys() == ENOENT && revoked_.size() == 0) return false;
  if (!text) {
    log::degraded("tls: who was revoked stays revoked until lodged is started again", text.error());
    return false;
  }
  auto [list, damaged] = pki::RevocationList::parse(*text);
  if (damaged) {
    log::degraded("tls: who was revoked stays revoked",
                  Error(Code::invalid_argument, fmt::format("{}:{}", files_.revoked.string(), *damaged)));
    list.add(revoked_);
  }
  if (list == revoked_) return false;
  log::info("tls: {} certificates are revoked", list.size());
  revoked_ = std::move(list);
  return true;
}

Result<void> TlsKeeper::publish(const TlsSet& set) {
  // gRPC reads key and certificate one after the other, and again if the second a file was changed in has changed
  // meanwhile. So each generation has a second of its own.
  generation_ = std::max(generation_ + 1, ::time(nullptr));
  const fs::path fresh = folder_ / std::to_string(generation_);
  TRY(make_folder(fresh, 0700));
  const std::pair<const char*, std::string> contents[] = {
      {"certificate.pem", pem_of(set.chain)}, {"key.pem", set.key.pem()}, {"ca.pem", pem_of(set.authorities)}};
  for (const auto& [name, pem] : contents) {
    TRY(write_file(fresh / name, pem, 0600));
    const timespec times[2] = {{generation_, 0}, {generation_, 0}};
    if (::utimensat(AT_FDCWD, (fresh / name).c_str(), times, 0) != 0)
      return fail_errno(errno, "set the time of {}", (fresh / name).string());
  }
  std::error_code error;
  const fs::path before = fs::read_symlink(folder_ / "current", error);
  const fs::path link = folder_ / "next";
  fs::remove(link, error);
  fs::create_directory_symlink(fresh.filename(), link, error);
  if (!error) fs::rename(link, folder_ / "current", error);
  if (error) return fail_errno(error.value(), "put {} in place", (folder_ / "current").string());
  if (!before.empty()) fs::remove_all(folder_ / before, error);
  return {};
}

std::shared_ptr<const pki::Trust> TlsKeeper::trust() const {
  return std::make_shared<const pki::Trust>(authorities_, revoked_, files_.ca.string());
}

// Adding a folder that is watched already changes nothing; one that was replaced is found again.
void TlsKeeper::watch_folders() {
  for (const fs::path& file : {files_.certificate, files_.key, files_.ca, files_.revoked})
    ::inotify_add_watch(folders_.get(), file.parent_path().c_str(), kChanges);
}

}  // namespace lodge::rpc
