#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "client/lib/tls_files.h"

namespace lodge::client {

// A host that this user has enrolled with, under a name of the user's own.
struct Remote {
  std::string name;
  std::string uri;          // lodge+tls://HOST:PORT
  std::string server_name;  // what the host's certificate is for, if not the address; else empty
  TlsFiles tls;
};

// Where remotes are kept: `~/.config/lodge/remotes`, or below $XDG_CONFIG_HOME. One folder each, only for its owner, with
// address, ca.pem, cert.pem and key.pem. not_found if neither variable is set.
Result<fs::path> remotes_folder(const Environment& env);

// All of these block, and take remotes_folder().

// What a remote may be called: as pki::check_client_name(). invalid_argument says so.
Result<Remote> load_remote(const fs::path& folder, const std::string& name);
// By name; none if there is no such folder.
Result<std::vector<Remote>> load_remotes(const fs::path& folder);

struct NewRemote {
  std::string name, uri, server_name;
  std::string ca, certificate, key;  // PEM
};
// In one step: after a crash it is there wholly or not at all. already_exists unless it may `replace`.
Result<void> save_remote(const fs::path& folder, const NewRemote& remote, bool replace);
// not_found if there is none. If it was the default, there is none any more.
Result<void> remove_remote(const fs::path& folder, const std::string& name);

// The remote that commands without an address go to; empty if they go to this machine.
Result<std::string> default_remote(const fs::path& folder);
Result<void> set_default_remote(const fs::path& folder, const std::string& name);

}  // namespace lodge::client
