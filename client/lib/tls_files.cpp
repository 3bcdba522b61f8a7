#include "client/lib/tls_files.h"

#include <system_error>

#include "base/pki/certificate.h"

namespace lodge::client {

namespace {

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

}  // namespace

std::vector<fs::path> tls_folders(const Environment& env) {
  std::vector<fs::path> folders;
  const char* config = env("XDG_CONFIG_HOME");
  const char* home = env("HOME");
  if (config && *config)
    folders.push_back(fs::path(config) / "lodge/pki");
  else if (home && *home)
    folders.push_back(fs::path(home) / ".config/lodge/pki");
  folders.push_back("/etc/lodge/pki/client");
  return folders;
}

Result<TlsFiles> find_tls_files(TlsFiles chosen, const Environment& env, const std::vector<fs::path>& folders) {
  struct Wanted {
    fs::path& path;
    const char* variable;
    const char* name;
    const char* what;
  };
  const Wanted wanted[] = {
      {chosen.ca, "LODGE_TLS_CA", "ca.pem", "certificate authority"},
      {chosen.certificate, "LODGE_TLS_CERT", "cert.pem", "client certificate"},
      {chosen.key, "LODGE_TLS_KEY", "key.pem", "client key"},
  };
  for (const Wanted& w : wanted) {
    if (!w.path.empty()) continue;
    if (const char* value = env(w.variable); value && *value) {
      w.path = value;
      continue;
    }
    std::string tried;
    for (const fs::path& folder : folders) {
      const fs::path candidate = folder / w.name;
      if (is_there(candidate)) {
        w.path = candidate;
        break;
      }
      tried += (tried.empty() ? "" : " and ") + candidate.string();
    }
    if (w.path.empty())
      return fail(Code::not_found, "no {}: {} is not set, and there is no {}", w.what, w.variable, tried);
  }
  return chosen;
}

Result<TlsMaterial> load_tls(const TlsFiles& files) {
  TlsMaterial material{.files = files};
  TRY_ASSIGN(material.ca, read_file(files.ca));
  TRY_ASSIGN(material.certificate, read_file(files.certificate));
  TRY_ASSIGN(material.key, read_file(files.key));

  if (!pki::Certificate::parse(material.ca))
    return fail(Code::invalid_argument, "{}: there is no PEM certificate of an authority in it", files.ca.string());
  const auto certificate = pki::Certificate::parse(material.certificate);
  if (!certificate)
    return fail(Code::invalid_argument, "{}: there is no PEM certificate in it", files.certificate.string());
  const auto key = pki::Key::parse(material.key);
  if (!key)
    return fail(Code::invalid_argument, "{}: there is no unencrypted PEM private key in it", files.key.string());
  if (!key->belongs_to(*certificate))
    return fail(Code::invalid_argument, "{} is not the key of {}", files.key.string(), files.certificate.string());

  material.identity = certificate->identity();
  const auto now = pki::Clock::now();
  if (certificate->not_before() > now)
    return fail(Code::invalid_argument, "{} ({}) is not valid before {}", files.certificate.string(), material.identity,
                certificate->from());
  if (certificate->not_after() < now)
    return fail(Code::invalid_argument, "{} ({}) expired on {}", files.certificate.string(), material.identity,
                certificate->until());
  return material;
}

}  // namespace lodge::client
