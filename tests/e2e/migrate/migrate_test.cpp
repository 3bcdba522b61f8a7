// A running guest moves from one host to another, and back, and whoever dies meanwhile, one of them runs it.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <thread>

#include "tests/e2e/support/hosts.h"

using namespace lodge;
using namespace lodge::test;

namespace {

using namespace std::chrono_literals;

// Counts on its serial port, into a file that both hosts see, as they see its disk: QEMU's lock on that keeps two from running it.
GuestDocument counting_guest(const World& shared) {
  const fs::path disk = shared.write("web1.raw", std::string(1u << 20, '\0'));
  const fs::path serial = shared.root() / "web1.serial";
  return {.append = "lodge.then=count",
          .serial = fmt::format("<serial type='file'><source path='{}' append='on'/></serial>", serial.string()),
          .devices = fmt::format("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{}'/>"
                                 "<target dev='vda' bus='virtio'/></disk>",
                                 disk.string()) +
                     macvtap_on("up0")};
}

// What goes wrong in a migration, and at which of the two hosts.
struct Trouble {
  std::string_view name;
  bool at_source = true;
  std::string_view failpoint = {};
  void (*in_the_middle)(Hosts&, Host& from, Process& client) = nullptr;

  bool crashes() const { return failpoint.ends_with(":crash"); }
};

void kill_source(Hosts&, Host& from, Process&) { from.world.kill(); }
void kill_target(Hosts& hosts, Host& from, Process&) { hosts.other(from).world.kill(); }
void kill_client(Hosts&, Host&, Process& client) { client.signal(SIGKILL); }
void kill_target_qemu(Hosts& hosts, Host& from, Process&) { ::kill(pid_of(hosts.other(from).world, "web1"), SIGKILL); }
void cut_the_line(Hosts& hosts, Host& from, Process& client) {
  const Host& other = hosts.other(from);
  ip(fmt::format("-n {} link set {} down", other.netns, other.line));
  client.wait(Deadline::after(kPatience));
  ip(fmt::format("-n {} link set {} up", other.netns, other.line));
}

constexpr Trouble kTroubles[] = {
    {"the source fails before it is written down", true, "migrate-out.gate-passed:fail"},
    {"the source fails before it sends", true, "migrate-out.written:fail"},
    {"the source fails while it sends", true, "migrate-out.begun:fail"},
    {"the source fails when all is sent", true, "migrate-out.sent:fail"},
    {"the source dies before it sends", true, "migrate-out.written:crash"},
    {"the source dies while it sends", true, "migrate-out.begun:crash"},
    {"the source dies when all is sent", true, "migrate-out.sent:crash"},
    {"the source dies when it has handed the guest over", true, "migrate-out.handed-over:crash"},
    {"the source dies when it hears that the guest runs there", true, "migrate-out.confirmed:crash"},
    {"the source dies when it has ended its copy", true, "migrate-out.ended:crash"},
    {"the target fails before it makes anything", false, "start.checked:fail"},
    {"the target fails when it has planned", false, "start.plan-committed:fail"},
    {"the target fails when it has made a port", false, "start.port-made:fail"},
    {"the target fails when its hypervisor listens", false, "start.guest-started:fail"},
    {"the target fails when it has prepared", false, "migrate-in.prepared:fail"},
    {"the target fails when it has seen the key", false, "migrate-in.key-shown:fail"},
    {"the target dies when it has made a port", false, "start.port-made:crash"},
    {"the target dies while its hypervisor starts", false, "start.driver-step-3:crash"},
    {"the target dies when it has prepared", false, "migrate-in.prepared:crash"},
    {"the target dies when it has seen the key", false, "migrate-in.key-shown:crash"},
    {"the target dies when it has written down that the guest is its own", false, "migrate-in.committed:crash"},
    {"the target dies when it has let the guest run", false, "migrate-in.resumed:crash"},
    {"the source is killed in the middle", true, "", kill_source},
    {"the target is killed in the middle", false, "", kill_target},
    {"the client is killed in the middle", true, "", kill_client},
    {"the target's hypervisor is killed in the middle", true, "", kill_target_qemu},
    {"the line is cut in the middle", true, "", cut_the_line},
};
constexpr std::size_t kCount = std::size(kTroubles);

void fail_at_a_step(Hosts& hosts, Host& from, const Trouble& trouble) {
  Host& victim = trouble.at_source ? from : hosts.other(from);
  victim.world.stop();
  victim.start(std::string(trouble.failpoint));
  wait_until([&] { return hosts.where() == &from; }, "that it runs at the source");
  const Finished moved = hosts.move(from);
  INFO(moved.err);
  CHECK_FALSE(moved.ok());
  if (trouble.crashes())
    victim.world.wait_for_end();
  else
    victim.world.stop();
  victim.start();
}

void fail_in_the_middle(Hosts& hosts, Host& from, const Trouble& trouble) {
  std::vector<std::string> argv = {LODGE_BINARY, "--connect", from.world.uri()};
  // A guest of some 60 MiB takes a while at this speed.
  for (std::string& word : hosts.migrate(from, {"--bandwidth", "4"})) argv.push_back(std::move(word));
  Process client({.argv = std::move(argv)});
  wait_until([&] { return from.migration() == "MIGRATION_STATE_SENDING"; }, "that it is being sent");
  std::this_thread::sleep_for(500ms);
  trouble.in_the_middle(hosts, from, client);
  REQUIRE(client.wait(Deadline::after(kPatience)));
  CHECK(client.wait(Deadline::after(0s)) != 0);
  if (trouble.in_the_middle == kill_source) from.start();
  if (trouble.in_the_middle == kill_target) hosts.other(from).start();
}

// At full length, which runs with nothing beside it.
constexpr int kFullLength = 50;

int rounds() {
  const char* const asked = std::getenv("LODGE_MIGRATIONS");
  return asked ? std::max(2, std::atoi(asked)) : 8;
}

// The longest that the guest may take from one number to the next, of which it sleeps 1 s. It also holds where a daemon dies when the
// guest stands still: until that daemon is there again, and the client has come back, nobody else may let it run.
// Beside other tests a machine may leave processes waiting for longer; where a daemon is killed and started again, for as long as this
// test waits for anything.
std::chrono::seconds longest_allowed(bool troubled) {
  if (rounds() >= kFullLength) return 2s;
  return troubled ? kPatience : 15s;
}

// The longest pauses of all rounds of a kind, and in which round that was.
struct Pauses {
  double longest = 0;
  std::string where = "none";

