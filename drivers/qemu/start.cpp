#include "drivers/qemu/start.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "drivers/qemu/command_line/command_line.h"
#include "drivers/qemu/command_line/interfaces.h"
#include "drivers/qemu/live.h"
#include "drivers/qemu/log_file.h"
#include "drivers/qemu/monitor_socket.h"
#include "drivers/qemu/plan.h"
#include "drivers/qemu/qemu_guest.h"
#include "drivers/qemu/spawn.h"
#include "netdev/claims/process.h"
#include "netdev/claims/process_record.h"

namespace lodge::drivers::qemu {

namespace {

using qmp::Json;
using Pending = std::shared_ptr<qmp::Link::Pending>;

// How long to wait for the end of a process whose monitor has closed, before its last words are read.
constexpr auto kLastBreath = std::chrono::seconds(2);

// A QEMU that has been spawned, and what is needed to talk to it.
struct Launched {
  Spawned process;
  Fd monitor;
  std::uint64_t log_start = 0;
};

// --- in the pool: everything that blocks, in one go ---

Result<std::map<int, std::vector<Fd>>> open_all_vhost(const v1::DomainSpec& spec,
                                                      const std::map<int, netdev::NetworkPort>& ports) {
  std::map<int, std::vector<Fd>> vhost;
  for (const auto& [index, port] : ports) {
    if (index < 0 || index >= spec.interfaces_size()) continue;
    TRY_ASSIGN(std::vector<Fd> fds, open_vhost(spec.interfaces(index), spec.type(), port.fds.size()));
    if (!fds.empty()) vhost[index] = std::move(fds);
  }
  return vhost;
}

// The firmware's variables begin as a copy of the template and are the guest's own from then on.
Result<void> make_nvram(const v1::OsNvram& nvram) {
  constexpr std::size_t kLargest = 64u << 20;
  std::error_code error;
  if (nvram.path().empty() || fs::exists(nvram.path(), error)) return {};
  if (nvram.template_().empty()) {
    return fail(Code::failed_precondition, "{} does not exist, and no template is named to make it from", nvram.path());
  }
  TRY_ASSIGN(const std::string content, read_file(nvram.template_(), kLargest));
  TRY(make_folder(fs::path(nvram.path()).parent_path()));
  return write_file(nvram.path(), content);
}

std::vector<std::string> environment_for(const netdev::Claim& claim, const Run& run,
                                         const std::vector<std::string>& more) {
  std::vector<std::string> environment = {"LC_ALL=C",
                                          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                          "HOME=" + work_folder(run).string(), netdev::process_mark(claim.id)};
  std::ranges::move(netdev::process_origin(run.ledger, run.domain_uuid), std::back_inserter(environment));
  environment.insert(environment.end(), more.begin(), more.end());
  return environment;
}

// Who else may use the device that runs guests, where it is not for everybody.
std::vector<std::uint32_t> groups_for(const v1::DomainSpec& spec) {
  struct stat device{};
  if (spec.type() != v1::DOMAIN_TYPE_KVM || ::stat("/dev/kvm", &device) != 0) return {};
  const bool for_its_group = (device.st_mode & 0006) != 0006 && (device.st_mode & 0060) == 0060 && device.st_gid != 0;
  return for_its_group ? std::vector<std::uint32_t>{device.st_gid} : std::vector<std::uint32_t>();
}

// The run's folder stays ours, with the monitor's socket in it, which nobody else may put another in place of; what QEMU itself makes goes
// into one of its own.
Result<void> make_work_folder(const Run& run) {
  if (!run.run_as) return {};
  const fs::path folder = work_folder(run);
  if (::chmod(run.folder.c_str(), 0711) != 0) return fail_errno(errno, "open {} for others", run.folder.string());
  if (::mkdir(folder.c_str(), 0700) != 0) return fail_errno(errno, "make the folder {}", folder.string());
  if (::lchown(folder.c_str(), run.run_as->uid, run.run_as->gid) != 0)
    return fail_errno(errno, "give {} to user {}", folder.string(), run.run_as->uid);
  return {};
}

Result<Launched> launch(const StartTools& tools, const StartRequest& request, const v1::DomainSpec& live,
                        const netdev::Claim& claim) {
  // The template and the copy would be opened with our own rights.
  if (request.run.run_as && live.os().has_nvram())
    return fail(Code::unsupported, "firmware variables of a guest that runs as another user");
  TRY(make_nvram(live.os().nvram()));
  TRY(make_work_folder(request.run));
  const std::string folder = work_folder(request.run).string();
  TRY_ASSIGN(const auto vhost, open_all_vhost(live, request.ports));
  TRY_ASSIGN(MonitorSocket monitor, make_monitor(request.run.folder));
  const auto now = std::chrono::system_clock::now();
  const CommandLine command = command_line({.spec = live,
                                            .emulator = *tools.emulator,
                                            .folder = folder,
                                            .monitor = monitor.listener.get(),
                                            .ports = request.ports,
                                            .vhost = vhost,
                                            .now = now,
                                            .incoming = request.incoming.has_value()});
  SpawnRequest spawn_request{.argv = {tools.emulator->identity.path},
                             .environment = environment_for(claim, request.run, command.environment),
                             .fds = command.fds,
                             .cgroup = request.run.cgroup};
  spawn_request.argv.insert(spawn_request.argv.end(), command.arguments.begin(), command.arguments.end());
  TRY_ASSIGN(const LogFile log, open_log(request.run.log_file, now, spawn_request.environment, spawn_request.argv));
  TRY_ASSIGN(const Fd record,
             netdev::make_process_record(request.run.folder, claim.id, request.run.ledger, request.run.domain_uuid));
  spawn_request.log = log.fd.get();
  spawn_request.record = record.get();
  spawn_request.run_as = request.run.run_as;
  spawn_request.groups = groups_for(live);
  TRY_ASSIGN(Spawned process, spawn(spawn_request));
  return Launched{.process = std::move(process), .monitor = std::move(monitor.client), .log_start = log.start};
}

Result<Fd> duplicate(const Fd& fd) {
  Fd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno(errno, "duplicate a descriptor");
  return copy;
}

// --- on the control thread: over the monitor ---

// What must be told to QEMU, or asked, before the guest may run. Sent together: one wait for all answers.
class Preparation {
 public:
  // One that comes from another host brings the size of its balloon along.
  Preparation(QemuGuest& guest, bool incoming) : guest_(guest) {
    auto& link = guest.link();
    const auto& spec = guest.live_spec();
    chardevs_ = link.send("query-chardev");
    for (const auto& graphics : spec.graphics()) {
      if (graphics.has_vnc()) {
        set_password("vnc", graphics.vnc().passwd(), graphics.vnc().passwd_valid_to(), graphics.vnc().connected());
        if (graphics.vnc().autoport()) vnc_ = link.send("query-vnc");
      }
      if (graphics.has_spice()) {
        set_password("spice", graphics.spice().passwd(), graphics.spice().passwd_valid_to(),
                     graphics.spice().connected());
      }
    }
    for (const auto& interface : spec.interfaces()) {
      if (interface.link() != v1::LINK_STATE_DOWN) continue;
      orders_.push_back(link.send("set_link", {{"name", interface.alias()}, {"up", false}}));
    }
    if (spec.memballoon().has_stats_period()) {
      orders_.push_back(link.send("qom-set", {{"path", "/machine/peripheral/" + spec.memballoon().alias()},
                                              {"property", "guest-stats-polling-interval"},
                                              {"value", spec.memballoon().stats_period()}}));
    }
    if (!incoming && spec.current_memory() > 0 && spec.current_memory() < spec.memory() &&
        spec.memballoon().model() != v1::MEMBALLOON_MODEL_NONE) {
      orders_.push_back(link.send("balloon", {{"value", spec.current_memory() * 1024}}));
    }
  }

