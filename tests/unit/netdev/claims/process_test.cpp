#include "netdev/claims/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "netdev/claims/proc.h"
#include "netdev/claims/process_record.h"
#include "tests/unit/netdev/world.h"

using namespace lodge;
using namespace lodge::netdev;

namespace {

const Owner kOwner{.domain_uuid = "b1c4f3a2", .run_id = "run-1"};

// A real process that waits for ever, on a pipe of its own.
class Sleeper {
 public:
  explicit Sleeper(std::string environment, std::vector<std::string> more = {}) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    read_end_ = Fd(ends[0]);
    write_end_ = Fd(ends[1]);
    std::string program = "cat";
    char* arguments[] = {program.data(), nullptr};
    std::vector<char*> variables = {environment.data()};
    for (std::string& entry : more) variables.push_back(entry.data());
    variables.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, read_end_.get(), 0);
    REQUIRE(::posix_spawn(&pid_, "/bin/cat", &actions, nullptr, arguments, variables.data()) == 0);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  ~Sleeper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const { return pid_; }
  bool was_reaped() const { return ::waitpid(pid_, nullptr, WNOHANG) == -1; }
  // Ends it without reaping it.
  void end() {
    ::kill(pid_, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }

 private:
  Fd read_end_;
  Fd write_end_;
  pid_t pid_ = 0;
};

// The record of a process, as it writes itself: all of /proc/PID/stat, with this instead of its start time if that is given.
void write_record(const fs::path& runs, const std::string& claim_id, pid_t pid, std::string stat = "") {
  const fs::path folder = runs / "web1.00112233aabbccdd";
  fs::create_directories(folder);
  const auto record = make_process_record(folder, claim_id, "0123456789ab", kOwner.domain_uuid);
  REQUIRE(record);
  if (stat.empty()) stat = read_proc(pid, "stat").value();
  REQUIRE(::write(record->get(), stat.data(), stat.size()) == static_cast<ssize_t>(stat.size()));
}

}  // namespace

TEST_CASE("a marked process is found, ended, and reaped if it is our child") {
  const Claim claim = plan_process(kOwner, "cat");
  const Sleeper process(process_mark(claim.id));
  HostProcesses processes;
  const auto marked = processes.marked(std::span(&claim.id, 1));
  REQUIRE(marked);
  REQUIRE(marked->size() == 1);
  CHECK(marked->front().identity == identify_process(process.pid()).value());
  CHECK(processes.kill(claim.id, marked->front().identity, soon()).value() == KillOutcome::ended);
  CHECK(process.was_reaped());
}

TEST_CASE("a process with another mark, or another start time, is not ours") {
  const Claim claim = plan_process(kOwner, "cat");
  const Sleeper process(process_mark(claim.id + "0"));
  HostProcesses processes;
  ProcessIdentity identity = identify_process(process.pid()).value();
  CHECK(processes.marked(std::span(&claim.id, 1))->empty());
  CHECK(processes.kill(claim.id, identity, soon()).value() == KillOutcome::not_ours);
  ++identity.start_time;
  CHECK(processes.kill(claim.id + "0", identity, soon()).value() == KillOutcome::not_ours);
  CHECK_FALSE(process.was_reaped());
}

TEST_CASE("a process that has ended unreaped counts as gone, and is reaped") {
  const Claim claim = plan_process(kOwner, "cat");
  Sleeper process(process_mark(claim.id));
  const ProcessIdentity identity = identify_process(process.pid()).value();
  process.end();
  HostProcesses processes;
  CHECK(processes.kill(claim.id, identity, soon()).value() == KillOutcome::was_gone);
  CHECK(process.was_reaped());
  CHECK(processes.kill(claim.id, identity, soon()).value() == KillOutcome::was_gone);
}

