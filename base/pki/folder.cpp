#include "base/pki/folder.h"

#include <algorithm>

namespace lodge::pki {

Result<Authority> load_authority(const fs::path& certificate, const fs::path& key) {
  auto certificates = load_certificates(certificate);
  if (!certificates && certificates.error().sys() == ENOENT)
    return fail(Code::not_found, "there is no authority: {} is not there; run: lodge pki init", certificate.string());
  if (!certificates) return Failure(std::move(certificates).error());
  auto secret = load_key(key);
  if (!secret && secret.error().sys() == ENOENT)
    return fail(Code::not_found,
                "{} is not there: without the key of the authority in {} nothing can be signed on this host",
                key.string(), certificate.string());
  if (!secret) return Failure(std::move(secret).error());
  for (Certificate& one : *certificates)
    if (one.is_authority() && secret->belongs_to(one)) return Authority{std::move(one), std::move(*secret)};
  return fail(Code::invalid_argument, "{}: the key does not belong to an authority in {}", key.string(),
              certificate.string());
}

Result<void> record(const fs::path& issued, const Certificate& certificate) {
  TRY(make_folder(issued, 0755));
  return write_file(issued / (certificate.serial() + ".crt"), certificate.pem(), 0644);
}

Result<std::vector<Certificate>> recorded(const fs::path& issued) {
  std::vector<Certificate> all;
  std::error_code error;
  for (fs::directory_iterator file(issued, error), end; !error && file != end; file.increment(error)) {
    if (file->path().extension() != ".crt") continue;
    auto certificates = load_certificates(file->path());
    if (certificates) all.push_back(std::move(certificates->front()));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail_errno(error.value(), "read {}", issued.string());
  std::ranges::sort(all, {}, &Certificate::not_before);
  return all;
}

}  // namespace lodge::pki
