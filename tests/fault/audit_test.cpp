// What the other tests here rely on: every counter of the audit rises when there is a reason.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sqlite3.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <numeric>
#include <thread>

#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/sandbox.h"
#include "tests/fault/support/audit.h"
#include "tests/fault/support/lodge_manager.h"
#include "tests/fault/support/network_state.h"
#include "tests/fault/support/tiny_guest.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr const char* kGuest = "guest00";

// One guest that runs, and has been promised to.
struct Watched {
  World world;
  LodgeManager manager{world};
  std::optional<Foreign> foreign;
  std::optional<Audit> audit;
  std::vector<Promise> promises{{.name = kGuest}};

  Watched() {
    add_uplink("up0");
    manager.start();
    add_bridge("br0");
    foreign.emplace("up0", manager.runs(), world.root() / "sockets");
    audit.emplace(manager, *foreign);
    const std::string devices = macvtap_on("up0", "52:54:00:77:00:02", kLimit) +
                                more_devices(kGuest, 0, "br0", foreign->sockets());
    REQUIRE(manager.define(tiny_guest(kGuest, "first", world.root() / "serial", devices)).done());
    REQUIRE(manager.act(Verb::start, kGuest).done());
    promises[0].learn(manager.find(kGuest).value());
  }

  // The sections of a test share a sandbox.
  ~Watched() {
    manager.act(Verb::destroy, kGuest);
    world.kill();
    for (const char* const link : {"up0", "br0"}) run({"ip", "link", "del", link});
  }

  // The host's end of the guest's n-th card: a macvtap with a limit, a filtered tap in a bridge, a tap in none.
  std::string link(std::size_t card) { return manager.find(kGuest)->links.at(card); }

  // What it finds of this, and nothing else. It looks until it has found `expected`, or time is up.
  int count(Count what, int expected = 1) {
    manager.settle();
    const auto others = [&](const Figures& figures) {
      return std::accumulate(figures.counts.begin() + 1, figures.counts.end(), 0) - figures[what];
    };
    const Figures figures = audit->look(
        promises, [&](const Figures& found) { return others(found) == 0 && found[what] == expected; });
    INFO(figures.text());
    CHECK(others(figures) == 0);
    return figures[what];
  }
};

void change_ledger(const World& world, const char* sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open((world.root() / "state" / "lodge.db").c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

}  // namespace

TEST_CASE("an audit of a world where all is well finds nothing") {
  Watched watched;
  CHECK(watched.count(Count::links, 0) == 0);
}

TEST_CASE("an audit sees what is leaked") {
  Watched watched;
  SECTION("a link") {
    ip("link add link up0 name macvtap99 type macvtap");
    CHECK(watched.count(Count::links) == 1);
  }
  SECTION("a tap in no bridge") {
    must_run({"ip", "tuntap", "add", "vnet99", "mode", "tap"});
    CHECK(watched.count(Count::links) == 1);
    ip("link del vnet99");
  }
  SECTION("packet filters, of a device that is gone and a second one of a card") {
    for (const std::string& device : {std::string("vnet99"), watched.link(1)}) {
      if (device == "vnet99") must_run({"ip", "tuntap", "add", device, "mode", "tap"});
      must_run({"nft", fmt::format("add table netdev lodge-{0}; add chain netdev lodge-{0} c "
                                   "{{ type filter hook ingress device {0} priority 0; }}",
                                   device)});
    }
    ip("link del vnet99");
    CHECK(watched.count(Count::tables, 2) == 2);
    for (const std::string& device : {std::string("vnet99"), watched.link(1)})
      must_run({"nft", "delete table netdev lodge-" + device});
  }
  SECTION("a socket that a guest has left at its user's place") {
    REQUIRE(write_file(watched.foreign->sockets() / "guest17.sock", ""));
    CHECK(watched.count(Count::files) == 1);
  }
  SECTION("a hypervisor") {
    const fs::path pid_file = watched.world.root() / "leaked.pid";
    const Process qemu({.argv = {"qemu-system-x86_64", "-machine", "none", "-nodefaults", "-display", "none", "-S",
                                 "-pidfile", pid_file}});
    REQUIRE(wait_for_text(pid_file, fmt::format("{}", qemu.pid()), Deadline::after(kPatience)));
    CHECK(watched.count(Count::processes) == 1);
  }
  SECTION("folders, of a guest that is off and a second one of a guest that runs") {
    fs::create_directories(watched.manager.runs() / "guest17.fedcba9876543210");
    fs::create_directories(watched.manager.runs() / "guest00.fedcba9876543210");
    CHECK(watched.count(Count::folders, 2) == 2);
  }
  SECTION("a port") {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::listen(socket.get(), 1) == 0);
    CHECK(watched.count(Count::sockets) == 1);
  }
  SECTION("a leak is told once, and again if it comes again") {
    ip("link add link up0 name macvtap99 type macvtap");
    CHECK(watched.count(Count::links) == 1);
    CHECK(watched.count(Count::links, 0) == 0);
    ip("link del macvtap99");
    CHECK(watched.count(Count::links, 0) == 0);
    ip("link add link up0 name macvtap99 type macvtap");
    CHECK(watched.count(Count::links) == 1);
  }
  SECTION("a control group") {
    const auto groups = own_control_group();
    if (!groups) return;
    const fs::path group = *groups / "guest00.fedcba9876543210";
    fs::create_directory(group);
    CHECK(watched.count(Count::groups) == 1);
    fs::remove(group);
  }
  SECTION("a claim of a run that is over") {
    watched.world.kill();
    change_ledger(watched.world, "UPDATE claims SET state = 'releasing' WHERE identity LIKE '%folder%'");
    watched.manager.start();
    CHECK(watched.count(Count::claims) == 1);
  }
}