  void note(double pause, std::string round) {
    if (pause <= longest) return;
    longest = pause;
    where = std::move(round);
  }
};

}  // namespace

TEST_CASE("a running guest moves to another host, counts on there, and nothing of it stays") {
  NEED_GUEST();
  Hosts hosts;
  Host& left = hosts.left();
  Host& right = hosts.right();
  const World shared;
  define_and_start(left.world, counting_guest(shared));
  Counter counter(shared.root() / "web1.serial");
  counter.expect_to_count(2);
  counter.longest_pause();

  const Finished moved = hosts.move(left, {"--persistent", "--undefine-source", "--verbose", "--downtime", "500"});
  INFO(moved.err);
  REQUIRE(moved.ok());
  CHECK(moved.out == fmt::format("Domain 'web1' migrated to {}\n", right.world.uri()));
  CHECK(moved.err.find("ms down") != std::string::npos);
  counter.expect_to_count(3);
  counter.expect_in_order();
  std::printf("the longest from one number to the next: %.2f s, of which it sleeps 1 s\n", counter.longest_pause());
  CHECK(left.has_nothing());
  CHECK(left.world.must_lodge({"list", "--all", "-o", "name"}).empty());
  CHECK(left.world.must_lodge({"migrations", "-o", "json"}).starts_with("[]"));
  CHECK(right.world.must_lodge({"migrations", "-o", "json"}).starts_with("[]"));
  CHECK(state_of(right.world, "web1") == "running (migrated)");
  right.world.must_lodge({"destroy", "web1"});
  CHECK(state_of(right.world, "web1") == "shut off (destroyed)");
  CHECK(right.has_nothing());
}

