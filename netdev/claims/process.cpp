#include "netdev/claims/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "netdev/claims/kinds.h"
#include "netdev/claims/proc.h"
#include "netdev/claims/process_record.h"

namespace lodge::netdev {
namespace {

constexpr std::string_view kVariable = "LODGE_CLAIM=";
constexpr std::string_view kLedger = "LODGE_LEDGER=";
constexpr std::string_view kDomain = "LODGE_DOMAIN=";

bool is_gone(const Error& error) { return error.sys() == ENOENT || error.sys() == ESRCH; }

struct Marks {
  std::vector<std::string> claim_ids;
  std::string ledger;
  std::string domain_uuid;
};

// What the environment of the process says; nothing for a zombie, which has no environment any more.
Result<Marks> marks_of(std::int64_t pid) {
  TRY_ASSIGN(const std::string environment, environment_of(pid));
  Marks marks;
  std::string_view rest = environment;
  while (!rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find('\0'));
    if (entry.starts_with(kVariable)) marks.claim_ids.emplace_back(entry.substr(kVariable.size()));
    if (entry.starts_with(kLedger)) marks.ledger = entry.substr(kLedger.size());
    if (entry.starts_with(kDomain)) marks.domain_uuid = entry.substr(kDomain.size());
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
  }
  return marks;
}

// Empty if there is no such process.
Result<Fd> open_pidfd(std::int64_t pid) {
  Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
  if (!fd && errno != ESRCH && errno != EINVAL) return fail_errno(errno, "pidfd_open of process {}", pid);
  return fd;
}

// True once the process has ended.
Result<bool> wait_until_ended(const Fd& pidfd, int milliseconds) {
  pollfd wait{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  const int ready = ::poll(&wait, 1, milliseconds);
  if (ready < 0 && errno != EINTR) return fail_errno(errno, "wait for a process to end");
  return ready > 0;
}

// Of a child that has ended; of anyone else's that is its parent's business.
void reap(const Fd& pidfd) {
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG);
}

struct Found {
  enum class What { gone, ended, not_ours, running } what;
  Fd pidfd;  // of ended and running
};

bool knows(std::span<const MarkedProcess> processes, std::string_view claim_id, std::int64_t pid) {
  return std::ranges::any_of(processes, [&](const MarkedProcess& process) {
    return process.claim_id == claim_id && process.identity.pid == pid;
  });
}

// The pidfd comes first: whatever is read afterwards about this pid is of that process, or the process has ended.
// `identity` comes from the ledger or a mark that was believed, so that an environment is enough to tell a pid that was given again.
Result<Found> find_process(const fs::path& runs, std::string_view claim_id, const ProcessIdentity& identity) {
  using enum Found::What;
  TRY_ASSIGN(Fd pidfd, open_pidfd(identity.pid));
  if (!pidfd) return Found{gone, {}};
  const auto now = stat_of(identity.pid);
  if (!now) {
    if (is_gone(now.error())) return Found{gone, {}};
    return Failure(now.error());
  }
  if (now->start_time != identity.start_time) return Found{not_ours, {}};
  TRY_ASSIGN(const bool over, wait_until_ended(pidfd, 0));
  if (over) return Found{ended, std::move(pidfd)};
  const auto marks = marks_of(identity.pid);
  if (!marks) {
    if (is_gone(marks.error())) return Found{gone, {}};
    return Failure(marks.error());
  }
  if (std::ranges::find(marks->claim_ids, claim_id) != marks->claim_ids.end()) return Found{running, std::move(pidfd)};
  // It may have made its environment unreadable.
  if (knows(recorded_processes(runs), claim_id, identity.pid)) return Found{running, std::move(pidfd)};
  // It may have ended between the two looks, and an ended process shows no environment.
  TRY_ASSIGN(const bool over_now, wait_until_ended(pidfd, 0));
  return over_now ? Found{ended, std::move(pidfd)} : Found{not_ours, {}};
}

Result<std::vector<std::int64_t>> all_pids() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) return fail_errno(errno, "list /proc");
  std::vector<std::int64_t> pids;
  while (const dirent* entry = ::readdir(folder.get()))
    if (const auto pid = whole_number<std::int64_t>(entry->d_name)) pids.push_back(*pid);
  return pids;
}