  Task<Result<void>> finish(Deadline deadline) {
    auto& link = guest_.link();
    CO_TRY_ASSIGN(const Json chardevs, co_await link.answer(chardevs_, deadline));
    add_chardev_facts(guest_.mutable_live_spec(), chardevs);
    if (vnc_) {
      CO_TRY_ASSIGN(const Json vnc, co_await link.answer(vnc_, deadline));
      add_vnc_facts(guest_.mutable_live_spec(), vnc);
    }
    for (auto& order : orders_) CO_TRY(co_await link.answer(order, deadline));
    co_return Result<void>{};
  }

 private:
  void set_password(const char* protocol, const std::string& password, const std::string& valid_to,
                    v1::PasswordAction connected) {
    if (password.empty()) return;
    Json arguments = {{"protocol", protocol}, {"password", password}};
    if (connected == v1::PASSWORD_ACTION_FAIL) arguments["connected"] = "fail";
    if (connected == v1::PASSWORD_ACTION_DISCONNECT) arguments["connected"] = "disconnect";
    if (connected == v1::PASSWORD_ACTION_KEEP) arguments["connected"] = "keep";
    orders_.push_back(guest_.link().send("set_password", std::move(arguments)));
    if (valid_to.empty()) return;
    std::tm until{};
    const bool read = ::strptime(valid_to.c_str(), "%Y-%m-%dT%H:%M:%S", &until) != nullptr;
    const std::string time = read ? std::to_string(::timegm(&until)) : "now";
    orders_.push_back(guest_.link().send("expire_password", {{"protocol", protocol}, {"time", time}}));
  }