TEST_CASE("a move that cannot begin says why, and the guest runs on") {
  NEED_GUEST();
  Hosts hosts;
  const World shared;
  define(hosts.left().world, counting_guest(shared));
  CHECK(hosts.move(hosts.left()).err.find("it is not running") != std::string::npos);
  hosts.left().world.must_lodge({"start", "web1"});
  const auto refusal = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"migrate", "web1"});
    const Finished refused = hosts.left().world.lodge(std::move(words));
    CHECK_FALSE(refused.ok());
    return refused.err;
  };
  const std::string right = hosts.right().world.uri();
  CHECK(refusal({}).find("--to URI") != std::string::npos);
  CHECK(refusal({"--to", right}).find("--via HOST") != std::string::npos);
  CHECK(refusal({"--to", hosts.left().world.uri(), "--via", "10.9.0.1"}).find("running here already") !=
        std::string::npos);
  CHECK(refusal({"--to", right, "--via", "10.9.0.77", "--timeout", "20"}).find("10.9.0.77") != std::string::npos);
  CHECK(refusal({"--abort", "--to", right}).find("has not been handed over") != std::string::npos);
  fs::remove(shared.root() / "web1.raw");
  CHECK(refusal({"--to", right, "--via", "10.9.0.2"}).find("web1.raw") != std::string::npos);
  wait_until([&] { return hosts.right().has_nothing(); }, "that the target has nothing");
  CHECK(hosts.where() == &hosts.left());
}

TEST_CASE("back and forth, and every other time something fails or dies: the guest counts on at one of the hosts") {
  NEED_GUEST();
  Hosts hosts;
  const World shared;
  define_and_start(hosts.left().world, counting_guest(shared));
  Counter counter(shared.root() / "web1.serial");
  counter.expect_to_count(1);
  counter.longest_pause();  // while it booted

  Pauses in_moves, in_trouble;
  int moves = 0, troubles = 0, came_through = 0;
  for (int round = 1; round <= rounds(); ++round) {
    Host& from = *hosts.where();
    const bool troubled = round % 2 != 0;
    const Trouble& trouble = kTroubles[static_cast<std::size_t>(round / 2) * 7 % kCount];
    const std::string what = fmt::format("round {}: {}", round, troubled ? trouble.name : "nothing goes wrong");
    INFO(what);
    if (!troubled) {
      const Finished moved = hosts.move(from);
      INFO(moved.err);
      REQUIRE(moved.ok());
      CHECK(hosts.where() == &hosts.other(from));
      ++moves;
    } else {
      if (trouble.in_the_middle)
        fail_in_the_middle(hosts, from, trouble);
      else
        fail_at_a_step(hosts, from, trouble);
      hosts.bring_to_an_end(from);
      ++troubles;
      if (hosts.where() != &from) ++came_through;
    }
    counter.expect_to_count(2);
    const Host& idle = hosts.other(*hosts.where());
    wait_until([&] { return idle.has_nothing(); }, "that the host it left has nothing of it");
    counter.expect_in_order();
    const double pause = counter.longest_pause();
    CHECK(pause < static_cast<double>(longest_allowed(troubled).count()));
    (troubled ? in_trouble : in_moves).note(pause, what);
  }
  std::printf(
      "%d moves; %d more in which something failed or died, after %d of which it ran at the other host all the same; it counted to %d\n"
      "the longest from one number to the next, of which it sleeps 1 s: %.2f s in a move (%s), %.2f s in a troubled one (%s)\n",
      moves, troubles, came_through, counter.last(), in_moves.longest, in_moves.where.c_str(), in_trouble.longest,
      in_trouble.where.c_str());
}