// Every running process with a mark that `wanted` wants: by the records below `runs`, and by the environment of those of our own user.
template <class Wanted>
Result<std::vector<MarkedProcess>> find_marked(const fs::path& runs, Wanted wanted) {
  std::vector<MarkedProcess> found = recorded_processes(runs);
  std::erase_if(found, [&](const MarkedProcess& process) { return !wanted(process.claim_id); });
  TRY_ASSIGN(const std::vector<std::int64_t> pids, all_pids());
  for (const std::int64_t pid : pids) {
    if (pid == ::getpid() || !is_of_our_user(pid)) continue;
    // Processes come and go, and some may not be looked at: neither is one of ours.
    const auto marks = marks_of(pid);
    if (!marks) continue;
    for (const std::string& id : marks->claim_ids) {
      if (!wanted(id) || knows(found, id, pid)) continue;
      if (const auto identity = identify_process(pid))
        found.push_back(
            {.claim_id = id, .identity = *identity, .ledger = marks->ledger, .domain_uuid = marks->domain_uuid});
    }
  }
  return found;
}

Result<std::vector<MarkedProcess>> find_claimed(const fs::path& runs, std::span<const std::string> claim_ids) {
  return find_marked(runs, [&](const std::string& id) { return std::ranges::find(claim_ids, id) != claim_ids.end(); });
}

}  // namespace

Claim plan_process(const Owner& owner, std::string name) {
  return Claim{.id = new_claim_id(), .owner = owner, .name = std::move(name), .identity = ProcessIdentity{}};
}

std::string process_mark(std::string_view claim_id) { return fmt::format("{}{}", kVariable, claim_id); }

std::vector<std::string> process_origin(std::string_view ledger, std::string_view domain_uuid) {
  return {fmt::format("{}{}", kLedger, ledger), fmt::format("{}{}", kDomain, domain_uuid)};
}

Result<ProcessIdentity> identify_process(std::int64_t pid) {
  TRY_ASSIGN(const ProcStat stat, stat_of(pid));
  return ProcessIdentity{.pid = pid, .start_time = stat.start_time};
}

Result<RunningProcess> open_process(const Claim& claim, const fs::path& runs) {
  ProcessIdentity identity = std::get<ProcessIdentity>(claim.identity);
  if (identity.pid == 0) {
    TRY_ASSIGN(const auto marked, find_claimed(runs, std::span(&claim.id, 1)));
    if (!marked.empty()) identity = marked.front().identity;
  }
  if (identity.pid == 0) return fail(Code::not_found, "{} does not run", claim.name);
  TRY_ASSIGN(Found found, find_process(runs, claim.id, identity));
  if (found.what != Found::What::running) return fail(Code::not_found, "{} does not run any more", describe(claim));
  return RunningProcess{.identity = identity, .pidfd = std::move(found.pidfd)};
}

Result<std::vector<MarkedProcess>> HostProcesses::marked(std::span<const std::string> claim_ids) {
  return find_claimed(runs_, claim_ids);
}

Result<std::vector<MarkedProcess>> HostProcesses::all_marked() {
  return find_marked(runs_, [](const std::string&) { return true; });
}

Result<KillOutcome> HostProcesses::kill(std::string_view claim_id, const ProcessIdentity& identity, Deadline deadline) {
  TRY_ASSIGN(const Found found, find_process(runs_, claim_id, identity));
  if (found.what == Found::What::gone) return KillOutcome::was_gone;
  if (found.what == Found::What::not_ours) return KillOutcome::not_ours;
  const bool runs = found.what == Found::What::running;
  if (runs && ::syscall(SYS_pidfd_send_signal, found.pidfd.get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH)
    return fail_errno(errno, "kill process {}", identity.pid);
  TRY_ASSIGN(bool over, wait_until_ended(found.pidfd, deadline.left_ms()));
  while (!over && !deadline.passed()) {  // a signal of our own may end a wait early
    TRY_ASSIGN(over, wait_until_ended(found.pidfd, deadline.left_ms()));
  }
  if (!over) return fail(Code::deadline_exceeded, "process {} did not end in time after SIGKILL", identity.pid);
  reap(found.pidfd);
  return runs ? KillOutcome::ended : KillOutcome::was_gone;
}

Seen see_process(const Claim& claim, std::span<const MarkedProcess> marked) {
  const ProcessIdentity& identity = std::get<ProcessIdentity>(claim.identity);
  return Seen{.there = std::ranges::any_of(marked, [&](const MarkedProcess& process) {
                return process.claim_id == claim.id && (identity.pid == 0 || process.identity == identity);
              })};
}

Result<Ended> end_process(Processes& processes, const Claim& claim, std::span<const MarkedProcess> marked,
                          Deadline deadline) {
  const ProcessIdentity& identity = std::get<ProcessIdentity>(claim.identity);
  if (identity.pid != 0) {
    TRY_ASSIGN(const KillOutcome outcome, processes.kill(claim.id, identity, deadline));
    return outcome == KillOutcome::not_ours ? Ended{.not_ours = "its pid belongs to another process now"} : Ended{};
  }
  for (const MarkedProcess& process : marked)
    if (process.claim_id == claim.id) TRY(processes.kill(claim.id, process.identity, deadline));
  return Ended{};
}

}  // namespace lodge::netdev
