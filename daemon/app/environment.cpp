#include "daemon/app/environment.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "base/turns.h"
#include "daemon/rpc/listen.h"
#include "daemon/rpc/tls_files.h"

namespace lodge::app {

void prepare_process() {
  take_short_turns();

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
  // Guests of other users reach their own sockets below it; what is there cannot be listed.
  TRY(make_folder(paths.runtime / "runs", 0711));
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

namespace {

Result<access::Policy> policy_of(const Settings& settings) {
  auto policy = access::load_policy(settings.access.policy);
  if (policy || policy.error().findings().empty()) return policy;
  const std::string all = access::describe_findings(policy.error(), settings.access.policy);
  return fail(Code::invalid_argument, "the policy cannot be used:\n{}", all);
}

// Logs, if the group does not exist, that only root may change anything.
access::Rules access_rules(const Settings& settings) {
  access::Rules rules{
      .daemon_uid = ::geteuid(), .group = {}, .group_name = settings.local.group, .allow = settings.tls.allow};
  if (auto group = access::find_group(settings.local.group))
    rules.group = *group;
  else
    log::degraded("of local users, only root may do everything", group.error());
  return rules;
}

}  // namespace

Result<std::unique_ptr<access::Access>> open_access(const Settings& settings, const access::Enrolled& enrolled) {
  TRY_ASSIGN(access::Policy policy, policy_of(settings));
  auto access = std::make_unique<access::Access>(access_rules(settings), access::Policy(), &enrolled);
  for (const std::string& remark : access->replace(std::move(policy))) log::warn("policy: {}", remark);
  return access;
}

Result<std::unique_ptr<access::Auditor>> open_audit(const Settings& settings) {
  const std::string& file = settings.audit.file;
  access::AuditSink sink = access::has_journal() ? access::audit_to_journal() : access::audit_to_log();
  if (!file.empty()) {
    if (!file.starts_with('/')) return fail(Code::invalid_argument, "audit.file: '{}' is not an absolute path", file);
    TRY_ASSIGN(sink, access::audit_to_file(file));
  }
  return std::make_unique<access::Auditor>(std::move(sink));
}

namespace {

rpc::TlsFiles tls_files(const Settings::Tls& tls) {
  return {.certificate = tls.certificate, .key = tls.key, .ca = tls.ca, .revoked = tls.revoked};
}

}  // namespace

rpc::DoorSettings door_settings(const Paths& paths, const Settings& settings) {
  rpc::DoorSettings door{.tls_folder = paths.runtime / "tls",
                         .enrol_listen = settings.tls.enrol_listen,
                         .limits = {.connections = settings.limits.connections,
                                    .connections_per_peer = settings.limits.connections_per_peer},
                         .message_bytes = settings.limits.message_mib << 20,
                         .idle = std::chrono::seconds(settings.limits.idle_seconds),
                         .calls = {.under_way = settings.limits.calls_per_caller,
                                   .a_second = static_cast<double>(settings.limits.calls_per_second)},
                         .memory_bytes = std::size_t{settings.limits.memory_mib} << 20,
                         .unasked_deadline = std::chrono::seconds(settings.limits.deadline_seconds)};
  if (settings.tls.enabled) door.tls = tls_files(settings.tls);
  return door;
}

enrol::EnrolSettings enrol_settings(const Settings& settings) {
  return {.certificate = settings.tls.certificate,
          .ca = settings.tls.ca,
          .ca_key = settings.tls.ca_key,
          .port = rpc::port_of(settings.tls.listen),
          .enrol_port = rpc::port_of(settings.tls.enrol_listen)};
}

host::MigrationSettings migration_settings(const Settings& settings) {
  const Settings::Migration& from = settings.migration;
  return {.place = {.address = from.listen,
                    .first_port = static_cast<std::uint16_t>(from.first_port),
                    .last_port = static_cast<std::uint16_t>(from.last_port)},
          .lease = std::chrono::seconds(from.lease_seconds),
          .limit = std::chrono::seconds(from.limit_seconds),
          .stall = std::chrono::seconds(from.stall_seconds)};
}

Result<void> check(const Settings& settings) {
  TRY(policy_of(settings));
  const std::string& listen = settings.migration.listen;
  const bool six = listen.find(':') != std::string::npos;
  if (auto address = rpc::check_address(fmt::format("{}:1", six ? "[" + listen + "]" : listen)); !address)
    return wrap(std::move(address).error(), "migration.listen");
  if (!settings.tls.enabled) return {};
  if (auto address = rpc::check_address(settings.tls.enrol_listen); !address)
    return wrap(std::move(address).error(), "tls.enrol_listen");
  if (auto address = rpc::check_address(settings.tls.listen); !address)
    return wrap(std::move(address).error(), "tls.listen");
  if (auto files = rpc::check_tls_files(tls_files(settings.tls)); !files) return wrap(std::move(files).error(), "tls");
  return {};
}

void notify(const char* state) { ::sd_notify(/*unset_environment=*/0, state); }

}  // namespace lodge::app
