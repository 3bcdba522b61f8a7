#include "daemon/app/environment.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/rpc/listen.h"
#include "daemon/rpc/tls_files.h"

namespace lodge::app {

void prepare_process() {
  // A handler rather than SIG_IGN: programs that we start would inherit the latter.
  struct sigaction ignore{};
  ignore.sa_handler = [](int) {};
  ::sigaction(SIGPIPE, &ignore, nullptr);

  // Each guest and each connection takes a few descriptors.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

Result<void> make_folders(const Paths& paths) {
  ::umask(022);
  TRY(make_folder(paths.socket.parent_path(), 0755));
  TRY(make_folder(paths.runtime, 0755));
  TRY(make_folder(paths.state, 0700));
  TRY(make_folder(paths.logs, 0750));
  ::umask(077);
  return {};
}

Result<std::string> boot_id() {
  TRY_ASSIGN(std::string id, read_file("/proc/sys/kernel/random/boot_id"));
  if (id.ends_with('\n')) id.pop_back();
  return id;
}

access::Rules access_rules(const Settings& settings) {
  access::Rules rules{
      .daemon_uid = ::geteuid(), .group = {}, .group_name = settings.local.group, .allow = settings.tls.allow};
  if (auto group = access::find_group(settings.local.group))
    rules.group = *group;
  else
    log::degraded("of local users, only root may change anything", group.error());
  return rules;
}

rpc::DoorSettings door_settings(const Settings& settings) {
  rpc::DoorSettings door{.limits = {.connections = settings.limits.connections,
                                    .connections_per_peer = settings.limits.connections_per_peer},
                         .message_bytes = settings.limits.message_mib << 20,
                         .idle = std::chrono::seconds(settings.limits.idle_seconds),
                         .unasked_deadline = std::chrono::seconds(settings.limits.deadline_seconds)};
  if (settings.tls.enabled)
    door.tls = {.certificate = settings.tls.certificate, .key = settings.tls.key, .ca = settings.tls.ca};
  return door;
}

Result<void> check(const Settings& settings) {
  if (!settings.tls.enabled) return {};
  if (auto address = rpc::check_address(settings.tls.listen); !address)
    return wrap(std::move(address).error(), "tls.listen");
  if (auto files = rpc::check_tls_files(*door_settings(settings).tls); !files)
    return wrap(std::move(files).error(), "tls");
  return {};
}

void notify(const char* state) { ::sd_notify(/*unset_environment=*/0, state); }

}  // namespace lodge::app