TEST_CASE("an audit sees what of others was touched") {
  Watched watched;
  SECTION("a link that is gone") { ip("link del macvtap1"); }
  SECTION("a link made anew") {
    ip("link del macvtap1");
    ip("link add link up0 name macvtap1 type macvtap mode bridge");
  }
  SECTION("a link that was marked") { ip("link set macvtap1 alias lodge"); }
  SECTION("an address") { ip("link set vnet0 address 52:54:00:00:00:01"); }
  SECTION("a bridge port that was taken out") { ip("link set vnet1 nomaster"); }
  SECTION("a table") { must_run({"nft", "flush table inet lodge_other"}); }
  SECTION("a rule in a table that is called as ours are") {
    must_run({"nft", "add rule netdev lodge-0123456789abcdef c counter drop"});
  }
  SECTION("queues that were taken from a link") { must_run({"tc", "qdisc", "del", "dev", "macvtap3", "root"}); }
  SECTION("a limit of a link") {
    must_run({"tc", "class", "change", "dev", "macvtap3", "classid", "1:1", "htb", "rate", "1mbit"});
  }
  SECTION("queues that a link was given") { must_run({"tc", "qdisc", "add", "dev", "vnet0", "root", "pfifo"}); }
  SECTION("filters of a bridge's port") { must_run({"tc", "qdisc", "del", "dev", "vnet1", "ingress"}); }
  SECTION("the limit of the uplink") { must_run({"tc", "qdisc", "del", "dev", "up0", "root"}); }
  SECTION("a socket") { fs::remove(watched.foreign->socket()); }
  SECTION("a process") { ::kill(watched.foreign->qemu(), SIGKILL); }
  SECTION("a file") { fs::remove(watched.foreign->folder() / "qmp"); }
  SECTION("a control group") {
    if (!watched.foreign->group()) return;
    fs::remove(*watched.foreign->group());
  }
  // A bridge that loses a port may change its address, too.
  CHECK(watched.count(Count::foreign, 0) >= 1);
}

TEST_CASE("an audit sees a card that is not on the host as its specification says") {
  Watched watched;
  SECTION("its link is down") { ip(fmt::format("link set {} down", watched.link(0))); }
  SECTION("its limit is gone") { must_run({"tc", "qdisc", "del", "dev", watched.link(0), "root"}); }
  SECTION("it has a limit that nobody set") {
    const std::string tap = watched.link(2);
    must_run({"tc", "qdisc", "add", "dev", tap, "root", "handle", "1:", "htb", "default", "1"});
    must_run({"tc", "class", "add", "dev", tap, "parent", "1:", "classid", "1:1", "htb", "rate", "1mbit"});
  }
  SECTION("its port is not isolated") {
    must_run({"bridge", "link", "set", "dev", watched.link(1), "isolated", "off"});
  }
  SECTION("its packet filter is gone") {
    const auto filters = packet_filters();
    const auto its = std::ranges::find(filters, watched.link(1), &PacketFilter::device);
    REQUIRE(its != filters.end());
    must_run({"nft", "delete table " + its->name});
  }
  CHECK(watched.count(Count::cards) == 1);
}

TEST_CASE("an audit sees a guest that was lost, and one that came back from the dead") {
  Watched watched;
  SECTION("its hypervisor ended") {
    ::kill(watched.promises[0].pid, SIGKILL);
    while (watched.manager.find(kGuest)->running) std::this_thread::yield();
  }
  SECTION("it was started anew") {
    REQUIRE(watched.manager.act(Verb::destroy, kGuest).done());
    REQUIRE(watched.manager.act(Verb::start, kGuest).done());
    watched.promises[0].links.clear();
  }
  SECTION("it had ended") { watched.promises[0].run = Promise::Run::off; }
  CHECK(watched.count(Count::guests) == 1);
}

TEST_CASE("an audit sees a definition that is lost, or is an older one") {
  Watched watched;
  SECTION("it is gone") { REQUIRE(watched.manager.act(Verb::undefine, kGuest).done()); }
  SECTION("it is not the last one") { watched.promises[0].titles = {"second"}; }
  CHECK(watched.count(Count::definitions) == 1);
}