TEST_CASE("a running process is opened by its claim, with or without its pid") {
  Claim claim = plan_process(kOwner, "cat");
  Sleeper process(process_mark(claim.id));
  const auto by_mark = open_process(claim, {});
  REQUIRE(by_mark);
  CHECK(by_mark->identity.pid == process.pid());
  claim.identity = by_mark->identity;
  CHECK(open_process(claim, {}));
  process.end();
  CHECK(open_process(claim, {}).error().code() == Code::not_found);
}

TEST_CASE("a claim whose process was never spawned opens none") {
  const auto process = open_process(plan_process(kOwner, "qemu"), {});
  REQUIRE_FALSE(process);
  CHECK(process.error().code() == Code::not_found);
}

TEST_CASE("all marked processes tell their claim, and their ledger and guest if they know them") {
  const Claim told = plan_process(kOwner, "cat"), silent = plan_process(kOwner, "cat");
  const Sleeper first(process_mark(told.id), process_origin("0123456789ab", kOwner.domain_uuid));
  const Sleeper second(process_mark(silent.id));
  const Sleeper nobodys("LODGE_LEDGER=0123456789ab");
  const auto all = HostProcesses().all_marked();
  REQUIRE(all);
  const auto of = [&](const std::string& id) {
    const auto found = std::ranges::find(*all, id, &MarkedProcess::claim_id);
    REQUIRE(found != all->end());
    return *found;
  };
  CHECK(of(told.id).identity.pid == first.pid());
  CHECK(of(told.id).ledger == "0123456789ab");
  CHECK(of(told.id).domain_uuid == kOwner.domain_uuid);
  CHECK(of(silent.id).identity.pid == second.pid());
  CHECK(of(silent.id).ledger.empty());
  CHECK(std::ranges::find(*all, nobodys.pid(), [](const auto& one) { return one.identity.pid; }) == all->end());
}

TEST_CASE("a process without a mark of its own is known by the record in its run's folder, as long as it runs") {
  const World world;
  const Claim claim = plan_process(kOwner, "cat");
  Sleeper process("LC_ALL=C");
  write_record(world.folder, claim.id, process.pid());
  HostProcesses processes(world.folder);
  const auto marked = processes.marked(std::span(&claim.id, 1));
  REQUIRE(marked);
  REQUIRE(marked->size() == 1);
  CHECK(marked->front() == MarkedProcess{.claim_id = claim.id,
                                         .identity = identify_process(process.pid()).value(),
                                         .ledger = "0123456789ab",
                                         .domain_uuid = kOwner.domain_uuid});
  CHECK(open_process(claim, world.folder));
  CHECK(open_process(claim, {}).error().code() == Code::not_found);
  process.end();
  CHECK(processes.marked(std::span(&claim.id, 1))->empty());
}

TEST_CASE("a process with a mark and a record is one process, and is ended by either") {
  const World world;
  const Claim claim = plan_process(kOwner, "cat");
  const Sleeper process(process_mark(claim.id));
  write_record(world.folder, claim.id, process.pid());
  const auto marked = HostProcesses(world.folder).marked(std::span(&claim.id, 1));
  REQUIRE(marked->size() == 1);
  CHECK(HostProcesses(world.folder).kill(claim.id, marked->front().identity, soon()).value() == KillOutcome::ended);
}

TEST_CASE("a record that is of an earlier process with that pid, or was not finished, says nothing") {
  const World world;
  const Claim claim = plan_process(kOwner, "cat");
  const Sleeper process("LC_ALL=C");
  SECTION("an earlier process") {
    std::string stat = read_proc(process.pid(), "stat").value();
    const std::string started = std::to_string(identify_process(process.pid())->start_time);
    stat.replace(stat.find(" " + started + " "), started.size() + 2, " 1 ");
    write_record(world.folder, claim.id, process.pid(), stat);
  }
  SECTION("not written at all") { write_record(world.folder, claim.id, process.pid(), "\n"); }
  SECTION("cut off") {
    write_record(world.folder, claim.id, process.pid(), std::to_string(process.pid()) + " (cat) S 1");
  }
  CHECK(HostProcesses(world.folder).marked(std::span(&claim.id, 1))->empty());
}
