#include "client/lib/remotes.h"

#include <algorithm>

#include "base/pki/issue.h"
#include "client/lib/address.h"

namespace lodge::client {

namespace {

constexpr const char* kAddress = "address";  // first line the URI, second the server's name if it differs

// Holds a remote's name. No remote can be called so.
fs::path default_file(const fs::path& folder) { return folder / ".default"; }

Failure none(const std::string& name) {
  return fail(Code::not_found, "there is no remote '{}'; 'lodge remote list' lists those there are", name);
}

Result<void> check_name(const std::string& name) {
  if (auto plain = pki::check_client_name(name); !plain)
    return fail(Code::invalid_argument, "a remote cannot be called '{}': letters, digits, dots, dashes and underscores",
                name);
  return {};
}

}  // namespace

Result<fs::path> remotes_folder(const Environment& env) {
  const char* config = env("XDG_CONFIG_HOME");
  const char* home = env("HOME");
  if (config && *config) return fs::path(config) / "lodge/remotes";
  if (home && *home) return fs::path(home) / ".config/lodge/remotes";
  return fail(Code::not_found, "there is no place for remotes: neither HOME nor XDG_CONFIG_HOME is set");
}

Result<Remote> load_remote(const fs::path& folder, const std::string& name) {
  TRY(check_name(name));
  const fs::path place = folder / name;
  const auto text = read_file(place / kAddress, 4096);
  if (!text && text.error().sys() == ENOENT) return none(name);
  if (!text) return fail(text.error().code(), "remote '{}': {}", name, text.error().message());
  const auto end = std::min(text->find('\n'), text->size());
  Remote remote{.name = name,
                .uri = text->substr(0, end),
                .server_name = text->substr(std::min(end + 1, text->size())),
                .tls = {.ca = place / "ca.pem", .certificate = place / "cert.pem", .key = place / "key.pem"}};
  if (remote.server_name.ends_with('\n')) remote.server_name.pop_back();
  if (auto address = parse_address(remote.uri); !address)
    return wrap(std::move(address).error(), "{}", (place / kAddress).string());
  return remote;
}

Result<std::vector<Remote>> load_remotes(const fs::path& folder) {
  std::vector<Remote> all;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name.starts_with('.')) continue;
    TRY_ASSIGN(Remote remote, load_remote(folder, name));
    all.push_back(std::move(remote));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail_errno(error.value(), "read {}", folder.string());
  std::ranges::sort(all, {}, &Remote::name);
  return all;
}

Result<void> save_remote(const fs::path& folder, const NewRemote& remote, bool replace) {
  TRY(check_name(remote.name));
  const fs::path place = folder / remote.name, fresh = folder / ("." + remote.name + ".new");
  std::error_code error;
  const bool taken = fs::exists(fs::symlink_status(place, error));
  if (taken && !replace)
    return fail(Code::already_exists, "there is a remote '{}' already; remove it first, or --force", remote.name);
  TRY(make_folder(folder, 0700));
  fs::remove_all(fresh, error);
  TRY(make_folder(fresh, 0700));
  TRY(write_file(fresh / "key.pem", remote.key, 0600));
  TRY(write_file(fresh / "cert.pem", remote.certificate, 0600));
  TRY(write_file(fresh / "ca.pem", remote.ca, 0600));
  TRY(write_file(fresh / kAddress, remote.uri + "\n" + remote.server_name + "\n", 0600));
  if (taken) fs::remove_all(place, error);
  fs::rename(fresh, place, error);
  if (error) return fail_errno(error.value(), "put {} in place", place.string());
  return {};
}

Result<void> remove_remote(const fs::path& folder, const std::string& name) {
  TRY(check_name(name));
  std::error_code error;
  if (!fs::exists(fs::symlink_status(folder / name, error))) return none(name);
  TRY_ASSIGN(const std::string current, default_remote(folder));
  if (current == name) TRY(set_default_remote(folder, ""));
  fs::remove_all(folder / name, error);
  if (error) return fail_errno(error.value(), "remove {}", (folder / name).string());
  return {};
}

Result<std::string> default_remote(const fs::path& folder) {
  auto name = read_file(default_file(folder), 4096);
  if (!name && name.error().sys() == ENOENT) return std::string();
  if (!name) return Failure(std::move(name).error());
  while (name->ends_with('\n')) name->pop_back();
  return name;
}

Result<void> set_default_remote(const fs::path& folder, const std::string& name) {
  if (!name.empty()) {
    TRY(load_remote(folder, name));
    return write_file(default_file(folder), name + "\n", 0600);
  }
  std::error_code error;
  fs::remove(default_file(folder), error);
  if (error) return fail_errno(error.value(), "remove {}", default_file(folder).string());
  return {};
}

}  // namespace lodge::client