  QemuGuest& guest_;
  Pending chardevs_, vnc_;
  std::vector<Pending> orders_;
};

Task<Result<void>> bring_up(QemuGuest& guest, const StartRequest& request, Deadline deadline) {
  Preparation preparation(guest, request.incoming.has_value());
  if (request.progress) request.progress("waiting for QEMU's monitor");
  CO_TRY(co_await preparation.finish(deadline));
  if (request.incoming) {
    if (request.progress) request.progress("having QEMU listen for the guest");
    CO_TRY(co_await guest.listen(*request.incoming, deadline));
    co_return Result<void>{};
  }
  if (request.paused) co_return Result<void>{};
  if (request.progress) request.progress("letting the guest run");
  guest.expect_start();
  auto running = guest.link().send("cont");
  CO_TRY(co_await guest.link().answer(std::move(running), deadline));
  co_return Result<void>{};
}

// Ends what is left of a start that failed, and finds the best words for why it did.
Task<Error> clean_up(StartTools tools, std::unique_ptr<QemuGuest> guest, Fd pidfd, fs::path log_file,
                     std::uint64_t log_start, Error why) {
  if (why.code() == Code::unavailable) co_await guest->process().wait_end(Deadline::after(kLastBreath));
  const bool ended = guest->process().ended();
  const ExitStatus status = guest->exit_status();
  guest.reset();
  const auto finish = [&]() -> std::string {
    kill_and_reap(pidfd);
    return last_line(log_file, log_start);
  };
  const std::string words = co_await tools.pool.run(finish);
  if (!ended) co_return std::move(why);
  // A QEMU that gave up has judged what it was asked; one that was killed has not.
  const Code code = status.how == ExitStatus::How::exited ? Code::failed_precondition : Code::unavailable;
  co_return Error(code, fmt::format("QEMU ended during start: {} (log: {})", words.empty() ? status.str() : words,
                                    log_file.string()));
}

v1::GraphicsSpice* spice_without_port(v1::DomainSpec& live) {
  for (auto& graphics : *live.mutable_graphics()) {
    if (!graphics.has_spice() || graphics.spice().port() > 0) continue;
    const bool on_network = graphics.spice().listens().empty() || graphics.spice().listens(0).has_address();
    if (on_network && graphics.spice().autoport()) return graphics.mutable_spice();
  }
  return nullptr;
}

}  // namespace

Task<Result<RunningGuest>> start_guest(StartTools tools, StartRequest request, Deadline deadline) {
  const auto claim = std::ranges::find(request.claims, netdev::ClaimKind::process, &netdev::Claim::kind);
  if (claim == request.claims.end()) co_return fail(Code::internal, "a start without a claim for its process");

  v1::DomainSpec live = live_spec(request.domain.spec(), request.run, request.ports, tools.nvram_dir);
  if (auto* spice = spice_without_port(live)) spice->set_port(planned_spice_port(request.claims));
  const auto spawn_it = [&] { return launch(tools, request, live, *claim); };
  if (request.progress) request.progress("starting QEMU");
  CO_TRY_ASSIGN(Launched launched, co_await tools.pool.run(spawn_it));
  claim->identity = launched.process.identity;

  auto pidfd = duplicate(launched.process.pidfd);
  if (!pidfd) {
    const auto end = [&]() -> bool { return kill_and_reap(launched.process.pidfd), true; };
    co_await tools.pool.run(end);
    co_return Failure(std::move(pidfd).error());
  }
  auto guest = std::make_unique<QemuGuest>(
      QemuGuest::Parts{.control = tools.control,
                       .pool = tools.pool,
                       .live_spec = std::move(live),
                       .pid = launched.process.identity.pid,
                       .uid = request.run.run_as ? request.run.run_as->uid : ::geteuid(),
                       .pidfd = std::move(launched.process.pidfd),
                       .monitor = std::move(launched.monitor),
                       .log_file = request.run.log_file,
                       .log_start = launched.log_start,
                       .observer = request.observer});
  Result<void> up = co_await bring_up(*guest, request, deadline);
  if (up && guest->process().ended()) up = fail(Code::unavailable, "QEMU ended");
  if (up) {
    // A copy: others may look at what this run has.
    const auto complete = [planned = request.claims,
                           live = guest->live_spec()]() -> Result<std::vector<netdev::Claim>> {
      auto claims = planned;
      TRY(complete_claims(claims, live));
      return claims;
    };
    auto completed = co_await tools.pool.run(complete);
    if (completed)
      request.claims = std::move(*completed);
    else
      up = Failure(std::move(completed).error());
  }
  if (!up) {
    co_return Failure(co_await clean_up(std::move(tools), std::move(guest), std::move(*pidfd), request.run.log_file,
                                        launched.log_start, std::move(up).error()));
  }
  guest->announce();
  RunningGuest running;
  running.guest = std::move(guest);
  running.status = request.incoming ? GuestStatus{v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION}
                   : request.paused ? GuestStatus{v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_STARTING_UP}
                                    : GuestStatus{v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_REASON_RUNNING_BOOTED};
  running.memory = Json{{"log_start", launched.log_start}}.dump();
  co_return running;
}

}  // namespace lodge::drivers::qemu
